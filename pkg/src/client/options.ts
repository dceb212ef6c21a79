import type { Payload, QoS } from '../message/message.js'
import {
  type MessageProperties,
  messageProperties,
  type PropertyList,
  toList,
  type UserProperties,
} from '../message/properties.js'
import { type Store, store } from '../store/store.js'
import {
  bool,
  fields,
  func,
  integer,
  milliseconds,
  oneOf,
  optionError,
  payload,
  positive16,
  positive32,
  qos,
  secret,
  signal,
  text,
  uint16,
  uint32,
  userProperties,
  type Validator,
} from '../util/validate.js'
import type { CoreOptions, CoreWill } from '../wasm/interface.js'
import type { WebSocketLike } from '../wasm/websocket-like.js'
import type { AuthenticationSettings, Authenticator } from './authentication.js'
import type { QueueLimits } from './offline-queue.js'
import { type RequestLimits, readLimits } from './request-limits.js'

/** Delays between attempts to connect, in milliseconds. */
export interface ReconnectOptions {
  /** Upper bound of the first delay, which is random. It doubles with each failure. Default 500. */
  readonly min?: number
  /** Upper bound of all delays. Default 30000. */
  readonly max?: number
  /** Lifetime of a connection after which the delays begin with the first again. Default 30000. */
  readonly stable?: number
}

/** User name and password of the client. */
export interface Credentials {
  readonly username?: string
  /**
   * Password of at most 65,535 bytes; text is sent as UTF-8. MQTT 3.1.1 needs a user name with it.
   */
  readonly password?: string | Uint8Array
  /**
   * Time at which they expire, a `Date` or as in `Date.now()`. The client reconnects a minute
   * before it, or in the middle of a shorter time. A time that is past counts for nothing.
   */
  readonly expires?: Date | number
}

/**
 * A will: a message that the broker publishes if the connection ends without DISCONNECT (MQTT 5.0
 * §3.1.2.5).
 */
export interface Will {
  readonly topic: string
  /** Default empty. */
  readonly payload?: Payload
  /** Default 0. */
  readonly qos?: QoS
  /** Default false. */
  readonly retain?: boolean
  /** Will delay in seconds, 0 to 4294967295. Default 0. 5.0 only. */
  readonly delay?: number
  /** 5.0 only. */
  readonly properties?: MessageProperties
}

/** Limits of what waits for a connection, or for the broker's acknowledgements. */
export interface QueueOptions {
  /** Number of messages and subscriptions. Default 1000. */
  readonly messages?: number
  /** Bytes of their topics and payloads. Default 16 MiB. */
  readonly bytes?: number
}

/** Options of the offline queue: its bound, and its policies. */
export interface OfflineOptions {
  /** Number of messages and subscriptions that wait for a connection. Default that of `queue`. */
  readonly limit?: number
  /**
   * Request to reject if the queue is full: the new one, the oldest message, or the new message.
   * Default `reject`.
   */
  readonly overflow?: 'reject' | 'drop-oldest' | 'drop-newest'
  /**
   * Requests that wait for the next connection: all; those that the broker acknowledges, so not
   * those of QoS 0; or none. Default `keep-acknowledged`. `docs/offline.md` has the details.
   */
  readonly keep?: 'keep-all' | 'keep-acknowledged' | 'fail'
}

