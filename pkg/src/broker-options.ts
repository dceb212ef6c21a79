import {
  bool,
  type Check,
  fields,
  oneOf,
  positive16,
  positive32,
  qos,
  secret,
  text,
  uint16,
  uint32,
  wrong,
} from './check.js'
import type { QoS } from './message.js'

/** A user who may connect. */
export interface BrokerUser {
  readonly username: string
  /** Text is UTF-8. */
  readonly password: string | Uint8Array
}

/** A broker's limits, and who may connect. What is left out, or undefined, has its default. */
export interface BrokerOptions {
  /** Connections at one time. Default 16384. */
  readonly connectionsMax?: number
  /** Sessions, connected or not. Default 16384. */
  readonly sessionsMax?: number
  /** How long a connection may take until its CONNECT has come, in milliseconds. Default 10000. */
  readonly connectTimeout?: number
  /** The longest keep alive that a 5.0 client may have, in seconds; 0, the default, leaves it to the client. */
  readonly keepAliveMax?: number
  /** The longest a session outlives its connection, in seconds; 4294967295, the default, is for ever. */
  readonly sessionExpiryMax?: number
  /** The largest packet taken, in bytes. Default 1 MiB. */
  readonly maximumPacketSize?: number
  /** QoS 1 and 2 messages that one client may have unacknowledged, 1 to 65535. Default 65535. */
  readonly receiveMaximum?: number
  /** QoS 1 and 2 messages in flight to one client, 1 to 65535; fewer if it takes fewer. Default 256. */
  readonly inFlightMax?: number
  /** The highest quality of service. Default 2. */
  readonly maximumQos?: QoS
  /** Whether messages may be retained. Default true. */
  readonly retainAvailable?: boolean
  /** Levels of a topic. Default 128. */
  readonly topicLevelsMax?: number
  /** Subscriptions of one client. Default 1000. */
  readonly subscriptionsMax?: number
  /** QoS 1 and 2 messages that wait for one client. */
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
   * Bytes that wait for one connection: QoS 0 messages above it are dropped, others wait, and who does not read its answers
   * is disconnected above it. Default 16 MiB.
   */
  readonly transmitBytesMax?: number
  /** Retained messages. */
  readonly retained?: {
    /** Default 100000. */
    readonly messages?: number
    /** Of topics and payloads. Default 64 MiB. */
    readonly bytes?: number
  }
  /** Who may connect. Left out: everyone. */
  readonly users?: readonly BrokerUser[]
}

const userFields = fields({ username: text, password: secret })

const users: Check<object[]> = (value, name) => {
  if (!Array.isArray(value)) throw wrong(name, value, 'it must be an array of { username, password }')
  return value.map((user: unknown, index) => {
    const { username, password } = userFields(user, `${name}[${index}]`)
    if (username === undefined) throw wrong(`${name}[${index}].username`, username, 'it must be a string')
    if (!password) throw wrong(`${name}[${index}].password`, password, 'it must be a string or a Uint8Array')
    return { username, password }
  })
}

/** The options as the module takes them. @internal */
export const readBrokerOptions = fields({
  connectionsMax: uint32,
  sessionsMax: uint32,
  connectTimeout: uint32,
  keepAliveMax: uint16,
  sessionExpiryMax: uint32,
  maximumPacketSize: positive32,
  receiveMaximum: positive16,
  inFlightMax: positive16,
  maximumQos: qos,
  retainAvailable: bool,
  topicLevelsMax: uint32,
  subscriptionsMax: uint32,
  queue: fields({ messages: uint32, bytes: uint32, overflow: oneOf('drop-newest', 'drop-oldest', 'disconnect') }),
  transmitBytesMax: positive32,
  retained: fields({ messages: uint32, bytes: uint32 }),
  users,
})
