// Chapter: connecting to a broker, in English.
import type { ChapterText } from '../types.ts'

export const connect: ChapterText = {
  title: 'Connecting',
  lead: 'A client says who it is, and the broker answers.',
  exercises: {
    greeting: {
      title: 'Hello, broker',
      intro: [
        '[[MQTT]] carries small messages between programs. The programs are called [[client|clients]]. They never talk to each other directly: each one connects to a [[broker]], the server in the middle.',
        'Here is one client, a temperature sensor in a kitchen. It opens a [[link]] to the broker. Over the link they send each other [[packet|packets]].',
      ],
      question: 'From when on is the sensor connected?',
      options: {
        link: 'Once the link to the broker is open',
        sent: 'Once it has sent CONNECT, its first packet',
        answered: 'Once the broker has answered with CONNACK',
      },
      verdicts: {
        link: 'On the open link nothing was settled yet. Only now does the sensor say who it is, by CONNECT.',
        sent: 'CONNECT was still under way then. The broker’s answer, CONNACK, comes a whole trip later.',
        answered: 'With CONNACK the sensor knows that the broker has accepted it.',
      },
      run: 'The line in the middle is the broker, the other one is the sensor. Time runs down. Each arrow is a packet; it slants because its way takes time.',
      why: [
        'There are four stages. The link is being opened; the link is open; [[CONNECT]] is under way; [[CONNACK]] has come.',
        'CONNECT tells who the client is and what it wants. The broker may refuse, and says why in a [[reason code]] of CONNACK.',
        'Look at the lines: from its answer on, the broker counts the sensor as connected. The sensor itself learns of it a little later. For that moment the two know different things.',
      ],
      points: {
        link: 'the open link',
        connect: 'CONNECT',
        connack: 'CONNACK',
      },
      task: [
        'Make the two disagree for good. The broker shall believe that the sensor is connected, and the sensor shall never learn of it.',
        'You are the network too: you may cut the link at any moment. Time goes on only when you let the next packet come.',
      ],
      hints: [
        'The broker believes it from the moment at which it sends an answer.',
        'Which packet must not arrive, and which one must have arrived before?',
      ],
      mistakes: {
        early:
          'CONNECT was lost with the link. So the broker has never heard of the sensor, and neither of them believes anything.',
        unasked: 'The link broke before CONNECT was sent. An open link tells the broker nothing about who is there.',
        late: 'CONNACK arrived, so both know that the sensor is connected. Start again, and cut while CONNACK is under way.',
      },
      solved:
        'The broker has accepted a client that does not know it. This is why a client waits for CONNACK, and gives up after some time.',
    },
  },
  recall: {
    address: {
      question: 'A sensor wants to reach a dashboard. To whom does it open a link?',
      options: {
        broker: 'To the broker',
        'each-other': 'To the dashboard',
        both: 'To both of them',
      },
      why: 'Clients know only the broker. It passes messages on.',
    },
    connack: {
      question: 'Which packet tells a client that it is connected?',
      options: { connack: 'CONNACK', connect: 'CONNECT', open: 'None; the open link does' },
      why: 'CONNACK is the broker’s answer. Before it nothing is settled.',
    },
  },
}
