// MQTT's tables, taken from the specification by hand. Both codecs are compared with these.

/** The packet kinds by the number of their type (§2.1.2). */
export const kinds = [
  undefined,
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
]

const everywhere = [...kinds.slice(1).filter(kind => !kind.startsWith('PING')), 'WILL']
const answers = ['CONNACK', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'SUBACK', 'UNSUBACK', 'DISCONNECT', 'AUTH']
const message = ['PUBLISH', 'WILL']

/**
 * Each property's identifier, type and places (§2.2.2.2). `+` after a type: the value must not be
 * 0.
 */
export const properties = {
  PayloadFormatIndicator: { id: 1, type: 'bit', places: message },
  MessageExpiryInterval: { id: 2, type: 'four', places: message },
  ContentType: { id: 3, type: 'text', places: message },
  ResponseTopic: { id: 8, type: 'topic', places: message },
  CorrelationData: { id: 9, type: 'bytes', places: message },
  SubscriptionIdentifier: { id: 11, type: 'variable+', places: ['PUBLISH', 'SUBSCRIBE'] },
  SessionExpiryInterval: { id: 17, type: 'four', places: ['CONNECT', 'CONNACK', 'DISCONNECT'] },
  AssignedClientIdentifier: { id: 18, type: 'text', places: ['CONNACK'] },
  ServerKeepAlive: { id: 19, type: 'two', places: ['CONNACK'] },
  AuthenticationMethod: { id: 21, type: 'text', places: ['CONNECT', 'CONNACK', 'AUTH'] },
  AuthenticationData: { id: 22, type: 'bytes', places: ['CONNECT', 'CONNACK', 'AUTH'] },
  RequestProblemInformation: { id: 23, type: 'bit', places: ['CONNECT'] },
  WillDelayInterval: { id: 24, type: 'four', places: ['WILL'] },
  RequestResponseInformation: { id: 25, type: 'bit', places: ['CONNECT'] },
  ResponseInformation: { id: 26, type: 'text', places: ['CONNACK'] },
  ServerReference: { id: 28, type: 'text', places: ['CONNACK', 'DISCONNECT'] },
  ReasonString: { id: 31, type: 'text', places: answers },
  ReceiveMaximum: { id: 33, type: 'two+', places: ['CONNECT', 'CONNACK'] },
  TopicAliasMaximum: { id: 34, type: 'two', places: ['CONNECT', 'CONNACK'] },
  TopicAlias: { id: 35, type: 'two+', places: ['PUBLISH'] },
  MaximumQoS: { id: 36, type: 'bit', places: ['CONNACK'] },
  RetainAvailable: { id: 37, type: 'bit', places: ['CONNACK'] },
  UserProperty: { id: 38, type: 'pair', places: everywhere },
  MaximumPacketSize: { id: 39, type: 'four+', places: ['CONNECT', 'CONNACK'] },
  WildcardSubscriptionAvailable: { id: 40, type: 'bit', places: ['CONNACK'] },
  SubscriptionIdentifierAvailable: { id: 41, type: 'bit', places: ['CONNACK'] },
  SharedSubscriptionAvailable: { id: 42, type: 'bit', places: ['CONNACK'] },
}

/** True if the property may stand more than once in a list. */
export const mayRepeat = (name, place) =>
  name === 'UserProperty' || (name === 'SubscriptionIdentifier' && place === 'PUBLISH')

const puback = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const pubrel = [0x00, 0x92]

/** The reason codes that each kind may carry in 5.0 (§2.4 and the tables of §3). */
export const reasons = {
  CONNACK: [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
    0x9c, 0x9d, 0x9f,
  ],
  PUBACK: puback,
  PUBREC: puback,
  PUBREL: pubrel,
  PUBCOMP: pubrel,
  SUBACK: [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  UNSUBACK: [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
  DISCONNECT: [
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
  AUTH: [0x00, 0x18, 0x19],
}

/** The CONNACK return codes of 3.1.1 and the reason codes that say the same (3.1.1 §3.2.2.3). */
export const returnCodes = [0x00, 0x84, 0x85, 0x88, 0x86, 0x87]
