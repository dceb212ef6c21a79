// Moves that solve each exercise: offers of the page, in order, with their fields.

export interface Move {
  readonly offer: string
  readonly set?: Readonly<Record<string, string | boolean>>
  /** Text of a packet that is awaited in the picture, or of the status. */
  readonly until?: { readonly packet: RegExp; readonly count: number }
}

const packet = (name: RegExp, count = 1) => ({ packet: name, count })

export const moves: Readonly<Record<string, readonly Move[]>> = {
  greeting: [{ offer: 'add' }, { offer: 'packet' }, { offer: 'packet' }, { offer: 'cut' }],
  through: [{ offer: 'subscribe', until: packet(/SUBACK/) }, { offer: 'publish' }],
  names: [
    { offer: 'subscribe', set: { filter: 'home/Cellar/temperature' }, until: packet(/SUBACK/) },
    { offer: 'publish' },
  ],
  plus: [
    { offer: 'subscribe', set: { filter: 'home/+/temperature' }, until: packet(/SUBACK/) },
    { offer: 'publish-all' },
  ],
  hash: [{ offer: 'subscribe', set: { filter: 'home/kitchen/#' }, until: packet(/SUBACK/) }, { offer: 'publish-all' }],
  'at-most-once': [{ offer: 'publish' }, { offer: 'cut' }],
  'at-least-once': [{ offer: 'publish-1' }, { offer: 'packet' }, { offer: 'cut' }, { offer: 'settle' }],
  'exactly-once': [
    { offer: 'publish-qos', set: { qos: '2' } },
    { offer: 'packet' },
    { offer: 'cut' },
    { offer: 'settle' },
  ],
  'by-hop': [
    { offer: 'subscribe-qos', set: { qos: '1' }, until: packet(/SUBACK/) },
    { offer: 'publish-qos', set: { qos: '2' } },
  ],
  session: [
    { offer: 'join', set: { expiry: '3600' }, until: packet(/broker to dashboard, CONNACK/) },
    { offer: 'subscribe-qos', set: { qos: '1' }, until: packet(/SUBACK/) },
    { offer: 'cut-dashboard' },
    { offer: 'publish-qos', set: { qos: '1' }, until: packet(/PUBACK/) },
    { offer: 'back' },
  ],
  'last-value': [{ offer: 'publish-retain', set: { retain: true }, until: packet(/PUBLISH/) }, { offer: 'subscribe' }],
  ghost: [
    { offer: 'publish-retain', set: { payload: '', retain: true }, until: packet(/PUBLISH/, 2) },
    { offer: 'subscribe' },
  ],
  'half-open': [
    { offer: 'join-keep-alive', set: { keepAlive: '5' }, until: packet(/broker to sensor, CONNACK/) },
    { offer: 'silence' },
    { offer: 'wait' },
  ],
  'last-will': [{ offer: 'kill' }],
  parting: [{ offer: 'goodbye-reason', set: { reason: 'will' } }],
  delayed: [
    { offer: 'join-delay', set: { delay: '5' }, until: packet(/broker to sensor, CONNACK/) },
    { offer: 'reload', until: packet(/broker to sensor, CONNACK/, 2) },
    { offer: 'kill' },
    { offer: 'wait-10' },
  ],
  expiry: [
    { offer: 'cut-dashboard' },
    { offer: 'publish-expiry', set: { messageExpiry: '60' }, until: packet(/PUBACK/) },
    { offer: 'back' },
  ],
}
