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
  credentials: [{ offer: 'join-credentials', set: { username: 'none', password: 'token-7f3a' } }],
  levels: [
    { offer: 'subscribe', set: { filter: 'home/+/temperature' }, until: packet(/SUBACK/) },
    { offer: 'publish-design', set: { design: 'levels' } },
  ],
  dollar: [{ offer: 'subscribe', set: { filter: '$lab/#' }, until: packet(/SUBACK/) }, { offer: 'publish-dollar' }],
  order: [
    { offer: 'publish-two', set: { qos: '1' } },
    { offer: 'packet' },
    { offer: 'packet' },
    { offer: 'cut' },
    { offer: 'settle' },
  ],
  cost: [{ offer: 'publish-qos', set: { qos: '1' } }],
  idempotent: [
    { offer: 'publish-command', set: { command: 'on' } },
    { offer: 'packet' },
    { offer: 'cut-switch' },
    { offer: 'settle' },
  ],
  'clean-start': [
    { offer: 'open-clean', set: { clean: false, expiry: '3600' }, until: packet(/broker to dashboard, CONNACK/) },
    { offer: 'subscribe-1', until: packet(/SUBACK/) },
    { offer: 'close-page' },
    { offer: 'publish-1', until: packet(/PUBACK/) },
    { offer: 'open-page' },
  ],
  bounds: [
    { offer: 'cut-dashboard' },
    { offer: 'publish-reading', set: { reading: '20.0', qos: '0' } },
    { offer: 'publish-reading', set: { reading: '21.0', qos: '0' } },
    { offer: 'publish-reading', set: { reading: '22.0', qos: '1' }, until: packet(/PUBACK/) },
    { offer: 'back' },
  ],
  takeover: [{ offer: 'silence-dashboard' }, { offer: 'come' }],
  overlap: [
    {
      offer: 'subscribe-filter-qos',
      set: { filter: 'home/kitchen/temperature', qos: '1' },
      until: packet(/SUBACK/, 2),
    },
    { offer: 'publish-both' },
  ],
  shared: [
    { offer: 'subscribe-crew', set: { who: 'anna', filter: '$share/crew/shop/orders' }, until: packet(/SUBACK/) },
    { offer: 'subscribe-crew', set: { who: 'ben' }, until: packet(/SUBACK/, 2) },
    { offer: 'subscribe-crew', set: { who: 'boss', filter: 'shop/orders' }, until: packet(/SUBACK/, 3) },
    { offer: 'publish-jobs' },
  ],
  echo: [
    { offer: 'subscribe-bridge', set: { noLocal: true }, until: packet(/SUBACK/, 2) },
    { offer: 'publish-bridge' },
    { offer: 'publish-dashboard' },
  ],
  handling: [
    { offer: 'subscribe-handling', set: { handling: '1' }, until: packet(/SUBACK/) },
    { offer: 'subscribe-handling' },
  ],
  'as-published': [
    { offer: 'subscribe-as-published', set: { asPublished: true }, until: packet(/SUBACK/) },
    { offer: 'publish-kept' },
  ],
  limits: [
    { offer: 'add', until: packet(/broker to sensor, CONNACK/) },
    { offer: 'publish-limited', set: { qos: '1', retain: false } },
  ],
  aliases: [
    { offer: 'join-aliases', set: { aliases: '4' }, until: packet(/broker to sensor, CONNACK/) },
    { offer: 'publish' },
    { offer: 'cut', until: packet(/broker to sensor, CONNACK/, 2) },
    { offer: 'publish' },
    { offer: 'publish' },
  ],
  flow: [
    { offer: 'join-receive', set: { receiveMaximum: '1' }, until: packet(/broker to dashboard, CONNACK/) },
    { offer: 'subscribe-qos', set: { qos: '1' }, until: packet(/SUBACK/) },
    { offer: 'publish-burst' },
  ],
  reasons: [
    { offer: 'subscribe', until: packet(/SUBACK/) },
    { offer: 'publish-qos', set: { qos: '1' } },
  ],
  properties: [{ offer: 'publish-typed', set: { contentType: 'application/json' } }],
  request: [
    { offer: 'listen', until: packet(/SUBACK/, 2) },
    { offer: 'ask', set: { number: '7' } },
    { offer: 'answer', set: { number: '7' } },
  ],
  versions: [
    { offer: 'join-old', set: { cleanSession: false }, until: packet(/broker to dashboard, CONNACK/) },
    { offer: 'subscribe-1', until: packet(/SUBACK/) },
    { offer: 'cut-dashboard' },
    { offer: 'publish-1', until: packet(/PUBACK/) },
    { offer: 'back' },
  ],
  sys: [{ offer: 'subscribe', set: { filter: '$SYS/broker/clients/connected' } }],
  stream: [{ offer: 'publish-torn', set: { after: '20' } }],
  bytes: [{ offer: 'publish-size', set: { size: '101' } }],
  restart: [{ offer: 'restart-broker', set: { state: 'written' } }],
  room: [{ offer: 'goodbye-client', set: { leaver: 'sensor' } }, { offer: 'add-tablet' }],
  debug: [
    { offer: 'subscribe', set: { filter: 'home/kitchen/temperature' }, until: packet(/SUBACK/, 2) },
    { offer: 'publish-qos', set: { qos: '0' } },
  ],
  proxy: [
    { offer: 'join-behind', set: { keepAlive: '45' }, until: packet(/broker to sensor, CONNACK/) },
    { offer: 'wait-behind' },
  ],
}
