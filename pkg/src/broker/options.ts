import type { QoS } from '../message/message.js'
import { type Store, store } from '../store/store.js'
import {
  bool,
  fields,
  func,
  milliseconds,
  oneOf,
  optionError,
  positive16,
  positive32,
  qos,
  text,
  uint16,
  uint32,
  type Validator,
} from '../util/validate.js'
import type { CoreBrokerOptions } from '../wasm/interface.js'
import { type AccessRule, readAcl } from './access-rules.js'
import type { Authenticate, AuthenticateEnhanced, Authorize, Hooks } from './hooks.js'
import { type BrokerUser, readUsers } from './users.js'

/** A broker's limits, and who may connect. What is left out, or undefined, has its default. */
export interface BrokerOptions {
  /** Connections at one time; the next is closed at once. Default 16384. */
  readonly connectionsMaximum?: number
  /** Sessions, connected or not; a new client is refused with 0x97, in 3.1.1 with 3. Default 16384. */
  readonly sessionsMaximum?: number
  /**
   * How long a peer may take until its CONNECT has come, and its part of the authentication is done, in milliseconds. Hooks
   * take their own time, up to `answerTimeout`. Default 10000.
   */
  readonly connectTimeout?: number
  /**
   * The longest keep alive, in seconds: a 5.0 client that asks for more, or for none, is given this. 0, the default, leaves it
   * to the client. 3.1.1 has no word for it, so that its clients have what they ask for.
   */
  readonly serverKeepAlive?: number
  /** The longest a session outlives its connection, in seconds; 4294967295, the default, is for ever. */
  readonly sessionExpiryMaximum?: number
  /** The largest packet taken, in bytes. Default 1 MiB. */
  readonly maximumPacketSize?: number
  /** QoS 1 and 2 messages that one 5.0 client may have unacknowledged, 1 to 65535. Default 65535. */
  readonly receiveMaximum?: number
  /** Topic aliases of one connection, each way: what a 5.0 client may use, and what is used for one that allows it. Default 16. */
  readonly topicAliasMaximum?: number
  /** QoS 1 and 2 messages in flight to one client, 1 to 65535; fewer if it takes fewer. Default 256. */
  readonly inFlightMaximum?: number
  /** The highest quality of service: above it a message is refused with 0x9B, and a subscription granted this. Default 2. */
  readonly maximumQos?: QoS
  /** Whether messages may be retained; refused with 0x9A if not. Default true. */
  readonly retainAvailable?: boolean
  /** Whether filters may have wildcards; who uses them otherwise is disconnected with 0xA2, in 3.1.1 refused. Default true. */
  readonly wildcardSubscriptionAvailable?: boolean
  /** Whether subscriptions may have identifiers; who uses them otherwise is disconnected with 0xA1. Default true. */
  readonly subscriptionIdentifiersAvailable?: boolean
  /** Whether subscriptions may be shared; who shares otherwise is disconnected with 0x9E, in 3.1.1 refused. Default true. */
  readonly sharedSubscriptionAvailable?: boolean
  /**
   * What response topics begin with: a 5.0 client that asks is given this, with its client identifier behind it, such as
   * `replies/ann` for `replies/`. Left out: nothing.
   */
  readonly responseInformation?: string
  /** Where every client is sent instead, with 0x9C, or 0x9D if for good; in 3.1.1 with 3. */
  readonly redirect?: {
    /** Such as `broker.example:1883`. */
    readonly serverReference: string
    /** Default false. */
    readonly permanent?: boolean
  }
  /** Levels of a topic. Default 128. */
  readonly topicLevelsMaximum?: number
  /**
   * Subscriptions of one client, and filters in one SUBSCRIBE; those above are refused with 0x97, as are those whose filters
   * are longer than 1 MiB together. Default 1000.
   */
  readonly subscriptionsMaximum?: number
  /** QoS 1 and 2 messages that wait for one client, connected or not. */
  readonly queue?: {
    /** Default 1000. */
    readonly messages?: number
    /** Of topics and payloads. Default 4 MiB. */
    readonly bytes?: number
    /**
     * What is lost when there is no room. Default `drop-newest`. With `disconnect` the client's connection is lost with the
     * newest message, and told 0x97 in 5.0; a client that is not connected loses the message alone.
     */
    readonly overflow?: 'drop-newest' | 'drop-oldest' | 'disconnect'
  }
  /**
   * Bytes that wait for one connection: live QoS 0 messages above it are dropped, others wait, and who does not read its answers
   * is disconnected above it. Default 16 MiB.
   */
  readonly transmitBytesMaximum?: number
  /** Retained messages; one above these is delivered and not retained. */
  readonly retained?: {
    /** Default 100000. */
    readonly messages?: number
    /** Of topics and payloads. Default 64 MiB. */
    readonly bytes?: number
  }
  /**
   * How often the topics below `$SYS/broker/` tell what has changed, in seconds; 0 turns them off. Default 10. Who subscribes is
   * told at once; while nobody is subscribed, nothing is told, and nothing runs.
   */
  readonly sysInterval?: number
  /**
   * What survives the broker: `memory()`, `indexedDb(name)`, or `directory(path)` of `wasmqtt/node`. Nothing is acknowledged
   * before what that promises is stored. Left out: everything is gone with the broker.
   */
  readonly store?: Store
  /**
   * Bytes of packets that are handled while the store is written; above it, or at half as many messages as `queue.messages`,
   * no more packets are looked at until it is. Default 4 MiB.
   */
  readonly storeBytesMaximum?: number
  /** Who may connect. Left out: everyone, as far as `authenticate` lets them. */
  readonly users?: readonly BrokerUser[]
  /**
   * What clients may do with topics: the first rule that names the client, the action and the topic decides, and what none
   * names is allowed. Held before `authorize` is asked.
   */
  readonly acl?: readonly AccessRule[]
  /**
   * Says who may connect. With `users` both must say yes. Others go on while it is asked, and the client's packets wait, in
   * their order; so with all hooks. One that throws, rejects or gives what is no answer refuses with 0x80, and `error` tells.
   */
  readonly authenticate?: Authenticate
  /** Says who may connect with an authentication method, in place of the above. Left out: nobody, who is told 0x8C. */
  readonly authenticateEnhanced?: AuthenticateEnhanced
  /** Says which messages clients may publish, and which subscriptions they may have. */
  readonly authorize?: Authorize
  /** Whether `authorize` is asked too before each message is sent to each of its subscribers. Default false. */
  readonly authorizeReceive?: boolean
  /** How long a hook may take, in milliseconds; then it counts as a refusal with 0x80. Default 30000. */
  readonly answerTimeout?: number
  /**
   * Bytes of one client that wait while a hook is asked, or the store is written. From a sixteenth of it on its connection is
   * not read further, until half of that waits. Where that cannot be, as with a WebSocket of a page, a client that has sent so
   * many more is disconnected with 0x97. Some chunks of a connection should fit in, of 64 KiB each. Default 4 MiB.
   */
  readonly inputBytesMaximum?: number
}

