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

/** Options of a broker: limits, access and storage. An option that is undefined has its default. */
export interface BrokerOptions {
  /** Number of connections at one time. The next one is closed at once. Default 16384. */
  readonly connectionsMaximum?: number
  /**
   * Number of sessions, connected or not. A new client is refused with 0x97, in 3.1.1 with 3.
   * Default 16384.
   */
  readonly sessionsMaximum?: number
  /**
   * Time limit of a peer for its CONNECT and its part of the authentication, in milliseconds. Hooks
   * have `answerTimeout`. Default 10000.
   */
  readonly connectTimeout?: number
  /**
   * Longest keep alive in seconds, given to a 5.0 client that asks for more or for none. 0 leaves
   * it to the client. Clients of 3.1.1 cannot be told, and keep their own. Default 0.
   */
  readonly serverKeepAlive?: number
  /** Longest session expiry interval in seconds. 4294967295 is for ever. Default 4294967295. */
  readonly sessionExpiryMaximum?: number
  /** Largest packet taken, in bytes. Default 1 MiB. */
  readonly maximumPacketSize?: number
  /**
   * Number of QoS 1 and 2 messages that one 5.0 client may have unacknowledged, 1 to 65535. Default
   * 65535.
   */
  readonly receiveMaximum?: number
  /** Number of topic aliases of one 5.0 connection, each way. Default 16. */
  readonly topicAliasMaximum?: number
  /**
   * Number of QoS 1 and 2 messages in flight to one client, 1 to 65535. A client may take fewer.
   * Default 256.
   */
  readonly inFlightMaximum?: number
  /**
   * Highest quality of service. A message above it is refused with 0x9B, and a subscription is
   * granted this. Default 2.
   */
  readonly maximumQos?: QoS
  /** False to refuse retained messages with 0x9A. Default true. */
  readonly retainAvailable?: boolean
  /**
   * False to disconnect a client that uses wildcards with 0xA2. A 3.1.1 client is refused the
   * subscription. Default true.
   */
  readonly wildcardSubscriptionAvailable?: boolean
  /** False to disconnect a client that uses subscription identifiers with 0xA1. Default true. */
  readonly subscriptionIdentifiersAvailable?: boolean
  /**
   * False to disconnect a client that uses shared subscriptions with 0x9E. A 3.1.1 client is
   * refused the subscription. Default true.
   */
  readonly sharedSubscriptionAvailable?: boolean
  /**
   * Prefix of response topics, for a 5.0 client that asks. The client identifier follows, as in
   * `replies/ann` for `replies/`. Default none.
   */
  readonly responseInformation?: string
  /**
   * Server that every client is sent to, with 0x9C, or 0x9D if `permanent`. A 3.1.1 client gets 3.
   * Default none.
   */
  readonly redirect?: {
    /** Example: `broker.example:1883`. */
    readonly serverReference: string
    /** Default false. */
    readonly permanent?: boolean
  }
  /** Number of levels of a topic. Default 128. */
  readonly topicLevelsMaximum?: number
  /**
   * Number of subscriptions of one client, and of filters in one SUBSCRIBE. The next is refused
   * with 0x97. So are filters of more than 1 MiB together. Default 1000.
   */
  readonly subscriptionsMaximum?: number
  /** Queue of one client, connected or not: its QoS 1 and 2 messages that wait. */
  readonly queue?: {
    /** Default 1000. */
    readonly messages?: number
    /**
     * Bytes of topics, payloads and properties. With the bookkeeping they take no more either, or
     * no more than 64 KiB. Default 4 MiB.
     */
    readonly bytes?: number
    /**
     * Message to lose when the queue is full. Default `drop-newest`.
     *
     * With `disconnect`, the newest message is lost and the client is disconnected, with 0x97 in
     * 5.0. A client that is not connected loses the message only.
     */
    readonly overflow?: 'drop-newest' | 'drop-oldest' | 'disconnect'
  }
  /**
   * Bytes that wait for one connection. Live QoS 0 messages above it are dropped, and others wait.
   * A client that does not read its answers is disconnected. Default 16 MiB.
   */
  readonly transmitBytesMaximum?: number
  /** Limits of retained messages. A message above them is delivered, but not retained. */
  readonly retained?: {
    /** Default 100000. */
    readonly messages?: number
    /** Bytes of topics, payloads and properties. Default 64 MiB. */
    readonly bytes?: number
  }
  /**
   * Interval of the topics below `$SYS/broker/`, in seconds. 0 turns them off. Default 10.
   *
   * A new subscriber gets all values at once, then only changes. Without subscribers no timer runs.
   */
  readonly sysInterval?: number
  /**
   * Storage that outlives the broker: `memory()`, `indexedDb(name)`, or `directory(path)` of
   * `wasmqtt/node`. No acknowledgement leaves before everything that it promises is stored. Default
   * none.
   */
  readonly store?: Store
  /**
   * Bytes of packets that are handled during a write of the store. Above it, or at half of
   * `queue.messages`, packets wait for the write. Default 4 MiB.
   */
  readonly storeBytesMaximum?: number
  /** Users who may connect. Default everyone, as far as `authenticate` lets them. */
  readonly users?: readonly BrokerUser[]
  /**
   * Access list. The first rule that matches client, action and topic decides. Without a match the
   * action is allowed. It comes before `authorize`.
   */
  readonly acl?: readonly AccessRule[]
  /**
   * Hook that decides whether a client may connect. With `users` both must agree.
   *
   * Other clients are served meanwhile, and the client's own packets wait in order. A hook that
   * throws, rejects or returns no verdict refuses with 0x80, and `error` reports it. All hooks work
   * so.
   */
  readonly authenticate?: Authenticate
  /**
   * Hook for clients with an authentication method, instead of `authenticate`. Without it they are
   * refused with 0x8C.
   */
  readonly authenticateEnhanced?: AuthenticateEnhanced
  /**
   * Hook that decides which messages clients may publish, and which subscriptions they may have.
   */
  readonly authorize?: Authorize
  /** True to call `authorize` also before each delivery to a subscriber. Default false. */
  readonly authorizeReceive?: boolean
  /**
   * Time limit of a hook, in milliseconds, after which it counts as a refusal with 0x80. Default
   * 30000.
   */
  readonly answerTimeout?: number
  /**
   * Bytes of one client that wait for a hook, a write of the store or their turn. Default 4 MiB.
   *
   * From a sixteenth of it on, the connection is not read until less than a thirty-second waits. A
   * page's WebSocket cannot pause: its client is disconnected with 0x97 once `inputBytesMaximum`
   * more bytes have come. The
   * limit should hold some chunks of 64 KiB.
   */
  readonly inputBytesMaximum?: number
  /**
   * Bytes of memory that the broker holds for all clients together, with all bookkeeping. Default
   * 256 MiB in a page or worker, else 1 GiB.
   *
   * Once half of it is used, a client may take more only while it holds no more than is free. A
   * quarter is left aside, of which each client has a share. Beyond that, messages of QoS 0 to it
   * are dropped. Messages that nobody else takes, subscriptions, sessions and wills are refused
   * with 0x97. A publisher of 3.1.1 waits. Messages that were acknowledged stay.
   */
  readonly memoryMaximum?: number
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

/** Values in the order of the module's numbers. */
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
  memoryMaximum: positive32,
})

/**
 * Checks the options of a broker. Returns them in the module's form, with the hooks and the store.
 * @internal
 */
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
    given.memoryMaximum ?? memoryDefault(),
  ]
  return { core, hooks, store: given.store }
}

/** Returns a bit for each kind of question that the module should ask. */
function asks({ users, authenticate, authenticateEnhanced, authorize }: Hooks, authorizeReceive: boolean): number {
  const kinds = [users ?? authenticate, authenticateEnhanced, authorize, authorize, authorizeReceive]
  return kinds.reduce<number>((bits, kind, index) => bits | (kind ? 1 << index : 0), 0)
}

/** Returns the default of `memoryMaximum`. A page and a worker share their process with others. */
const memoryDefault = () => ('document' in globalThis || 'WorkerGlobalScope' in globalThis ? 1 << 28 : 1 << 30)

const bit = (value: boolean | undefined) => (value === undefined ? undefined : Number(value))
