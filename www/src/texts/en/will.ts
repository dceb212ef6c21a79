// Chapter: the last will, in English.
import type { ChapterText } from '../types.ts'

export const will: ChapterText = {
  exercises: {
    'last-will': {
      intro: [
        'The dashboard wants to know if the sensor is gone. But who is gone cannot say so.',
        'So the sensor leaves a message with the broker when it connects: its [[last will]], “gone” on `home/sensor/status`. Its [[keep alive]] is ten seconds. Then its plug is pulled.',
      ],
      question: 'Who tells the dashboard?',
      options: {
        sensor: 'The sensor: it sends its will as its last packet',
        broker: 'The broker: it publishes the will when it gives the sensor up',
        nobody: 'Nobody: the will dies with the link',
      },
      verdicts: {
        sensor: 'No packet came from the sensor. The broker had the will since CONNECT, and published it by itself.',
        broker: 'The broker had the will since CONNECT. It published it when the keep alive had run out.',
        nobody: 'The dashboard has got “gone”. The broker noticed by the keep alive.',
      },
      run: 'The strip below shows where the will stands. “Armed” means: the broker has it, and waits.',
      why: [
        'The will is part of [[CONNECT]]. From then on the broker has it. It publishes it if the connection ends without a goodbye: the link breaks, the keep alive runs out, or the client breaks the rules.',
        'The goodbye is [[DISCONNECT]]. With it the broker deletes the will, and nobody hears of it.',
      ],
      points: { broken: 'the pulled plug', fired: 'the broker publishes the will', message: 'what the dashboard gets' },
      task: ['Let the dashboard learn that the sensor is gone. The sensor’s process can end in two ways.'],
      hints: ['One of the two ways tells the broker that all is well.'],
      mistakes: {
        cleared:
          'The sensor said goodbye. So the broker deleted the will, and the dashboard does not know. Start again.',
      },
      solved: 'No goodbye, so the broker published the will.',
    },
    parting: {
      intro: [
        'A sensor is switched off for the night. It wants to end in order, by [[DISCONNECT]]. And its [[last will]] shall be published all the same.',
        'MQTT 5 has a [[reason code]] for that in DISCONNECT: “disconnect with will message”.',
      ],
      question: 'What does the broker do with the will?',
      options: { cleared: 'It deletes it: the end was a clean one', fired: 'It publishes it' },
      verdicts: {
        cleared: 'The will was published, after a DISCONNECT in all order. The reason asked for it.',
        fired: 'It was published, since the reason of DISCONNECT asked for it.',
      },
      run: 'A DISCONNECT goes up. Select it to see its reason.',
      why: [
        'A will fires on more than broken links. DISCONNECT deletes it only if its reason is “normal disconnection”. Each other reason leaves it, and this one is there to ask for it.',
        'A broker that ends the connection for a fault publishes the will as well.',
      ],
      points: { disconnect: 'DISCONNECT', fired: 'the will' },
      task: ['Let the dashboard get the will, and let the sensor end by DISCONNECT.'],
      hints: ['The goodbye can carry a wish.'],
      mistakes: {
        cleared: 'With the normal reason the broker deleted the will. Start again.',
        unsaid: 'The will was published, but the sensor crashed: there is no DISCONNECT. Start again.',
      },
      solved: 'An end in order, and everybody knows.',
    },
    delayed: {
      intro: [
        'A web page is reloaded, or a phone changes its network. The client is back in a moment. Each time its [[last will]] would be published, and everybody would be alarmed.',
        'So the sensor has set a [[will delay]] of five seconds, and keeps its [[session]]. Its program is restarted, without a goodbye. It connects again at once.',
      ],
      question: 'What becomes of the will?',
      options: { fired: 'It is published: the link has ended without a goodbye', cancelled: 'It is not published' },
      verdicts: {
        fired: 'The broker waited with the will. The sensor came back in time, and the will was cancelled.',
        cancelled: 'The sensor was back within five seconds, so the broker cancelled the will.',
      },
      run: 'The old link ends, and a new one is opened. Watch the strip below.',
      why: [
        'With a will delay the broker does not publish at once. If the same client is back in time, the will is cancelled. The new connection brings its own.',
        'The delay is bounded by the session: if that ends first, the will is published with its end. So a delay needs a [[session expiry]] that is at least as long.',
      ],
      points: { delayed: 'the broker begins to wait', cancelled: 'the sensor is back in time' },
      task: [
        'Start the sensor. Restart its program: the dashboard shall hear nothing of it. Then let it crash: now the dashboard shall learn of it.',
      ],
      hints: ['The delay is set when the sensor starts.', 'After the crash the broker waits. So must you.'],
      mistakes: {
        'at-once': 'The restart set off an alarm: without a delay the broker publishes at once. Start again.',
        'no-end': 'The restart went unnoticed. Now let the sensor crash, and wait.',
      },
      solved: 'A moment away is no alarm, and a real end is one.',
    },
  },
  recall: {
    sender: {
      question: 'Who publishes a will?',
      options: { broker: 'The broker', client: 'The client', subscriber: 'The subscriber' },
      why: 'The broker has had it since CONNECT.',
    },
    disconnect: {
      question: 'A client sends DISCONNECT with the normal reason. Its will?',
      options: { cleared: 'is deleted', fired: 'is published', kept: 'is kept for the next connection' },
      why: 'A normal goodbye deletes the will.',
    },
  },
}