const redirectFields = fields({ serverReference: text, permanent: bool })

const redirect: Validator<{ serverReference: string; permanent?: boolean }> = (value, name) => {
  const { serverReference, permanent = false } = redirectFields(value, name)
  if (!serverReference) throw optionError(`${name}.serverReference`, serverReference, 'it must name a server')
  return { serverReference, permanent }
}

const topicStart: Validator<string> = (value, name) => {
  const start = text(value, name)
  if (/[+#]/.test(start)) throw optionError(name, start, 'it must be without wildcards: no + and no #')
  return start
}

/** As the module numbers them. */
const overflows = ['drop-newest', 'drop-oldest', 'disconnect'] as const

const brokerFields = fields({
  connectionsMaximum: uint32,
  sessionsMaximum: uint32,
  connectTimeout: milliseconds,
  serverKeepAlive: uint16,
  sessionExpiryMaximum: uint32,
  maximumPacketSize: positive32,
  receiveMaximum: positive16,
  topicAliasMaximum: uint16,
  inFlightMaximum: positive16,
  maximumQos: qos,
  retainAvailable: bool,
  wildcardSubscriptionAvailable: bool,
  subscriptionIdentifiersAvailable: bool,
  sharedSubscriptionAvailable: bool,
  responseInformation: topicStart,
  redirect,
  topicLevelsMaximum: positive32,
  subscriptionsMaximum: uint32,
  queue: fields({ messages: uint32, bytes: uint32, overflow: oneOf(...overflows) }),
  transmitBytesMaximum: positive32,
  retained: fields({ messages: uint32, bytes: uint32 }),
  sysInterval: uint32,
  store,
  storeBytesMaximum: uint32,
  users: readUsers,
  acl: readAcl,
  authenticate: func<Authenticate>('({ clientId, username, password }) => true'),
  authenticateEnhanced: func<AuthenticateEnhanced>('({ method, data }) => ({ complete: true })'),
  authorize: func<Authorize>('({ clientId, action, topic }) => true'),
  authorizeReceive: bool,
  answerTimeout: milliseconds,
  inputBytesMaximum: uint32,
})

/** The options as the module takes them, the hooks, and the store. @internal */
export function readBrokerOptions(options: unknown): {
  readonly core: CoreBrokerOptions
  readonly hooks: Hooks
  readonly store: Store | undefined
} {
  const given = brokerFields(options, 'options')
  const { queue = {}, retained = {} } = given
  const { users, authenticate, authenticateEnhanced, authorize } = given
  const hooks = { users, authenticate, authenticateEnhanced, authorize }
  if (given.authorizeReceive && !authorize) {
    throw optionError('authorizeReceive', true, 'set the hook authorize too')
  }
  const core = [
    given.connectionsMaximum,
    given.sessionsMaximum,
    given.connectTimeout,
    given.serverKeepAlive,
    given.sessionExpiryMaximum,
    given.maximumPacketSize,
    given.receiveMaximum,
    given.inFlightMaximum,
    given.maximumQos,
    bit(given.retainAvailable),
    given.topicLevelsMaximum,
    given.subscriptionsMaximum,
    queue.messages,
    queue.bytes,
    queue.overflow && overflows.indexOf(queue.overflow),
    given.transmitBytesMaximum,
    retained.messages,
    retained.bytes,
    given.storeBytesMaximum,
    given.topicAliasMaximum,
    given.sysInterval,
    bit(given.wildcardSubscriptionAvailable),
    bit(given.subscriptionIdentifiersAvailable),
    bit(given.sharedSubscriptionAvailable),
    given.responseInformation,
    bit(given.redirect?.permanent),
    given.redirect?.serverReference,
    asks(hooks, given.authorizeReceive ?? false),
    given.answerTimeout,
    given.inputBytesMaximum,
    given.acl,
  ]
  return { core, hooks, store: given.store }
}

/** A bit for each kind of question that the module is to ask. */
function asks({ users, authenticate, authenticateEnhanced, authorize }: Hooks, authorizeReceive: boolean): number {
  const kinds = [users ?? authenticate, authenticateEnhanced, authorize, authorize, authorizeReceive]
  return kinds.reduce<number>((bits, kind, index) => bits | (kind ? 1 << index : 0), 0)
}

const bit = (value: boolean | undefined) => (value === undefined ? undefined : Number(value))
