// Chapter: sessions, in English.
import type { ChapterText } from '../types.ts'

export const sessions: ChapterText = {
  exercises: {
    session: {
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
    'clean-start': {
      intro: [
        'The dashboard is a page. When it connects, it asks the broker to keep its [[session]] for an hour. And it sets [[Clean Start]], as many programs do by default.',
        'The page is closed, a message is published at [[QoS|QoS 1]], and the page is opened again.',
      ],
      question: 'What does it get?',
      options: {
        queued: 'The message: the session was kept for it',
        nothing: 'Nothing: it begins anew',
      },
      verdicts: {
        queued: 'The session was there, and the message was in it. CONNECT with Clean Start threw both away.',
        nothing: 'CONNECT had Clean Start, so the broker dropped the session, and the message with it.',
      },
      run: 'The session is kept while the page is closed. See what happens to it at the second CONNECT.',
      why: [
        'Two things decide on a session. [[Clean Start]] is about its beginning: drop what there was. The [[session expiry]] is about its end: how long to keep it.',
        'To find its queue again, a client connects without Clean Start, and with an expiry that is long enough. And under the same name, which has to be kept over the reload.',
        '[[CONNACK]] says “session present” if there was one. If not, subscribe anew.',
      ],
      points: {
        queued: 'the message that was queued',
        connect: 'the second CONNECT',
        connack: 'its CONNACK, without a session',
      },
      task: [
        'Open the page so that it finds its queue again. Subscribe, close it, publish, and open it again: the message shall come.',
      ],
      hints: ['Two settings have to fit together.', 'One is about the beginning of a session, one about its end.'],
      mistakes: {
        cleaned: 'The session was kept, and the second CONNECT dropped it, because of Clean Start.',
        short: 'The session ended with the connection, since it was not to be kept. Nothing was queued.',
      },
      solved: 'Not clean, and kept long enough: the page has its queue over a reload.',
    },
    bounds: {
      intro: [
        'This broker queues at most two messages for each client. The dashboard is away. Meanwhile the sensor publishes 20.0, 21.0 and 22.0 at [[QoS|QoS 1]].',
      ],
      question: 'What does the dashboard get when it is back?',
      options: {
        all: 'All three',
        first: '20.0 and 21.0: the newest had no room',
        last: '21.0 and 22.0: the oldest had to go',
      },
      verdicts: {
        all: 'The third message found the queue full, and the broker dropped it.',
        first: 'The queue was full when 22.0 came, so it was dropped.',
        last: 'The 20.0 came: it was in the queue first. This broker drops what comes last.',
      },
      run: 'The table below shows the queue. Look for the event in which a message is dropped.',
      why: [
        'No broker has room for everything. Each one has a bound for a queue, and a rule what to lose: the newest, the oldest, or the client.',
        'The publisher is not told. Its [[PUBACK]] says that the broker has taken the message, not that each subscriber will get it.',
        'So do not fill queues with what is soon stale. Readings that only count now go at QoS 0, or with a [[message expiry]]. What has to come goes at QoS 1.',
      ],
      points: { dropped: 'the message that was dropped', message: 'the first of the queue' },
      task: [
        'The dashboard shall have the newest value, 22.0, when it is back. Cut its link, publish all three in their order, and wait. Choose for each whether it is worth a place in the queue.',
      ],
      hints: ['The queue holds only what somebody has to confirm.', 'Which of the three need not be queued?'],
      mistakes: {
        full: 'The queue was full of older values, and the newest was dropped.',
        unqueued: 'The newest was not in the queue: QoS 0 means now or never.',
      },
      solved: 'A queue is for what has to come. Now there was room for it.',
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
    clean: {
      question: 'A client with a kept session connects with Clean Start. What becomes of the session?',
      options: { dropped: 'It is dropped', resumed: 'It goes on', refused: 'The client is refused' },
      why: 'Clean Start drops what there was, however long it was to be kept.',
    },
  },
}
