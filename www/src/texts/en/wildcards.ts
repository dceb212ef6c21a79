// Chapter: filters with wildcards, in English.
import type { ChapterText } from '../types.ts'

export const wildcards: ChapterText = {
  title: 'Wildcards',
  lead: 'One subscription for many topics.',
  exercises: {
    plus: {
      title: 'One level, any name',
      intro: [
        'A house has many rooms, and the dashboard wants the temperature of each. A [[filter]] may have [[wildcard|wildcards]]. The first is `+`.',
        'The dashboard subscribes to `home/+/temperature`. Two sensors publish: one on `home/kitchen/temperature`, the other on `home/garden/pond/temperature`.',
      ],
      question: 'What does the dashboard get?',
      options: { both: 'Both temperatures', one: 'Only that of the kitchen' },
      verdicts: {
        both: 'The message of the pond reached the broker, and went to nobody: `+` stands for one level, and there are two.',
        one: 'The 21.5 of the kitchen came. That of the pond has a level too many.',
      },
      run: 'Two messages go up. See how many come out on the other side. Below, the filter is compared level by level.',
      why: [
        '`+` stands for exactly one level, whatever its name. It stands for no more than that, and it must have its level to itself: `kit+` is not allowed.',
        'The pond’s topic has four levels, the filter has three. They cannot match.',
      ],
      points: { kitchen: 'the message of the kitchen', pond: 'the message of the pond' },
      task: [
        'Five readings are published in this house; publish them once to see their topics. Type one filter that gets the temperatures of the rooms, kitchen and hall, and nothing else.',
        'If you want to try another filter, start again: an old subscription would go on.',
      ],
      hints: [
        'Compare the topics level by level: what is the same, and what differs?',
        'Only one level may be any name.',
      ],
      mistakes: {
        star: 'The star means nothing to MQTT. It is an ordinary character, and no room is called `*`. The message of the kitchen went past.',
        wide: 'The humidity came too. A wildcard takes each name at its level, also in the last one.',
      },
      solved: 'One filter, and a new room needs no new subscription.',
    },
    hash: {
      title: 'All that is left',
      intro: [
        'The second [[wildcard]] is `#`. It stands at the end of a [[filter]], for all levels that are left.',
        'The dashboard subscribes to `home/kitchen/#`. The sensor publishes on `home/kitchen/temperature`, and then on `home/kitchen` itself: the light is lit.',
      ],
      question: 'What does the dashboard get?',
      options: { below: 'Only the temperature, which lies below the kitchen', both: 'Both messages' },
      verdicts: {
        below: 'The message on `home/kitchen` came too: `#` also stands for no level at all.',
        both: 'Both came: `#` stands for any number of levels, and none is a number too.',
      },
      run: 'Two messages go up, one of them on the parent topic itself.',
      why: [
        '`#` stands for any number of levels, also for none. So `home/kitchen/#` matches the kitchen itself, and everything below it.',
        'It must be the last character, alone in its level. `#` alone matches all topics, but for those that begin with `$`: these belong to the broker.',
      ],
      points: { below: 'the message below', itself: 'the message on the kitchen itself' },
      task: [
        'Type one filter that gets everything of the kitchen: its temperature, its humidity, and the light on `home/kitchen` itself. Nothing of other rooms.',
      ],
      hints: [
        'A wildcard for one level misses the topic that ends before it.',
        'Begin with the levels that all three share.',
      ],
      mistakes: {
        level: '`+` wants one level, and `home/kitchen` has none there. The light’s message went past.',
        wide: 'The hall came too. The filter begins too high up.',
      },
      solved: 'The kitchen and all below it, now and later.',
    },
  },
  recall: {
    plus: {
      question: 'What does `+` stand for?',
      options: { one: 'For one level', many: 'For one or more levels', part: 'For a part of a level' },
      why: '`+` is one level, not fewer and not more.',
    },
    hash: {
      question: 'Which topics does `a/#` match?',
      options: { all: '`a` and all below it', below: 'Only those below `a`', next: 'Only those one level below `a`' },
      why: '`#` stands for any number of levels, also for none.',
    },
  },
}
