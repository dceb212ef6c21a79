// Chapter: what MQTT 5 adds, in English.
import type { ChapterText } from '../types.ts'

export const mqtt5: ChapterText = {
  title: 'MQTT 5',
  lead: 'The newer version of the protocol says more: lifetimes, reasons, limits.',
  exercises: {
    expiry: {
      title: 'Stale news',
      intro: [
        'The dashboard keeps a [[session]], and loses its link. Meanwhile the sensor publishes 21.5 at [[QoS|QoS 1]], with a [[message expiry]] of five seconds.',
        'Twenty seconds later the dashboard is back.',
      ],
      question: 'What does it get?',
      options: { gets: 'The 21.5: it was queued', gone: 'Nothing: the message has expired' },
      verdicts: {
        gets: 'The dashboard is back, its session is there, and nothing comes. The message lived for five seconds.',
        gone: 'Nothing comes. The broker dropped the message from the queue, since its five seconds were over.',
      },
      run: 'The message waits in the queue of the session. Look at what happens on the return.',
      why: [
        'A queue keeps what was true once. A temperature of yesterday is worse than none, and a command “open the door” may be dangerous.',
        'In MQTT 5 the publisher gives a message a lifetime. The broker does not begin to deliver it after that. A message that has waited comes with what is left of its lifetime.',
      ],
      points: { publish: 'the message with a lifetime', back: 'the return' },
      task: [
        'The dashboard shall get a message that waited for it, and that could have expired. Choose a lifetime that is long enough.',
      ],
      hints: ['It is away for about twenty seconds.'],
      mistakes: {
        short: 'The message’s lifetime was over before the dashboard was back. Start again with a longer one.',
        unbound: 'It came, but it would have come a month later too. Start again, and give it a lifetime.',
      },
      solved: 'It waited, and it was still fresh.',
    },
  },
  recall: {
    expired: {
      question: 'A queued message has expired. What does the broker do?',
      options: { dropped: 'It drops it', delivered: 'It delivers it with a mark', returned: 'It returns it' },
      why: 'It does not begin to deliver what has expired.',
    },
  },
}
