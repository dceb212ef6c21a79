// Chapter: filters with wildcards, in English.
import type { ChapterText } from '../types.ts'

export const wildcards: ChapterText = {
  exercises: {
    plus: {
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
    levels: {
      intro: [
        'Somebody has to decide how [[topic|topics]] are named. One sensor writes `home/kitchen/temperature`, another one `home-hall-temperature`.',
        'The dashboard has subscribed to `home/+/temperature`. Both sensors publish.',
      ],
      question: 'Which temperatures does the dashboard get?',
      options: {
        both: 'Both: the names say the same',
        levels: 'Only that of the kitchen',
      },
      verdicts: {
        both: '`home-hall-temperature` is a single level, and no [[filter]] can look into a level.',
        levels: 'For the broker, a name with hyphens is one level. The filter wants three.',
      },
      run: 'Two messages go up. Below the picture the broker compares each topic with the filter.',
      why: [
        'A wildcard stands for whole levels. So what somebody may want to choose has to be a level of its own: place, device, kind.',
        'Go from the general to the particular: `home/kitchen/temperature`. Then `home/kitchen/#` is all of a room, and `home/+/temperature` all of a kind. Do not put into the payload what is to be chosen by.',
        'Some more habits help. Begin with a name of your own rather than with a slash. Use no spaces, and keep commands apart from reports: `…/set` beside `…/state`.',
      ],
      points: { levels: 'the message that came', flat: 'the publishing that nobody got' },
      task: [
        'There are four readings: temperature and humidity, in kitchen and hall. Choose how the sensors name their topics, and subscribe so that one filter gets both temperatures and nothing else.',
        'Subscribe first, then let them publish.',
      ],
      hints: [
        'Only with levels can a filter choose a kind without the room.',
        'One level is the same for both, and one is the wildcard.',
      ],
      mistakes: {
        flat: 'The sensors wrote one long level each, and your filter cannot look into it. Nothing came.',
        payload: 'All readings came under one topic, also the humidity. A filter never sees what is in the payload.',
        wide: 'The humidity came too. A filter that takes all moves the work of choosing to every subscriber.',
      },
      solved: 'The levels do the choosing, and the broker does the work.',
    },
    dollar: {
      intro: [
        'The dashboard wants to see everything, and subscribes to `#`. One client publishes on `lab/oven`, then on `$lab/oven`.',
      ],
      question: 'What does the dashboard get?',
      options: { both: 'Both messages', plain: 'Only that of `lab/oven`' },
      verdicts: {
        both: 'The broker took the second message, and passed it on to nobody. The first level begins with `$`.',
        plain: 'A wildcard at the front does not stand for a level that begins with `$`.',
      },
      run: 'Two messages go up, one comes down. The comparison below says why.',
      why: [
        'Topics that begin with `$` are set apart. A filter that begins with `#` or `+` does not match them. So nobody gets them by accident.',
        'Brokers use that for themselves: below `$SYS` many tell how they do. And `$share` at the front of a filter is a shared subscription. Applications better take other names.',
        'To get such topics, name the first level in full: `$lab/#`.',
      ],
      points: { plain: 'the message that came', hidden: 'the one that `#` does not match' },
      task: ['Get the temperature of `$lab/oven` to the dashboard, by a filter of your own.'],
      hints: ['A wildcard may stand behind the first level.', 'Which first level has to be named?'],
      mistakes: {
        hash: '`#` stands for all levels, but not for a first one with `$`. The message went to nobody.',
        plus: '`+` at the front does not stand for a level that begins with `$` either.',
      },
      solved: 'The first level is named, so the filter may see behind it.',
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
    design: {
      question: 'What should be a level of a topic of its own?',
      options: {
        levels: 'Whatever somebody may want to choose by',
        payload: 'Nothing: the payload tells all',
        flat: 'The whole name, with hyphens',
      },
      why: 'A filter chooses by whole levels, and by nothing else.',
    },
    dollar: {
      question: 'Which filter matches `$lab/oven`?',
      options: { named: '`$lab/+`', hash: '`#`', plus: '`+/oven`' },
      why: 'A wildcard at the front does not stand for a level that begins with `$`.',
    },
  },
}