/** Options of a client. An option that is undefined has its default. */
export interface ClientOptions {
  /**
   * Protocol version: 5 is MQTT 5.0, 4 is MQTT 3.1.1. Default 5.
   *
   * `'auto'` is 5.0, and 3.1.1 with a broker that refuses it or hangs up on it. Options for 5.0
   * only then count for nothing.
   */
  readonly version?: 4 | 5 | 'auto'
  /**
   * Client identifier. Default a random one, kept for this client. If empty, the broker assigns one
   * (5.0).
   */
  readonly clientId?: string
  /**
   * True to begin without the session of an earlier connection (MQTT 5.0 §3.1.2.4). Default true.
   *
   * To get the messages that a session has queued, subscribe before the client is ready; see
   * `connect`.
   */
  readonly cleanStart?: boolean
  /**
   * Keep alive: seconds without a packet after which the client pings, 0 to 65535. 0 turns it off.
   * Default 45. A ping's answer is waited for half of that, from 1 to 30 seconds.
   */
  readonly keepAlive?: number
  /**
   * Session expiry interval in seconds. 4294967295 is for ever. Default 0; with a store 86400, a
   * day. 5.0 only.
   */
  readonly sessionExpiry?: number
  /**
   * User name and password, or a function that returns them. The function is called before each
   * attempt to connect. If it throws `Unauthorized` the client ends; after another error it tries
   * again.
   */
  readonly credentials?: Credentials | (() => Credentials | Promise<Credentials>)
  /**
   * Method of enhanced authentication, such as `SCRAM-SHA-256`, with `authenticate` (MQTT 5.0
   * §4.12). 5.0 only.
   */
  readonly authenticationMethod?: string
  /** Function that returns the data of each step of enhanced authentication. */
  readonly authenticate?: Authenticator
  readonly will?: Will
  /**
   * Time limit of an attempt to connect, in milliseconds, from 1 on. It includes asking for the URL
   * and the credentials. Default 30000. `connect()` begins no further attempt after it.
   */
  readonly connectTimeout?: number
  /**
   * Delays before the client connects again; false: it ends with its first connection or failure.
   * Default on for URLs, off for a broker in the page.
   */
  readonly reconnect?: ReconnectOptions | boolean
  /**
   * Number of QoS 1 and 2 messages that the broker may send unacknowledged, 1 to 65535. Default
   * 65535. 5.0 only.
   */
  readonly receiveMaximum?: number
  /** Largest packet that the client takes, in bytes. Default unlimited. */
  readonly maximumPacketSize?: number
  /** Number of topic aliases that the broker may use, 0 to 65535. Default 0. 5.0 only. */
  readonly topicAliasMaximum?: number
  /**
   * Number of topic aliases that the client assigns to the topics it publishes, 0 to 64, as far as
   * the broker takes them. 0 turns them off. Default 16. 5.0 only.
   */
  readonly assignedTopicAliases?: number
  /**
   * Limits of a broker that its CONNACK does not tell. `'aws-iot'` are those that AWS IoT Core
   * documents. Default none.
   */
  readonly limits?: RequestLimits | 'aws-iot'
  /**
   * True to ask the broker for Response Information, below which `request` then has its response
   * topic. Default false. 5.0 only.
   */
  readonly requestResponseInformation?: boolean
  /**
   * False to ask the broker for no reason strings and user properties but in PUBLISH, CONNACK and
   * DISCONNECT. Default true. 5.0 only.
   */
  readonly requestProblemInformation?: boolean
  /** User properties of CONNECT. 5.0 only. */
  readonly userProperties?: UserProperties
  readonly queue?: QueueOptions
  readonly offline?: OfflineOptions
  /**
   * Store of the session, such as `indexedDb(name)`. Messages of QoS 1 and 2 survive a reload and a
   * crash, and QoS 2 is exactly once over reloads. Default memory. `docs/store.md` has the details.
   *
   * A store is for one client identifier at one broker. Without `clientId`, that of the store is
   * used. Where the store cannot be opened or written, the session is in memory, by a `notice` and
   * in `status`.
   */
  readonly store?: Store
  /**
   * Time limit for the broker's answer to a request, in milliseconds from its sending on. Then it
   * rejects with a TimeoutError. Default none.
   */
  readonly requestTimeout?: number
  /**
   * True to end the connection also where a broker breaks a rule with a safe outcome. These are
   * PUBACK for QoS 2, and a session of which this client has no state [MQTT-3.2.2-4]. Default
   * false.
   */
  readonly strict?: boolean
  /**
   * Name under which all tabs of the origin share one connection. One tab holds it, and when that
   * one is gone, another takes over. Default none: a connection of its own.
   *
   * The URL, `version`, `clientId` and the user name must be the same in all tabs. Other options
   * are those of the tab that holds the connection. See "One connection for all tabs" in the
   * README.
   */
  readonly share?: string
  /**
   * Creates the WebSocket. Default `new WebSocket(url, protocols)`.
   *
   * It is required where there is no global WebSocket, as in Node 20. There use the `WebSocket` of
   * the package `ws`: `(url, protocols) => new WebSocket(url, protocols)`.
   */
  readonly createWebSocket?: (url: string, protocols: string[]) => WebSocketLike | Promise<WebSocketLike>
  /**
   * Signal that aborts connecting, which rejects with its reason. Later it ends the client as
   * `end()` does.
   */
  readonly signal?: AbortSignal
}

type CreateWebSocket = NonNullable<ClientOptions['createWebSocket']>

/** Checked credentials. @internal */
export interface CoreCredentials {
  readonly username?: string
  readonly password?: Uint8Array
  /** Milliseconds until they expire. */
  readonly lifetime?: number
}

