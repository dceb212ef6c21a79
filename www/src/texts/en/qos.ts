// Chapter: the three qualities of service, in English.
import type { ChapterText } from '../types.ts'

export const qos: ChapterText = {
  title: 'Quality of service',
  lead: 'At most once, at least once, exactly once: what is promised, and what it costs.',
  exercises: {
    'at-most-once': {
      title: 'At most once',
      intro: [
        'A publisher chooses a [[QoS|quality of service]] for each message. QoS 0 is the cheapest: [[PUBLISH]] is sent once, and nobody confirms it.',
        'The sensor publishes 21.5 at QoS 0. While the packet is under way, the network stands still for two seconds. The [[link]] is not cut.',
      ],
      question: 'What becomes of the message?',
      options: { lost: 'It is lost: nobody confirms it, so nobody sends it again', late: 'It comes two seconds late' },
      verdicts: {
        lost: 'The message has arrived, two seconds late. The link below MQTT lost nothing.',
        late: 'It has arrived, two seconds late. The link below MQTT lost nothing.',
      },
      run: 'The sensor’s link stands still while PUBLISH is on it.',
      why: [
        'MQTT runs over TCP or a WebSocket. As long as the link lives, they deliver every byte, in order: late if need be, but never with a gap.',
        'So a message of QoS 0 is lost in one way only: the link breaks while it is under way. Then nobody learns of it, and nobody sends it again. That is what “at most once” means.',
      ],
      points: { publish: 'PUBLISH', message: 'its late arrival' },
      task: ['Publish at QoS 0, and see to it that the message is lost. Time goes on only when you let it run.'],
      hints: ['A link that is slow loses nothing.', 'The packet has to be under way at that moment.'],
      mistakes: {
        stalled: 'The message came, only later. A link that stands still keeps what is on it.',
        late: 'The message had arrived before the link was cut. Publish again once the sensor is back, and cut at once.',
      },
      solved: 'Lost, and neither side knows. For a reading each second that is fine: the next one comes soon.',
    },
    'at-least-once': {
      title: 'At least once',
      intro: [
        'At [[QoS|QoS 1]] the broker answers each [[PUBLISH]] by [[PUBACK]]: I have it. Until then the sensor keeps the message.',
        'The sensor publishes at QoS 1. PUBACK is on its way back when the network stands still, for thirty seconds. The [[link]] is not cut.',
      ],
      question: 'What does the sensor do in these thirty seconds?',
      options: {
        again: 'It sends the message again after some seconds',
        waits: 'It waits',
        'gives-up': 'It gives the message up as lost',
      },
      verdicts: {
        again: 'PUBACK came after thirty seconds. Up to then there is one PUBLISH in the picture, and no second one.',
        waits: 'PUBACK came after thirty seconds, and up to then the sensor sent nothing again.',
        'gives-up': 'PUBACK came after thirty seconds. The sensor had kept the message all the time.',
      },
      run: 'PUBACK hangs on the standing link. The bar beside the sensor’s line is the packet identifier in use: the sensor keeps the message.',
      why: [
        'On a living link nothing gets lost, so there is no reason to send again. MQTT 5 even forbids it: the sender repeats a message after a new connection, and never else.',
        'If the link breaks before PUBACK is there, the sensor cannot know whether the message arrived. It connects again and sends it once more, marked [[DUP]].',
        'The number beside the names is the [[packet identifier]]. It tells which PUBLISH a PUBACK answers.',
      ],
      points: { publish: 'the only PUBLISH', puback: 'the late PUBACK' },
      task: [
        'Make one message arrive twice: publish at QoS 1 once, and let the dashboard get it two times.',
        'Time goes on only when you let the next packet come.',
      ],
      hints: [
        'The sensor sends again only if it cannot know that the message arrived.',
        'The broker must have the message, and the sensor must not have its PUBACK.',
        'After the cut, let it run: the sensor connects again by itself.',
      ],
      mistakes: {
        'too-early':
          'Too early: the first PUBLISH was lost with the link. So the second sending is the first that arrives, and the dashboard gets it once.',
        'two-messages':
          'These are two messages with the same content. Each has been published by an action of its own, and each came once.',
        stalled: 'PUBACK came in the end, and only one PUBLISH was sent. Waiting does not make the sensor send again.',
      },
      solved:
        'Twice, and nothing went wrong: at least once is all that QoS 1 promises. A program that receives at QoS 1 must bear a repetition.',
    },
    'exactly-once': {
      title: 'Exactly once',
      intro: [
        '[[QoS|QoS 2]] takes four packets. The receiver notes the [[packet identifier]] of [[PUBLISH]] and answers [[PUBREC]]. The sender says [[PUBREL]]: you may forget the number. [[PUBCOMP]] ends it.',
        'The sensor publishes at QoS 2. The broker has the message, but the [[link]] breaks while PUBREC is on its way back. The sensor connects again, and sends PUBLISH once more.',
      ],
      question: 'How often does the dashboard get the message?',
      options: { twice: 'Twice, as at QoS 1', once: 'Once' },
      verdicts: {
        twice: 'PUBLISH did come to the broker a second time. But nothing went on to the dashboard after it.',
        once: 'Once. The broker knew the number, and did not pass the message on again.',
      },
      run: 'PUBREC is lost with the link. See what the broker does with the second PUBLISH. The table below shows what each side remembers.',
      why: [
        'The broker keeps the number of each message that it has taken. If PUBLISH comes again with a number that is still noted, it answers, and passes nothing on.',
        'So the number must not be forgotten too early. That is what PUBREL is for: from then on the sender will never send this message again, and the number is free.',
        'Wherever the link breaks in these four packets, the exchange goes on where it was. The price is two more packets, and one more round trip.',
      ],
      points: { lost: 'the lost PUBREC', again: 'the second PUBLISH', pubcomp: 'the end: PUBCOMP' },
      task: [
        'Do it yourself. Publish, and cut the link so that an answer of the broker is lost. The dashboard shall have the message exactly once.',
      ],
      hints: [
        'Choose the quality of service before you publish.',
        'Cut while a packet is on its way from the broker to the sensor.',
      ],
      mistakes: {
        'qos-1': 'At QoS 1 the broker keeps no number. The second PUBLISH went on to the dashboard as well.',
        'no-cut': 'Once, but nothing was lost. Publish again, and cut the link while an answer is under way.',
      },
      solved:
        'Exactly once, whatever the link did. The memory of both sides makes it so, and it belongs to the session.',
    },
    'by-hop': {
      title: 'Hop by hop',
      intro: [
        'A message takes two [[hop|hops]]: from the sensor to the broker, and from there to the dashboard. The sensor chooses a [[QoS|quality of service]] when it publishes. The dashboard names one when it subscribes.',
        'The dashboard has subscribed at QoS 0. The sensor publishes at QoS 2.',
      ],
      question: 'How does the message come to the dashboard?',
      options: {
        two: 'At QoS 2: so it was published',
        zero: 'At QoS 0: so it was subscribed to',
        refused: 'Not at all: the two do not fit',
      },
      verdicts: {
        two: 'The PUBLISH to the dashboard has QoS 0. No answer follows it, and nobody would send it again.',
        zero: 'The first hop has four packets, the second has one. The subscription sets the bound.',
        refused:
          'The sensor’s four packets went through, and the message came. The hops have nothing to do with each other.',
      },
      run: 'Count the packets on the left, and those on the right.',
      why: [
        'Quality of service holds for a hop, not for the whole way. To the broker it is the publisher’s. From the broker it is the smaller of two: that of the message, and that of the subscription.',
        'So QoS 2 from end to end needs both sides. And even then it ends at the client: whether its user has seen the message is no matter of MQTT.',
      ],
      points: { up: 'the first hop', down: 'the second hop' },
      task: ['Let the message travel at QoS 2 to the broker, and at QoS 1 from there to the dashboard.'],
      hints: ['The first hop is the publisher’s choice alone.', 'The second hop takes the smaller of the two.'],
      mistakes: {
        'end-to-end':
          'The first hop had QoS 2, and the second QoS 0, as it was subscribed to. One does not reach into the other.',
        raised:
          'The message came no better than it was published. A subscription can only lower the quality of service.',
      },
      solved: 'Two hops, two qualities: the smaller one counts on the second.',
    },
  },
  recall: {
    again: {
      question: 'When does a client send a PUBLISH of QoS 1 again?',
      options: {
        reconnect: 'After a new connection, if PUBACK had not come',
        timer: 'After some seconds without PUBACK',
        never: 'Never',
      },
      why: 'There is no retry timer: on a living link nothing gets lost.',
    },
    cost: {
      question: 'How many packets does QoS 2 take on one hop?',
      options: { four: 'Four', two: 'Two', one: 'One' },
      why: 'PUBLISH, PUBREC, PUBREL, PUBCOMP.',
    },
    hop: {
      question: 'Published at QoS 1, subscribed at QoS 2. What is the second hop?',
      options: { smaller: 'QoS 1', larger: 'QoS 2', published: 'QoS 0' },
      why: 'The smaller of the two.',
    },
  },
}
