// Chapter: what MQTT 5 adds, in English.
import type { ChapterText } from '../types.ts'

export const mqtt5: ChapterText = {
  exercises: {
    expiry: {
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
    limits: {
      intro: [
        'This [[broker]] takes messages up to [[QoS|QoS 1]], and keeps no retained messages. It says so in [[CONNACK]].',
        'The sensor’s program asks for a message at QoS 2, while the connection is still being made.',
      ],
      question: 'CONNACK has come. What does the sensor’s client do with the message?',
      options: {
        sent: 'It sends it at QoS 2',
        lowered: 'It sends it at QoS 1',
        kept: 'It does not send it, and tells its program why',
      },
      verdicts: {
        sent: 'No PUBLISH goes up. The client has read CONNACK, and knows that it would be thrown out.',
        lowered: 'No PUBLISH goes up. To promise less than was asked for is not for the client to decide.',
        kept: 'The program’s request ends with an error, and nothing was sent.',
      },
      run: 'Select CONNACK and open its bytes: its properties are the limits of the broker.',
      why: [
        'In MQTT 5 the broker says in [[CONNACK]] what it can do: highest quality of service, retained messages, wildcards, largest packet, number of aliases, its own keep alive.',
        'What is not there is allowed. A client that goes beyond a limit is disconnected, with a [[reason code]]. A good client reads the limits, and does not send what they forbid.',
        'Brokers in the cloud often have such limits. They are the first thing to read when a program is moved from one broker to another.',
      ],
      points: { connack: 'CONNACK with the limits', refused: 'the answer to the program' },
      task: ['Start the sensor, and get its message to the dashboard as safely as this broker allows.'],
      hints: ['Open the bytes of CONNACK.', 'Two of its properties are about PUBLISH.'],
      mistakes: {
        retained: 'This broker keeps no retained messages, and CONNACK says so.',
        'too-high': 'QoS 2 is more than this broker takes. Nothing was sent.',
        'too-low': 'It came, at QoS 0. This broker can do better.',
      },
      solved: 'As much as the broker can do, and no more.',
    },
    aliases: {
      intro: [
        'The [[topic]] is often longer than the value. The sensor and the broker have agreed on up to four [[topic alias|topic aliases]].',
        'The sensor publishes twice on `home/kitchen/temperature`.',
      ],
      question: 'What stands in the second PUBLISH?',
      options: { full: 'The topic, as in the first', number: 'A number in the place of the topic' },
      verdicts: {
        full: 'The second PUBLISH has an empty topic, and a number.',
        number: 'The topic is empty, and a Topic Alias stands among the properties.',
      },
      run: 'Compare the bytes of the two PUBLISH packets.',
      why: [
        'With the first PUBLISH the sender says: this topic is number 1. From then on the number is enough, and the packet is some twenty bytes smaller.',
        'The receiver says how many it remembers, in [[CONNECT]] or [[CONNACK]]. Each direction has numbers of its own.',
        'Aliases belong to the connection, not to the [[session]]. On a new link all are forgotten, and the topic is sent in full once more.',
      ],
      points: {
        first: 'the PUBLISH with topic and number',
        second: 'the PUBLISH with the number only',
        message: 'the message, with its topic',
      },
      task: [
        'Start the sensor with aliases and publish. Cut its link, and when it is back, make it send a message without its topic again.',
      ],
      hints: ['On the new link the first message has to say the topic.', 'The second one on the new link need not.'],
      mistakes: {
        none: 'Both have the whole topic: the sensor was started without aliases.',
        forgotten:
          'On the new link the topic was sent in full again, since the alias was forgotten. Publish once more.',
      },
      solved: 'A number for each link, and the topic for the reader.',
    },
    flow: {
      intro: [
        'The dashboard is slow. In [[CONNECT]] it said: [[Receive Maximum]] 2. The sensor publishes four messages at once, at [[QoS|QoS 1]].',
      ],
      question: 'What does the broker send to the dashboard?',
      options: {
        four: 'All four at once',
        two: 'Two, and the next whenever one is confirmed',
        lost: 'Two; the others are lost',
      },
      verdicts: {
        four: 'Two came at once. The third waited for a PUBACK.',
        two: 'The third is sent when the first PUBACK has come.',
        lost: 'All four came in the end. The others only waited.',
      },
      run: 'Count the messages on their way to the dashboard, and look at what lets the third one go.',
      why: [
        '[[Receive Maximum]] is how many messages of QoS 1 and 2 may be under way without their answer. It lets a receiver set the pace.',
        'The broker says its own in [[CONNACK]], and a client that publishes has to keep to it.',
        'QoS 0 has no answers, and so no such bound. There the link itself has to hold back, or messages are dropped.',
      ],
      points: { second: 'the second message', third: 'the third, after the first PUBACK' },
      task: [
        'Start the dashboard so that it is given all four messages one by one, each after the one before is confirmed.',
      ],
      hints: ['How many may be unconfirmed?', 'Only what is confirmed can be counted.'],
      mistakes: {
        unbound: 'They came at QoS 0. Nothing is confirmed there, so nothing is held back.',
        many: 'More than one was under way at a time.',
      },
      solved: 'One by one: the receiver sets the pace.',
    },
    reasons: {
      intro: ['Nobody has subscribed. The sensor publishes at [[QoS|QoS 1]].'],
      question: 'What does the sensor learn?',
      options: {
        waits: 'Nothing yet: PUBACK waits for a subscriber',
        told: 'PUBACK comes, and says that there was no subscriber',
        same: 'PUBACK comes, and is the same as ever',
      },
      verdicts: {
        waits: 'PUBACK came at once. It says that the broker has the message, and no more.',
        told: 'Open its bytes: No matching subscribers.',
        same: 'Open its bytes: it has a reason code, No matching subscribers.',
      },
      run: 'Select PUBACK, and open its bytes.',
      why: [
        'In MQTT 5 each answer has a [[reason code]]. Below 128 it is a success of some kind, from there on an error: not authorized, quota exceeded, topic name invalid.',
        '“No matching subscribers” is a success. The broker has taken the message, and had nobody to give it to. Brokers may say it, and need not.',
        'If all went well, PUBACK has no reason code at all: nothing said means success. In MQTT 3.1.1 there are no others.',
      ],
      points: { published: 'the publishing to nobody', puback: 'PUBACK with its reason' },
      task: ['Let the sensor have an answer that says success, without “but nobody listens”.'],
      hints: ['An answer needs a certain quality.', 'Somebody has to listen first.'],
      mistakes: {
        nobody: 'PUBACK came: No matching subscribers.',
        silent: 'At QoS 0 there is no answer, whatever happens to the message.',
      },
      solved: 'Success. It still does not say that the dashboard has it.',
    },
    properties: {
      intro: [
        'The [[payload]] is bytes to MQTT, and the [[broker]] does not look into it. The sensor sends JSON: `{"celsius":21.5}`.',
      ],
      question: 'How can the dashboard know that it is JSON?',
      options: {
        guessed: 'The broker sees it, and tells',
        told: 'The publisher tells, in a property of PUBLISH',
      },
      verdicts: {
        guessed: 'The Content Type was in the PUBLISH that went up. The broker passed it on as it was.',
        told: 'The PUBLISH has a Content Type, and the broker passes it on.',
      },
      run: 'Select a PUBLISH, and open its bytes. Look at the properties.',
      why: [
        'In MQTT 5 a message may say what it is: a [[content type]], as on the web, and whether it is text in UTF-8.',
        'What else there is to say goes into [[user property|user properties]]: names with values, as many as needed, in their order. A trace identifier, a version, a unit.',
        'The broker passes them on unread. It does not check them either.',
      ],
      points: { up: 'the PUBLISH of the sensor', down: 'the same, passed on' },
      task: ['Let the dashboard get the message, together with the word that it is JSON.'],
      hints: ['The type of JSON on the web is `application/json`.'],
      mistakes: {
        untold: 'The message came, and nobody can tell what it is.',
        'wrong-type': 'It says plain text. The broker has passed on what is not so.',
      },
      solved: 'The message says what it is.',
    },
    request: {
      intro: [
        'The dashboard wants to ask the sensor something, and to get an answer. It publishes a question, with two properties: a [[response topic]], and [[correlation data]], here the number 7.',
        'The sensor listens for questions.',
      ],
      question: 'Who sends the answer?',
      options: {
        broker: 'The broker: it knows the response topic',
        sensor: 'The sensor: it publishes on the response topic',
      },
      verdicts: {
        broker: 'The answer is a PUBLISH of the sensor. The broker passed it on as any other.',
        sensor: 'The answer is one more message, from the sensor.',
      },
      run: 'A question goes through the broker, and then an answer the other way.',
      why: [
        'Request and response are two messages. The one who asks says where to answer, and subscribes there before.',
        'The one who answers publishes there, and gives back the [[correlation data]] unchanged. So many questions may be open at the same time, and each answer finds its own.',
        'There may be no answer, or several. So set a time after which to give up.',
      ],
      points: { question: 'the question at the sensor', answer: 'the answer' },
      task: [
        'Ask a question, and let the sensor answer so that the dashboard knows which question is answered. You are both of them.',
      ],
      hints: ['Where does the answer go, and who listens there?', 'The number has to be the same.'],
      mistakes: {
        unheard: 'The sensor has answered, and nobody listened there. The dashboard has to subscribe first.',
        'mixed-up': 'This answer has a number that was not asked. The dashboard cannot use it.',
      },
      solved: 'Asked and answered, by two messages.',
    },
    versions: {
      intro: [
        'The sensor is an old device with MQTT 3.1.1. The dashboard has MQTT 5. They are connected to the same [[broker]].',
        'The sensor publishes.',
      ],
      question: 'Does the message come to the dashboard?',
      options: {
        apart: 'No: they speak different versions',
        joined: 'Yes: the version is between a client and the broker',
      },
      verdicts: {
        apart: 'It came. The broker has read it in one version, and written it in the other.',
        joined: 'Each client speaks its own version with the broker.',
      },
      run: 'Compare the bytes of both PUBLISH packets: one has properties, the other has none.',
      why: [
        'The version belongs to a connection, and stands in [[CONNECT]]. The packets are nearly the same. MQTT 5 adds properties and reason codes to them.',
        'What 3.1.1 does not have gets lost on the way to such a client: properties, reasons, the broker’s DISCONNECT. A session without end is the only one that lasts.',
        'Clean Session of 3.1.1 is two things in one: 1 begins anew, **and** ends the session with the connection. 0 keeps it, with no expiry. In MQTT 5 these are [[Clean Start]] and the [[session expiry]].',
      ],
      points: {
        up: 'the PUBLISH in 3.1.1',
        down: 'the PUBLISH in 5',
        puback: 'PUBACK in 3.1.1, without a reason',
      },
      task: ['Now the dashboard is old too: 3.1.1. Start it so that it gets what is published while its link is down.'],
      hints: ['3.1.1 has no session expiry. One flag decides.'],
      mistakes: {
        clean: 'Clean Session ended the session with the connection. Nothing was queued.',
      },
      solved: 'Not clean, so it is kept. In 3.1.1 that has no end.',
    },
  },
  recall: {
    expired: {
      question: 'A queued message has expired. What does the broker do?',
      options: { dropped: 'It drops it', delivered: 'It delivers it with a mark', returned: 'It returns it' },
      why: 'It does not begin to deliver what has expired.',
    },
    flow: {
      question: 'What says how many messages may be under way without an answer?',
      options: {
        'receive-maximum': 'Receive Maximum',
        'keep-alive': 'The keep alive',
        queue: 'The bound of the queue',
      },
      why: 'The receiver says it when connecting, for QoS 1 and 2.',
    },
    reply: {
      question: 'Who sends the answer to a request?',
      options: {
        responder: 'The client that was asked',
        broker: 'The broker',
        network: 'Nobody: PUBACK is the answer',
      },
      why: 'It is a message as any other, on the response topic.',
    },
    older: {
      question: 'Which word of 3.1.1 is both Clean Start and session expiry in MQTT 5?',
      options: { 'clean-session': 'Clean Session', expiry: 'Message expiry', alias: 'Topic alias' },
      why: 'Clean Session 1 begins anew and ends with the connection. 0 keeps the session.',
    },
  },
}
