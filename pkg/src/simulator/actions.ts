import { serverCode } from '../broker/server-code.js'
import { type ClientOptions, readClientOptions, readCredentials, topicName } from '../client/options.js'
import type { Payload, QoS } from '../message/message.js'
import { type MessageProperties, messageProperties, toList } from '../message/properties.js'
import {
  bool,
  disconnectCode,
  fields,
  oneOf,
  optionError,
  payload,
  qos,
  text,
  uint32,
  type Validator,
} from '../util/validate.js'

/** Options of a simulated client. Its host is the world, so it has no sockets and no hooks. */
export type SimulatedClientOptions = Omit<
  ClientOptions,
  'clientId' | 'createWebSocket' | 'signal' | 'authenticate' | 'authenticationMethod' | 'credentials'
> & {
  readonly credentials?: { readonly username?: string; readonly password?: string | Uint8Array }
}

/**
 * An action of a user or of the network, as data. `client` is a client identifier; all times are in
 * milliseconds, and rates in bytes per second.
 */
export type Action =
  /** A new client, which connects at once. */
  | { readonly type: 'add'; readonly client: string; readonly options?: SimulatedClientOptions }
  | {
      readonly type: 'subscribe'
      readonly client: string
      readonly filter: string
      /** Default 0. */
      readonly qos?: QoS
      readonly noLocal?: boolean
      readonly retainAsPublished?: boolean
      /** 0 sends retained messages, 1 only if the subscription is new, 2 never. Default 0. */
      readonly retainHandling?: 0 | 1 | 2
    }
  | { readonly type: 'unsubscribe'; readonly client: string; readonly filter: string }
  | {
      readonly type: 'publish'
      readonly client: string
      readonly topic: string
      /** Default empty. */
      readonly payload?: Payload
      /** Default 0. */
      readonly qos?: QoS
      readonly retain?: boolean
      readonly properties?: MessageProperties
    }
  /** The client sends DISCONNECT, and ends for good. `reasonCode` 4 has the will published. */
  | { readonly type: 'disconnect'; readonly client: string; readonly reasonCode?: number }
  /** The client's process is gone, and its host closes its socket. */
  | { readonly type: 'kill'; readonly client: string }
  /** The client begins anew without the state that it had, as a page that is reloaded. */
  | { readonly type: 'reload'; readonly client: string }
  /**
   * The broker's host ends the client's connection. `reasonCode` is one that a server may send.
   * Default 0x98, administrative action.
   */
  | { readonly type: 'dismiss'; readonly client: string; readonly reasonCode?: number }
  /** Another broker begins, with what its store has written, or with nothing. */
  | { readonly type: 'restart'; readonly state?: 'none' | 'written' | 'unwritten' }
  | { readonly type: 'latency'; readonly client: string; readonly milliseconds: number; readonly jitter?: number }
  /** Bytes pass no faster in each direction; without a rate at once. */
  | { readonly type: 'bandwidth'; readonly client: string; readonly bytesPerSecond?: number }
  /** Nothing arrives for a time. Then all arrives, in order. */
  | { readonly type: 'stall'; readonly client: string; readonly milliseconds: number }
  /**
   * The link breaks once `after` more bytes have arrived in the direction; by default at once. A
   * host learns of it after a time, or never if that is left out.
   */
  | {
      readonly type: 'cut'
      readonly client: string
      readonly direction?: 'up' | 'down'
      readonly after?: number
      readonly clientLearns?: number
      readonly brokerLearns?: number
    }
  /** Nothing arrives any more in either direction, and neither host is told. */
  | { readonly type: 'black-hole'; readonly client: string }
  /** The client's host reads no faster; without a rate all that comes. */
  | { readonly type: 'slow-reader'; readonly client: string; readonly bytesPerSecond?: number }
  /** The host of a client without code opens a link. The client is new at its first. */
  | { readonly type: 'open'; readonly client: string }
  /** Such a client sends bytes on its latest link, whatever they are. */
  | { readonly type: 'send'; readonly client: string; readonly bytes: Uint8Array }
  /** The host of such a client closes its latest link. */
  | { readonly type: 'close'; readonly client: string }
  /**
   * Bytes arrive in segments of random lengths up to `bytesMax`, each with a part of a packet or
   * several packets. Without it, each packet arrives on its own.
   */
  | { readonly type: 'segments'; readonly client: string; readonly bytesMax?: number }

