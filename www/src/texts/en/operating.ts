// Chapter: a broker of one's own, what lies below MQTT, and how to find what is wrong, in English.
import type { ChapterText } from '../types.ts'

export const operating: ChapterText = {
  exercises: {
    sys: {
      intro: ['Nobody publishes anything here. The dashboard subscribes to `$SYS/broker/clients/+`.'],
      question: 'What comes?',
      options: { nothing: 'Nothing: there is no publisher', values: 'Numbers: the broker itself publishes them' },
      verdicts: {
        nothing: 'Numbers came at once, and no client had sent them.',
        values: 'The broker tells how many clients it has.',
      },
      run: 'One SUBSCRIBE goes up. Select the messages that come down, and read their topics.',
      why: [
        'Many brokers tell how they do, by messages below `$SYS`: clients, messages, bytes, memory. It is a custom and no part of MQTT, so the names differ from broker to broker.',
        'Here a new subscriber gets all values at once, and then each one that changes, every ten seconds.',
        'Values to watch: messages that were dropped, queues that grow, and clients that come and go.',
      ],
      points: { subscribe: 'the SUBSCRIBE', value: 'a value of the broker' },
      task: ['Find out how many clients are connected, and get this one number only.'],
      hints: ['What a wildcard at the front does not stand for, you have met.', 'In the run before you saw the names.'],
      mistakes: {
        hidden: '`#` does not stand for topics that begin with `$`. Nothing came.',
        flood: 'More came than was asked for. Name the one topic in full.',
      },
      solved: 'One number, from the broker itself.',
    },
    stream: {
      intro: [
        'Below MQTT there is a [[link]]: TCP, or in a page a [[WebSocket]]. It carries bytes.',
        'The sensor publishes, and the link breaks after ten bytes of its PUBLISH have come to the broker.',
      ],
      question: 'What does the broker pass on?',
      options: { part: 'The part that has come', nothing: 'Nothing' },
      verdicts: {
        part: 'The dashboard got nothing. A part of a packet is no packet.',
        nothing: 'The broker waits for the rest, which never comes, and drops the part.',
      },
      run: 'The arrow ends at the broker, but not all of its bytes came.',
      why: [
        'A packet says in its second byte how long it is. The receiver collects bytes until it has all of them, and only then reads the packet. Whether they came in one piece or in ten does not matter.',
        'A [[WebSocket]] has pieces of its own, the frames. One frame may hold half a packet, or three. A page opens it with the subprotocol `mqtt`, and all its frames are binary.',
        'The WebSocket begins as a request of HTTP, on port 80 or 443. So it passes proxies that let nothing else through. A page may do no other: scripts have no TCP.',
      ],
      points: { torn: 'the packet that was torn' },
      task: ['Tear a packet: some of its bytes shall come to the broker, and some not.'],
      hints: ['The PUBLISH has some thirty bytes.', 'Cut behind the first byte, and before the last.'],
      mistakes: {
        whole: 'The link would break later. The whole packet was through by then.',
        none: 'The link broke before the first byte came.',
      },
      solved: 'Torn, and dropped. At QoS 1 the sensor would send it again, whole.',
    },
    bytes: {
      intro: [
        'MQTT is made for small devices and slow links. The sensor publishes the [[payload]] `hi` on the [[topic]] `a/b`, at QoS 0.',
      ],
      question: 'How many bytes is the packet?',
      options: { five: 'Five: the topic and the payload', ten: 'Ten', hundreds: 'A hundred or more, as in HTTP' },
      verdicts: {
        five: 'Ten. Before the five there are its type, two lengths, and one byte for no properties.',
        ten: 'Type, length, length of the topic, topic, no properties, payload: 1 + 1 + 2 + 3 + 1 + 2.',
        hundreds: 'Ten bytes. Nothing in it is written out in words but the topic and the payload.',
      },
      run: 'Select the PUBLISH, and open its bytes. Each field lights up with its bytes.',
      why: [
        'The first byte is the type of the [[packet]], and its flags: DUP, quality of service, RETAIN. Then comes the length of all that follows.',
        'That length takes one byte up to 127, two up to 16,383, and four at most. Each byte has seven bits of it. The eighth says: there is more.',
        'Texts and numbers of two bytes come next: the topic with its length, the [[packet identifier]] at QoS 1 and 2, in MQTT 5 the properties. What is left is the payload.',
      ],
      points: { publish: 'the PUBLISH of ten bytes' },
      task: [
        'Publish the smallest message here whose length takes two bytes. The topic is `home/kitchen/temperature`, which has 24.',
      ],
      hints: [
        'One byte is enough up to 127.',
        'Besides the payload, the length counts two bytes, the topic, and one for the properties.',
      ],
      mistakes: { short: 'Open its bytes: the length still fits into one byte.' },
      solved: 'Open its bytes: 128 is `80 01`. Seven bits at a time, the lowest first.',
    },
    restart: {
      intro: [
        'The dashboard has a [[session]] that is to last for an hour. The broker keeps all in its memory.',
        'The broker’s program is started anew, for an update.',
      ],
      question: 'What does the dashboard find?',
      options: { there: 'Its session, as it was', gone: 'A broker that has never heard of it' },
      verdicts: {
        there: 'The CONNACK after the restart says: no session present.',
        gone: 'Sessions, queues and retained messages were in memory, and are gone.',
      },
      run: 'All links break at once. See what CONNACK says when the dashboard is back.',
      why: [
        'The promises of MQTT are kept by the broker’s memory. Whether they outlive the broker is a matter of its [[store]]: most have one, and some have it turned off.',
        'A broker with a store answers a PUBLISH only when the message is written. That is slower, and it is what makes [[PUBACK]] a promise.',
        'A client should be ready for both. If CONNACK says that no session is present, it subscribes anew, and asks for what it may have missed.',
      ],
      points: { restarted: 'the restart', connack: 'the CONNACK after it' },
      task: ['This broker has a store. Restart it so that the dashboard finds its session again.'],
      hints: ['What does the new broker begin with?'],
      mistakes: { lost: 'The new broker began with nothing, and so without the session.' },
      solved: 'Session present: what was written is still there.',
    },
    room: {
      intro: [
        'This is your own broker, on a small computer. It has room for two [[session|sessions]]. The sensor and the dashboard are connected.',
        'Now a tablet connects too.',
      ],
      question: 'What happens to the tablet?',
      options: {
        served: 'It is served: two or three, it is all the same',
        refused: 'It is refused, and told why',
        pushes: 'It is let in, and the oldest has to go',
      },
      verdicts: {
        served: 'CONNACK refuses it, since the broker has no room.',
        refused: 'CONNACK says: quota exceeded. The others do not notice anything.',
        pushes: 'The sensor and the dashboard stay. It is the tablet that is refused.',
      },
      run: 'The tablet sends CONNECT. Select the CONNACK that it gets, and read its reason.',
      why: [
        'A broker needs bounds for all that others can make grow: sessions, subscriptions, queues, retained messages, sizes of packets. Without them one client can take the memory of all.',
        'Besides bounds, give it users and their rights, TLS towards the outside, a store, and somebody who looks at `$SYS`. And let no topic be open to all that moves a motor.',
        'A session counts as long as it is kept, connected or not. Clients with new names each time, and with long expiries, fill a broker with sessions that nobody will come for.',
      ],
      points: { connack: 'the CONNACK of the tablet', rejected: 'the broker’s note of it' },
      task: [
        'Make room for the tablet: let one of the others say goodbye, and then start the tablet. The dashboard keeps its session for an hour, the sensor does not.',
      ],
      hints: ['What has to end is a session, not only a connection.', 'Whose session ends with its connection?'],
      mistakes: {
        kept: 'The dashboard is gone, but its session is kept, and takes its place.',
        full: 'There was no room yet. Start again, and let one of the others go first.',
      },
      solved: 'A session ended, so there was room.',
    },
    debug: {
      intro: [
        'The dashboard shows no temperature. Its program says that it has subscribed. The sensor’s says that it publishes at [[QoS|QoS 1]], and that each message is confirmed.',
        'The sensor publishes once more.',
      ],
      question: 'Where do you look first?',
      options: {
        network: 'At the network: something must be lost',
        qos: 'At the quality of service: QoS 2 would make it arrive',
        filter: 'At what the broker made of topic and filter',
      },
      verdicts: {
        network: 'PUBACK came, so the message got to the broker. Nothing was lost.',
        qos: 'PUBACK came, so the broker has the message. A higher quality brings it there no better.',
        filter: 'The broker passed the message on to nobody: the filter does not match.',
      },
      run: 'Follow the message: did it get to the broker, was it confirmed, and to whom did it go on?',
      why: [
        'Follow the message, hop by hop, instead of changing this and that. **Connected?** Look for CONNACK, on both sides. **Subscribed?** Look for [[SUBACK]], and whether it grants. **Published?** Look for PUBLISH at the broker.',
        '**Matched?** Compare topic and filter letter by letter. **In time?** Without RETAIN or a session, who comes later gets nothing. **Alive?** A client that vanishes again and again may share its name with another one.',
        'Most often it is a topic: a letter, a slash, a capital. MQTT does not call that an error.',
      ],
      points: {
        up: 'the PUBLISH',
        puback: 'its PUBACK',
        published: 'the broker’s note: nobody',
      },
      task: [
        'Repair it: the dashboard shall get 22.0, live. You may publish, restart the sensor’s program, and subscribe anew. Change one thing only.',
      ],
      hints: ['Select the SUBSCRIBE of the dashboard, and read its filter.', 'A letter is missing.'],
      mistakes: {
        restarted: 'The sensor’s program is new, and the message still goes to nobody. It was not the sensor.',
        louder: 'The message came to the broker, at whatever quality, and nobody had asked for it.',
        old: 'That is 21.5, a retained message from before. Now publish a new value.',
      },
      solved: 'It was one letter. The packets told it, if one follows them.',
    },
  },
  recall: {
    store: {
      question: 'What keeps sessions over a restart of the broker?',
      options: { store: 'Its store', session: 'A long session expiry', qos: 'QoS 2' },
      why: 'The promises are kept in memory. Only a store outlives the broker.',
    },
    frames: {
      question: 'How do packets lie in the frames of a WebSocket?',
      options: { stream: 'Anyhow: the frames are a stream of bytes', frame: 'One in each', line: 'One in each line' },
      why: 'A frame may hold a part of a packet, or several.',
    },
    'first-look': {
      question: 'A subscriber gets nothing. What do you check first?',
      options: {
        suback: 'Whether SUBACK came, and whether topic and filter match',
        qos: 'Whether QoS 2 helps',
        restart: 'Whether a restart helps',
      },
      why: 'Follow the message from hop to hop. Most often it is the topic.',
    },
  },
}
