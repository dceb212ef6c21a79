// The glossary, in English.

export const words: Readonly<Record<string, string>> = {
  MQTT: 'A protocol for small messages between programs. It stands between devices, servers and web pages.',
  client: 'A program that sends or receives messages. The sensor and the dashboard are clients.',
  broker:
    'The server in the middle. All clients connect to it, and it passes each message on to those that asked for it.',
  packet: 'One unit of what client and broker say to each other. MQTT has fifteen types, such as CONNECT or PUBLISH.',
  link: 'The network connection below MQTT: TCP, or a WebSocket. It carries bytes in order, all or none.',
  connection: 'A link on which the broker has accepted the client by CONNACK.',
  message: 'A topic and a payload, on its way from a publisher to the subscribers.',
  payload: 'The content of a message: bytes of any kind. Here it is a temperature as text.',
  topic: 'The name that a message is published under, in levels with slashes between them: `home/kitchen/temperature`.',
  filter: 'A pattern of topics that a client subscribes to. It is a topic, or it has wildcards.',
  wildcard: 'A sign in a filter that stands for topic levels: `+` for one level, `#` for all that are left.',
  subscription: 'The standing wish of a client for all messages whose topics a filter matches.',
  QoS: 'Quality of service: what is promised on one hop. 0 is at most once, 1 at least once, 2 exactly once.',
  hop: 'One stretch of a message’s way: from the publisher to the broker, or from the broker to a subscriber.',
  DUP: 'A mark on a PUBLISH: this packet is sent again. It was sent before, and may have arrived.',
  'packet identifier':
    'The number beside a packet’s name. It joins an answer with what it answers, and is free again after it.',
  session:
    'What broker and client remember of each other between connections: subscriptions, and messages on their way.',
  'session expiry': 'The time for which the broker keeps a session after the connection has ended.',
  'retained message':
    'The last message of a topic that was published with RETAIN. The broker gives it to each new subscriber.',
  'keep alive':
    'The longest silence that a client promises. After one and a half times of it the broker gives the client up.',
  'half-open': 'A link of which one end is gone, while the other has not learnt of it.',
  'last will':
    'A message that a client leaves with the broker when it connects. The broker publishes it if the client is gone.',
  'will delay':
    'The time for which the broker waits before it publishes a will. A client that is back by then cancels it.',
  'reason code': 'A number in an answer that says how it went. This page shows its name.',
  'message expiry': 'The lifetime of a message. The broker does not begin to deliver it any more after that.',
  'Clean Start': 'A flag of CONNECT: drop the session that there was. Clean Session in MQTT 3.1.1.',
  'client identifier': 'The name under which a client connects. The broker keeps its session under it.',
  TLS: 'Encryption of a link, with certificates that prove who is at its end. An address with `wss:` has it.',
  WebSocket: 'A link that a web page can open. It begins as a request of HTTP, and then carries frames of bytes.',
  idempotent: 'Said of a command that may come twice: the result is the same as of one.',
  'shared subscription':
    'A subscription of a group, `$share/group/filter`. Each message goes to one member of the group.',
  bridge: 'A client of two brokers, which carries messages from one to the other.',
  'No Local': 'An option of a subscription in MQTT 5: do not send me what I have published myself.',
  'Retain Handling':
    'An option of a subscription in MQTT 5: whether retained messages come with each SUBSCRIBE, with a new one, or never.',
  'Retain As Published': 'An option of a subscription in MQTT 5: leave RETAIN as the publisher has set it.',
  'topic alias': 'A number that stands for a topic, as long as the connection lasts.',
  'Receive Maximum': 'How many messages of QoS 1 and 2 may be under way to a receiver without their answer.',
  'content type': 'A property of a message: what its payload is, as `application/json`.',
  'user property': 'A name with a value that a packet carries for its users. MQTT gives it no meaning.',
  'response topic': 'A property of a request: the topic on which its sender waits for the answer.',
  'correlation data': 'A property of a request, which the answer gives back. It tells which request is answered.',
  store: 'The disk of a broker, or of a client: what is written there outlives the program.',
  CONNECT: 'The first packet of a client: who it is, and what it wants.',
  CONNACK: 'The broker’s answer to CONNECT. From it on the client is connected.',
  PUBLISH: 'A packet with a message: from a client to the broker, or from the broker to a client.',
  PUBACK: 'The answer to a PUBLISH at QoS 1: I have it.',
  PUBREC: 'The first answer to a PUBLISH at QoS 2: I have it, and remember its number.',
  PUBREL: 'The sender’s word at QoS 2: I will not send it again, so you may forget the number.',
  PUBCOMP: 'The last packet of QoS 2: I have forgotten the number.',
  SUBSCRIBE: 'A packet with which a client subscribes to one or more filters.',
  SUBACK: 'The answer to SUBSCRIBE, with the quality of service that is granted for each filter.',
  UNSUBSCRIBE: 'A packet with which a client ends subscriptions.',
  UNSUBACK: 'The answer to UNSUBSCRIBE.',
  PINGREQ: 'A packet without content: I am still here, and are you?',
  PINGRESP: 'The answer to PINGREQ.',
  DISCONNECT: 'The last packet of a connection: one side says that it ends, and why.',
}