type Core = readonly unknown[]
type Read = (given: object) => Core

/** Returns the check of an action, whose members go into the list in their order. */
function action(
  members: Readonly<Record<string, Validator<unknown>>>,
  list: (read: Record<string, unknown>) => Core,
): Read {
  const check = fields({ type: text, ...members })
  return given => {
    const read: Record<string, unknown> = check(given, 'action')
    const { type, client } = read
    for (const name of ['client', 'topic', 'filter', 'milliseconds']) {
      if (name in members && read[name] === undefined) {
        throw optionError(`action.${name}`, undefined, `the action ${String(type)} needs it`)
      }
    }
    return [type, client, ...list(read)]
  }
}

const client = text
const rate = { client, bytesPerSecond: uint32 }
const anyOptions: Validator<object> = (value, name) => {
  if (typeof value === 'object' && value !== null) return value
  throw optionError(name, value, 'it must be an object with options of a client')
}

const flags = ({ qos = 0, retain = false }: Record<string, unknown>) => (Number(qos) << 1) | Number(retain)

function addition({ client, options = {} }: Record<string, unknown>): Core {
  const { credentials, reconnect = true, ...rest } = options as SimulatedClientOptions
  const { core, version } = readClientOptions({ ...rest, reconnect, clientId: client }, 0)
  const { username, password } = readCredentials(credentials, version)
  return [core, username, password]
}

const actions: Readonly<Record<Action['type'], Read>> = {
  add: action({ client, options: anyOptions }, addition),
  subscribe: action(
    { client, filter: text, qos, noLocal: bool, retainAsPublished: bool, retainHandling: oneOf(0, 1, 2) },
    ({ filter, qos = 0, noLocal, retainAsPublished, retainHandling = 0 }) => [
      filter,
      Number(qos) | (Number(noLocal ?? 0) << 2) | (Number(retainAsPublished ?? 0) << 3) | (Number(retainHandling) << 4),
    ],
  ),
  unsubscribe: action({ client, filter: text }, ({ filter }) => [filter]),
  publish: action(
    { client, topic: topicName, payload, qos, retain: bool, properties: messageProperties },
    ({ topic, payload = new Uint8Array(), properties, ...rest }) => [
      topic,
      payload,
      flags(rest),
      toList((properties ?? {}) as object),
    ],
  ),
  disconnect: action({ client, reasonCode: disconnectCode('0, 4') }, ({ reasonCode = 0 }) => [reasonCode]),
  kill: action({ client }, () => []),
  reload: action({ client }, () => []),
  dismiss: action({ client, reasonCode: serverCode }, ({ reasonCode = 0x98 }) => [reasonCode]),
  restart: given => {
    const check = fields({ type: text, state: oneOf('none', 'written', 'unwritten') })
    return ['restart', check(given, 'action').state ?? 'none']
  },
  latency: action({ client, milliseconds: uint32, jitter: uint32 }, ({ milliseconds, jitter = 0 }) => [
    milliseconds,
    jitter,
  ]),
  bandwidth: action(rate, ({ bytesPerSecond = 0 }) => [bytesPerSecond]),
  stall: action({ client, milliseconds: uint32 }, ({ milliseconds }) => [milliseconds]),
  cut: action(
    { client, direction: oneOf('up', 'down'), after: uint32, clientLearns: uint32, brokerLearns: uint32 },
    ({ direction = 'up', after = 0, clientLearns, brokerLearns }) => [direction, after, clientLearns, brokerLearns],
  ),
  'black-hole': action({ client }, () => []),
  'slow-reader': action(rate, ({ bytesPerSecond = 0 }) => [bytesPerSecond]),
  open: action({ client }, () => []),
  send: action({ client, bytes: payload }, ({ bytes = new Uint8Array() }) => [bytes]),
  close: action({ client }, () => []),
  segments: action({ client, bytesMax: uint32 }, ({ bytesMax = 0 }) => [bytesMax]),
}

/** Checks an action, and returns the module's list. */
export function readAction(given: unknown): Core {
  const type = (given as Action | undefined)?.type
  if (typeof given !== 'object' || given === null || !Object.hasOwn(actions, type as string)) {
    throw optionError('action.type', type, `it must be one of ${Object.keys(actions).join(', ')}`)
  }
  return actions[type as Action['type']](given)
}
