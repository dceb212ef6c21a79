// Chapter: the three qualities of service, in English.
import type { ChapterText } from '../types.ts'

export const qos: ChapterText = {
  exercises: {
    'at-most-once': {
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
    order: {
      intro: [
        'The sensor publishes 20.0, and at once 21.0, both at [[QoS|QoS 1]]. The broker has both. The [[link]] breaks while the answers are on their way back.',
        'The sensor connects again. Neither message was confirmed, so it sends both once more.',
      ],
      question: 'In which order does the dashboard get them?',
      options: {
        pairs: '20.0, 20.0, 21.0, 21.0',
        again: '20.0, 21.0, 20.0, 21.0',
        once: '20.0, 21.0',
      },
      verdicts: {
        pairs: 'The repetitions come behind all that was sent before. After 21.0 there is a 20.0 again.',
        again: 'Both are sent again in their order, so after 21.0 an older value comes.',
        once: 'At QoS 1 each was delivered once more, behind the two that had come already.',
      },
      run: 'Two messages, one cut, and two repetitions. See what the dashboard is given last but one.',
      why: [
        'MQTT keeps order: messages of one publisher, on one topic, at one quality of service, come in the order in which they were sent.',
        'At QoS 1 that holds for the first arrival of each. A repetition may come later, behind newer values. So the last value that comes is not always the newest one.',
        'Where order counts, send one message at a time, or use QoS 2, or put a number or a time into the payload. Across topics and qualities there is no order at all.',
      ],
      points: { resent: 'the first repetition', older: 'the older value that comes late' },
      task: [
        'Let the dashboard see 20.0 after 21.0. Choose the quality of service, publish both, and cut at the right moment.',
      ],
      hints: ['Only one quality of service repeats what had arrived.', 'Both have to be at the broker when you cut.'],
      mistakes: {
        'qos-2': 'At QoS 2 each message is passed on once, in its order. No older value comes late.',
        early: 'Not both were at the broker when you cut. What was lost came only later, and once, so 21.0 came last.',
        uncut: 'Both answers came, so nothing was repeated. Publish again, and cut before they arrive.',
      },
      solved: 'An old value behind a new one. A dashboard that believes the last arrival now shows 20.0 for a while.',
    },
    cost: {
      intro: [
        'A packet takes 100 ms from one end of the [[link]] to the other. The sensor publishes at [[QoS|QoS 2]]. It runs on a battery, and sleeps as soon as its message is settled.',
      ],
      question: 'For how long has it to stay awake?',
      options: {
        one: 'One round trip, 200 ms',
        two: 'Two round trips, 400 ms',
      },
      verdicts: {
        one: 'After 200 ms it had PUBREC only. It had to send PUBREL, and to wait for PUBCOMP.',
        two: 'PUBLISH and PUBREC, then PUBREL and PUBCOMP: two round trips.',
      },
      run: 'Count the arrows between the sensor and the broker, and look at the times.',
      why: [
        'QoS 0 is one packet, and no answer. QoS 1 is two packets and one round trip. QoS 2 is four packets and two round trips. That is for each hop.',
        'In bytes it is little: each answer has four bytes, a PUBLISH of this page some forty. What counts are waiting, memory at both ends, and packets on a slow or paid link.',
        'So choose by what a loss and a repetition mean. A reading each second: QoS 0. What must not get lost, and may come twice: QoS 1. What must not come twice, and cannot be made harmless: QoS 2.',
      ],
      points: { pubrec: 'half of it: PUBREC', pubcomp: 'the end: PUBCOMP' },
      task: [
        'The sensor has to know that the broker has its reading, and to know it after a single round trip. One message will do.',
      ],
      hints: ['It needs an answer, and it needs it after 200 ms.', 'Which quality has exactly one answer?'],
      mistakes: {
        'qos-2':
          'It knows, but only after two round trips. The reading may come twice without harm, so that is too much.',
        'qos-0': 'The message arrived, but the sensor cannot know it: no packet came back.',
      },
      solved: 'One answer, one round trip. For most messages this is the right price.',
    },
    idempotent: {
      intro: [
        'A switch and a lamp talk over the broker, at [[QoS|QoS 1]]. The lamp is dark. The command is `toggle`: if the lamp is dark, light it, else put it out.',
        'The switch publishes `toggle` once. The [[link]] breaks while [[PUBACK]] is on its way, and the switch sends again.',
      ],
      question: 'Is the lamp lit in the end?',
      options: { lit: 'Yes: the command was given once', dark: 'No: the command came twice' },
      verdicts: {
        lit: 'At QoS 1 the command came to the lamp twice. The second one put it out.',
        dark: 'Lit, and put out again. The lamp cannot know that it was the same command.',
      },
      run: 'Watch how often the lamp gets the command.',
      why: [
        'At least once means that a handler has to bear a repetition. A handler is [[idempotent]] if doing it twice is the same as doing it once.',
        '`on` is idempotent, and `toggle` is not. “The counter is at 17” is, and “add one” is not. Say what shall be, not what to do.',
        'Where that cannot be, put a number of your own into the message, and let the receiver drop what it knows. Do not rely on [[DUP]]: it is about one hop only, and a repetition may come without it.',
      ],
      points: { first: 'the first command', second: 'the second one' },
      task: [
        'Make the lamp bear it. Choose the command, and let it come twice by one publishing: the lamp shall be lit in the end.',
      ],
      hints: ['Which command means the same, however often it comes?', 'Cut while PUBACK is on its way, as before.'],
      mistakes: {
        toggled: 'The command came twice, and the second one undid the first.',
        untried: 'It came once, and so the lamp is lit. But was that the test? Let one publishing come twice.',
        'two-commands': 'You have given two commands. It shall be one publishing that comes twice.',
      },
      solved: 'Twice the same command, and once the same result.',
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
    choice: {
      question: 'A message must not get lost, and may come twice. Which quality?',
      options: { one: 'QoS 1', two: 'QoS 2', zero: 'QoS 0' },
      why: 'One answer and one round trip are enough, if the handler bears a repetition.',
    },
  },
}
