// Chapter: publishing, subscribing and topics, in English.
import type { ChapterText } from '../types.ts'

export const publish: ChapterText = {
  exercises: {
    through: {
      intro: [
        'Two [[client|clients]] are connected to the [[broker]]: a temperature sensor, and a dashboard that shows temperatures.',
        'The sensor sends a [[message]] under a name, its [[topic]]: `home/kitchen/temperature`. The packet for that is [[PUBLISH]]. A client that wants such messages asks the broker for them by [[SUBSCRIBE]].',
        'The sensor publishes 21.5 while nobody has subscribed. A second later the dashboard subscribes.',
      ],
      question: 'What does the dashboard get?',
      options: {
        kept: 'The 21.5: the broker has kept it',
        told: 'Nothing, and the sensor is told so',
        nothing: 'Nothing, and the sensor never knows',
      },
      verdicts: {
        kept: 'The broker confirms the subscription by SUBACK. No message comes with it, and none comes after it.',
        told: 'The broker passed the message on to nobody. It sent nothing back to the sensor: no arrow leads there.',
        nothing: 'After SUBACK nothing comes to the dashboard. And no arrow leads back to the sensor.',
      },
      run: 'The sensor is on the left, the dashboard on the right. See which arrows come out of the broker, and which do not.',
      why: [
        'A broker passes a message on at the moment at which it arrives: to those that have subscribed by then. After that it forgets the message.',
        'The sensor does not know who listens. It may be nobody, or a thousand. So a sensor and a dashboard can be built, started and replaced without knowing of each other.',
        'The broker answers SUBSCRIBE by [[SUBACK]]. From then on the [[subscription]] stands.',
      ],
      points: { publish: 'the PUBLISH that went to nobody', subscribe: 'the SUBSCRIBE that came later' },
      task: ['Get the temperature to the dashboard.'],
      hints: ['The broker forgets what nobody has asked for yet.', 'Who has to be first?'],
      mistakes: {
        late: 'The subscription came after the message. The broker had passed the 21.5 on to nobody, and forgotten it. You can publish again now.',
      },
      solved:
        'First the wish, then the message. Later chapters show two ways for late listeners: sessions and retained messages.',
    },
    names: {
      intro: [
        'A [[topic]] is made of levels with slashes between them, like a path: `home/kitchen/temperature` has three. Nobody has to set it up. It is there as soon as somebody uses it.',
        'The dashboard has subscribed to `home/kitchen/temperature`. The sensor’s new software writes `home/Kitchen/temperature`, with a capital K.',
      ],
      question: 'The sensor publishes 21.5. What happens?',
      options: {
        same: 'The dashboard gets it; it is the same topic',
        other: 'The dashboard gets nothing; it is another topic',
        refused: 'The broker refuses the topic that it does not know',
      },
      verdicts: {
        same: 'The broker passed the message on to nobody: `Kitchen` is not `kitchen`.',
        other: 'The broker compares letter by letter, and `K` is not `k`. It passed the message on to nobody.',
        refused: 'The broker took the PUBLISH as any other. There is no list of allowed topics.',
      },
      run: 'The message goes up to the broker. Below the picture you see how the broker compares the topic with the filter.',
      why: [
        'The broker compares each level byte by byte. Capital letters count, spaces count, and a slash at the front makes one more level, which is empty.',
        'A misspelt topic is no error. It is simply another topic, to which nobody listens. If a message does not come, compare the topics first.',
      ],
      points: { publish: 'the PUBLISH with the capital K' },
      task: [
        'Another sensor writes its temperature into a topic of its own, as you see in the picture. Type a [[filter]] that gets it, subscribe, and let it publish again.',
        'Select the PUBLISH in the picture to read its topic.',
      ],
      hints: ['Look at the PUBLISH in the picture, letter by letter.', 'One level begins with a capital letter.'],
      mistakes: {
        slash:
          'A slash at the front makes an empty first level, so this is another topic. The broker passed the message on to nobody.',
        case: 'The letters are the same, but not their size. For the broker this is another topic, and the message went to nobody.',
      },
      solved: 'Exactly this topic, so exactly its messages. Next: filters that match many topics.',
    },
  },
  recall: {
    nobody: {
      question: 'A message is published while nobody has subscribed. What does the broker do with it?',
      options: { dropped: 'It forgets it', kept: 'It keeps it for the first subscriber', error: 'It returns it' },
      why: 'A broker passes on at once, or not at all.',
    },
    exact: {
      question: 'Which topic does the filter `home/door` match?',
      options: { exact: '`home/door`', case: '`home/Door`', slash: '`/home/door`' },
      why: 'Every letter counts, and a slash at the front makes a level more.',
    },
  },
}
