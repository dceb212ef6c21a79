// Chapter: sessions, in English.
import type { ChapterText } from '../types.ts'

export const sessions: ChapterText = {
  title: 'Sessions',
  lead: 'What client and broker remember while the link is down.',
  exercises: {
    session: {
      title: 'While you were away',
      intro: [
        'The dashboard has subscribed at [[QoS|QoS 1]]. When it connected, it asked the [[broker]] to keep its [[session]] for an hour.',
        'Its [[link]] breaks. While it is away, the sensor publishes 21.5 at QoS 1. Twenty seconds later the dashboard is back. It does not subscribe again.',
      ],
      question: 'What does it get?',
      options: {
        nothing: 'Nothing: it was not there, and MQTT is no queue',
        queued: 'The 21.5: the broker has kept it for this client',
      },
      verdicts: {
        nothing: 'The dashboard is back, and the 21.5 comes at once, although it was published before.',
        queued: 'The broker had put the 21.5 into the session’s queue. It comes as soon as the dashboard is back.',
      },
      run: 'The dashboard’s line is dotted while it is offline. The table below shows what each side remembers.',
      why: [
        'A [[session]] is what both sides remember of each other: the subscriptions, and the messages of QoS 1 and 2 that are not confirmed yet.',
        'While the client is away the session goes on. What its subscriptions match is queued for it. On its return [[CONNACK]] says: session present.',
        'So MQTT does queue, but only for a session, and never without bounds. The [[session expiry]] says for how long the broker keeps it. By default that is not at all.',
      ],
      points: {
        published: 'the publishing while it was away',
        connack: 'the CONNACK of its return',
        message: 'the message from the queue',
      },
      task: [
        'Here the dashboard has not been started. Start it, subscribe, and cut its link. Publish while it is away, and wait until it is back: it shall get the message.',
        'Choose well how long its session is kept, and the quality of service of both sides.',
      ],
      hints: [
        'The dashboard is away for about twenty seconds. Will the session last as long?',
        'A session keeps only messages that somebody has to confirm. On which hops does that have to be so?',
      ],
      mistakes: {
        'qos-0':
          'The session was still there, but the message was not in it. QoS 0 on either hop means: at most once, and now or never.',
        'no-session':
          'The broker dropped the session, because its time was over. The subscription went with it, so nothing was queued.',
      },
      solved: 'A session of sufficient length, and QoS 1 on both hops: that is a queue.',
    },
  },
  recall: {
    holds: {
      question: 'What is part of a session?',
      options: {
        subscriptions: 'Subscriptions, and messages of QoS 1 and 2',
        all: 'Every message that was published meanwhile',
        nothing: 'Only the client’s name',
      },
      why: 'Messages of QoS 0 need not be kept, and what no subscription matches is nobody’s.',
    },
    expiry: {
      question: 'What decides how long a session outlives its connection?',
      options: { expiry: 'The session expiry', 'keep-alive': 'The keep alive', restart: 'The size of its queue' },
      why: 'The client asks for a session expiry. Without one the session ends with the connection.',
    },
  },
}