/** Checked options. @internal */
export interface Settings {
  readonly version: 4 | 5
  readonly clientId: string
  readonly core: CoreOptions
  /** Returns credentials that are still to be checked. */
  readonly credentials: () => unknown
  readonly createWebSocket: CreateWebSocket
  readonly signal: AbortSignal | undefined
  readonly connectTimeout: number
  readonly queue: QueueLimits
  /** Seconds. */
  readonly keepAlive: number
  /** Seconds. */
  readonly sessionExpiry: number
  readonly limits: RequestLimits
  /** Name of the connection that all tabs share. */
  readonly share: string | undefined
  readonly authentication: AuthenticationSettings | undefined
  readonly store: StoreSettings | undefined
}

/** Option `store`, and what it means for the others. @internal */
export interface StoreSettings {
  readonly store: Store
  /** True if the client identifier is arbitrary, and gives way to that of the store. */
  readonly takesIdentity: boolean
  /** Properties of CONNECT while the store is used. */
  readonly properties: PropertyList
}

/** Default session expiry with a store, in seconds. */
const STORED_EXPIRY = 86_400

/** Check of a topic name. @internal */
export const topicName = (value: unknown, name: string): string => {
  const topic = text(value, name)
  if (topic && !/[+#]/.test(topic)) return topic
  throw optionError(name, topic, 'it must be a topic name: not empty, with no + and no #')
}

const OVERFLOWS = ['reject', 'drop-oldest', 'drop-newest'] as const
const KEEPS = ['keep-all', 'keep-acknowledged', 'fail'] as const

const willFields = fields({
  topic: topicName,
  payload,
  qos,
  retain: bool,
  delay: uint32,
  properties: messageProperties,
})

const date: Validator<number> = (value, name) => {
  const time = Number(value instanceof Date || typeof value === 'number' ? value : Number.NaN)
  if (Number.isFinite(time)) return time
  throw optionError(name, value, 'it must be a Date, or a number as in Date.now()')
}

const credentialFields = fields({ username: text, password: secret, expires: date })

const reconnectFields = fields({ min: milliseconds, max: milliseconds, stable: milliseconds })

const shareName: Validator<string> = (value, name) => {
  const share = text(value, name)
  if (share && share.length <= 200) return share
  throw optionError(name, share, 'it must have 1 to 200 characters')
}

const clientFields = fields({
  version: oneOf<4 | 5 | 'auto'>(4, 5, 'auto'),
  clientId: text,
  cleanStart: bool,
  keepAlive: uint16,
  sessionExpiry: uint32,
  credentials: value => value,
  authenticationMethod: text,
  authenticate: func<Authenticator>('step => Uint8Array'),
  will: willFields,
  connectTimeout: milliseconds,
  reconnect: (value, name) => (typeof value === 'boolean' ? value : reconnectFields(value, name)),
  receiveMaximum: positive16,
  maximumPacketSize: positive32,
  topicAliasMaximum: uint16,
  requestResponseInformation: bool,
  requestProblemInformation: bool,
  assignedTopicAliases: integer(0, 64),
  limits: readLimits,
  userProperties,
  queue: fields({ messages: uint32, bytes: uint32 }),
  offline: fields({ limit: uint32, overflow: oneOf(...OVERFLOWS), keep: oneOf(...KEEPS) }),
  requestTimeout: milliseconds,
  strict: bool,
  share: shareName,
  store,
  createWebSocket: func<CreateWebSocket>('(url, protocols) => WebSocket'),
  signal,
})

/**
 * Checks the options of a client, which connects to so many servers; 0 for a broker in the page.
 * @internal
 */
export function readClientOptions(options: unknown, servers: number): Settings {
  const given = clientFields(options, 'options')
  const {
    version = 5,
    clientId = randomClientId(),
    cleanStart = true,
    keepAlive = 45,
    credentials,
    will,
    connectTimeout = 30_000,
    createWebSocket = defaultSocket(servers > 0),
    reconnect = servers > 0,
    maximumPacketSize = 4_294_967_295,
    limits = {},
    queue: { messages = 1000, bytes = 16 << 20 } = {},
    offline: { limit = messages, overflow = 'reject', keep = 'keep-acknowledged' } = {},
    requestTimeout = 0,
    strict = false,
    share,
    store,
    signal,
    ...of5
  } = given
  if (share !== undefined && servers === 0)
    throw optionError('share', share, 'a broker in the page is shared by no tab')
  if (share !== undefined && store) throw optionError('share', share, 'a client with a store is not shared')
  if (version === 4) {
    only5({ ...of5, 'will.delay': will?.delay, 'will.properties': will?.properties })
    if (!clientId && (!cleanStart || store))
      throw optionError(
        'clientId',
        clientId,
        'MQTT 3.1.1 needs one for a session that lasts; give one, or leave out cleanStart and store',
      )
  }
  const { sessionExpiry, authenticationMethod, authenticate, ...others } = of5
  const { receiveMaximum = 65_535, topicAliasMaximum = 0, assignedTopicAliases = 16, ...told } = others
  const authentication = readAuthentication(authenticationMethod, authenticate)
  const spoken = version === 'auto' ? 5 : version
  if (typeof credentials !== 'function') readCredentials(credentials, spoken)
  const properties = (expiry?: number) => toList({ sessionExpiryInterval: sessionExpiry ?? expiry, ...told })
  const { min = 500, max = 30_000, stable = 30_000 } = typeof reconnect === 'object' ? reconnect : {}
  return {
    version: spoken,
    clientId,
    core: [
      version === 'auto' ? 0 : version,
      clientId,
      cleanStart ? 1 : 0,
      keepAlive,
      // Identifiers of an earlier connection may still be in use, and which is not known here.
      cleanStart ? 1 : 1 + Math.floor(Math.random() * 65535),
      receiveMaximum,
      maximumPacketSize,
      topicAliasMaximum,
      connectTimeout,
      messages,
      bytes,
      properties(),
      will ? coreWill(will) : [],
      assignedTopicAliases,
      limits.subscribeFilters ?? 4_294_967_295,
      [limit, index(OVERFLOWS, overflow), index(KEEPS, keep), requestTimeout, strict ? 1 : 0],
      authenticationMethod ?? '',
      [Math.max(servers, 1), min, reconnect ? max : 0, stable],
    ],
    credentials: typeof credentials === 'function' ? (credentials as () => unknown) : () => credentials,
    createWebSocket,
    signal,
    connectTimeout,
    queue: { messages: Math.min(messages, limit), bytes, dropsOldest: overflow === 'drop-oldest' },
    keepAlive,
    sessionExpiry: sessionExpiry ?? (version === 4 && !cleanStart ? 4_294_967_295 : store ? STORED_EXPIRY : 0),
    limits,
    share,
    authentication,
    store: store && {
      store,
      takesIdentity: given.clientId === undefined,
      properties: properties(version === 4 ? undefined : STORED_EXPIRY),
    },
  }
}

function readAuthentication(method: string | undefined, authenticate: Authenticator | undefined) {
  if (!method !== !authenticate) {
    throw optionError('authenticationMethod', method, 'it must be given with the function authenticate, and not empty')
  }
  return method && authenticate ? { method, authenticate } : undefined
}

/** Returns the module's number for a name. */
function index<T>(names: readonly T[], name: T): 0 | 1 | 2 {
  return names.indexOf(name) as 0 | 1 | 2
}

/** Checks credentials. @internal */
export function readCredentials(value: unknown, version: 4 | 5): CoreCredentials {
  const { username, password, expires } = credentialFields(value, 'credentials')
  if (version === 4 && password && username === undefined) {
    throw optionError('credentials.username', username, 'MQTT 3.1.1 needs a user name with a password')
  }
  const lifetime = expires === undefined ? Number.NaN : Math.ceil(expires - Date.now())
  return {
    ...(username !== undefined && { username }),
    ...(password && { password }),
    // A renewal in more than 49 days is beyond the life of a page.
    ...(lifetime > 0 && lifetime < 2 ** 32 && { lifetime }),
  }
}

/** Throws if one of these options is set, since MQTT 3.1.1 cannot carry it. @internal */
export function only5(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined)
      throw optionError(name, value, 'MQTT 3.1.1 cannot carry it: leave it out, or connect with version 5')
  }
}

function coreWill(will: ReturnType<typeof willFields>): CoreWill {
  const { topic, payload = new Uint8Array(), qos = 0, retain = false, delay, properties } = will
  if (topic === undefined) throw optionError('will.topic', topic, 'a will needs a topic')
  const flags = (qos << 1) | Number(retain)
  return [topic, payload.slice(), flags, toList({ willDelayInterval: delay, ...properties })]
}

function defaultSocket(isNeeded: boolean): CreateWebSocket {
  if (isNeeded && typeof WebSocket === 'undefined') {
    const right =
      'there is no WebSocket here: give a function such as (url, protocols) => new WebSocket(url, protocols)'
    throw optionError('createWebSocket', undefined, `${right}, with the WebSocket of the package "ws"`)
  }
  return (url, protocols) => new WebSocket(url, protocols)
}

/**
 * Returns an identifier of the characters and the length that every broker must take
 * [MQTT-3.1.3-5].
 */
function randomClientId(): string {
  const letters = '0123456789abcdefghijklmnopqrstuvwxyz'
  const random = Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => letters[byte % 36])
  return `wasmqtt${random.join('')}`
}
