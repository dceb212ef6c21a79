// Chapter: connecting to a broker, in English.
import type { ChapterText } from '../types.ts'

export const connect: ChapterText = {
  exercises: {
    greeting: {
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
    credentials: {
      intro: [
        'A [[broker]] may ask who a [[client]] is. In [[CONNECT]] a client can send a user name and a password.',
        'Here the sensor sends the user name `sensor` and the password `sesame`, over a plain [[link]]. Somebody in the same network listens.',
      ],
      question: 'Can the listener read the password?',
      options: {
        sealed: 'No: MQTT encrypts it',
        hashed: 'No: only a hash of it is sent',
        readable: 'Yes: it stands in the packet as it is',
      },
      verdicts: {
        sealed: 'Open the bytes of CONNECT: `sesame` stands there, letter by letter.',
        hashed: 'Open the bytes of CONNECT: it is the password itself, and no hash.',
        readable: 'The bytes of CONNECT have `sesame`, letter by letter.',
      },
      run: 'Select CONNECT in the picture, and open its bytes below.',
      why: [
        'MQTT hides nothing. What protects a password is the link below: [[TLS]]. The address then begins with `wss:` or `mqtts:` instead of `ws:` or `mqtt:`.',
        'A page that came by `https:` may open `wss:` only. The browser checks the broker’s certificate, and a script cannot change that. A client certificate is chosen by the user in the browser’s own dialogue.',
        'A password may also be a token that expires, given out by a server. In MQTT 5 it needs no user name. For a proof without a secret in the packet, there is enhanced authentication: questions and answers in packets of type AUTH.',
        'A broker that refuses says so in [[CONNACK]], by a [[reason code]]: bad user name or password, or not authorized.',
      ],
      points: { connect: 'CONNECT with the password', connack: 'the broker’s answer' },
      task: [
        'A server has given the sensor a token: `token-7f3a`. Send it as the password, and without any user name, as MQTT 5 allows.',
        'To try again after a wrong start, press “Start again”.',
      ],
      hints: ['Two fields decide. One of them has to be empty.', 'The token stands in the place of the password.'],
      mistakes: {
        named: 'CONNECT has a user name. MQTT 5 needs none beside a password, and the token says enough.',
        nameless:
          'The sensor is connected without any proof: this broker lets everybody in. It never asks for anything.',
        password: 'That is the password, and everybody on the way could read it. Send the token.',
      },
      solved: 'A token alone. It is as readable as a password, so it needs TLS too, but it soon expires.',
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
    secret: {
      question: 'What hides a password from those who listen on the way?',
      options: { tls: 'TLS, below MQTT', mqtt: 'MQTT itself', hash: 'A hash in CONNECT' },
      why: 'MQTT sends it as it is. The link has to be encrypted.',
    },
  },
}
