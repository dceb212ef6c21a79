// Chapter: retained messages, in English.
import type { ChapterText } from '../types.ts'

export const retained: ChapterText = {
  exercises: {
    'last-value': {
      intro: [
        'A sensor publishes rarely. A dashboard that was just started should not have to wait for the next reading.',
        'So the sensor sets a flag on its [[PUBLISH]]: RETAIN. It publishes 20.0, and later 21.0, both with RETAIN. Only then does the dashboard subscribe.',
      ],
      question: 'What does the dashboard get?',
      options: { both: '20.0 and 21.0', last: 'Only 21.0', nothing: 'Nothing, until the next reading' },
      verdicts: {
        both: 'Only one message comes, the 21.0. The later reading had replaced the earlier.',
        last: 'The 21.0 comes at once. It is the last message that was published with RETAIN.',
        nothing: 'The 21.0 comes at once, although it was published before the subscription.',
      },
      run: 'Two readings go up before anybody listens. See what comes down after SUBSCRIBE.',
      why: [
        'With RETAIN the broker keeps a message as the last value of its topic: the [[retained message]]. The next one with RETAIN takes its place.',
        'Each new subscriber gets it at once, marked RETAIN, so that it can be told from a fresh one. For a status or a reading that is just right. For a list of events it is not: there is only the last.',
      ],
      points: { first: 'the first reading', down: 'the message that comes down' },
      task: ['Publish a value, and subscribe after that. The dashboard shall get the value all the same.'],
      hints: ['Without a flag the broker forgets at once.', 'Order matters: the value first, the subscription second.'],
      mistakes: {
        live: 'The dashboard had subscribed first, so this message came as any other does. Start again, and publish first.',
        'not-retained': 'The message had no RETAIN, so the broker forgot it at once. After SUBACK nothing comes.',
      },
      solved: 'Whoever comes late starts with the last value.',
    },
    ghost: {
      intro: [
        'The broker holds 21.0 as the [[retained message]] of `home/kitchen/temperature`. The sensor’s new software publishes 22.0, and does not set RETAIN.',
        'After that the dashboard subscribes.',
      ],
      question: 'What does it get?',
      options: { new: 'The 22.0: it is newer', old: 'The 21.0: it is still retained', nothing: 'Nothing' },
      verdicts: {
        new: 'The 21.0 comes. A message without RETAIN passes through, and changes nothing that is kept.',
        old: 'The 21.0 comes, although 22.0 is newer. Only a message with RETAIN replaces it.',
        nothing: 'The 21.0 comes. It is kept until somebody replaces it, or removes it.',
      },
      run: 'One message goes up without RETAIN. See which value comes down.',
      why: [
        'Only a message with RETAIN changes what is retained. Without it the old value stays: a ghost that meets each new subscriber, for months if need be.',
        'A retained message is removed by a message with RETAIN whose [[payload]] is empty. It stands for no value, and nothing is kept.',
      ],
      points: { plain: 'the message without RETAIN', ghost: 'the ghost' },
      task: [
        'Lay the ghost. When the dashboard subscribes, it shall get nothing.',
        'You may publish what you like, also a value of no characters.',
      ],
      hints: ['A new value would only be a new ghost.', 'What is kept has to be replaced by nothing.'],
      mistakes: {
        plain: 'Without RETAIN your message passed through, and the broker kept the 21.0. Start again.',
        replaced: 'Your value has taken the ghost’s place, and now it haunts. Start again, with no value at all.',
      },
      solved: 'Empty payload, with RETAIN: the topic has no last value any more.',
    },
  },
  recall: {
    'how-many': {
      question: 'How many retained messages has a topic at most?',
      options: { one: 'One', all: 'All that were published with RETAIN', ten: 'As many as there are subscribers' },
      why: 'Each new one takes the place of the last.',
    },
    clear: {
      question: 'How is a retained message removed?',
      options: {
        empty: 'By an empty message with RETAIN',
        plain: 'By any message without RETAIN',
        unsubscribe: 'By unsubscribing',
      },
      why: 'Only RETAIN changes what is retained, and an empty payload stands for nothing.',
    },
  },
}
