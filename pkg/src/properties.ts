import { binary, bool, fields, text, uint32, userProperties } from './check.js'

/** Names and values that MQTT carries for the application, in order; a name may be there more than once. */
export type UserProperties = readonly (readonly [name: string, value: string])[]

/** The properties of a message (MQTT 5.0 §3.3.2.3). There are none in 3.1.1. */
export interface MessageProperties {
  /** The payload is text in UTF-8. */
  readonly payloadFormatIndicator?: boolean
  /** How long the broker keeps the message for subscribers, in seconds, 0 to 4294967295. */
  readonly messageExpiryInterval?: number
  /** What the payload is, such as `application/json`. */
  readonly contentType?: string
  /** The topic for a reply. */
  readonly responseTopic?: string
  /** What the asker knows its question by, at most 65,535 bytes. */
  readonly correlationData?: Uint8Array
  readonly userProperties?: UserProperties
  /** The identifiers of the subscriptions that the message is for. Of incoming messages only. */
  readonly subscriptionIdentifiers?: readonly number[]
}

/** What the broker said when it accepted (MQTT 5.0 §3.2.2.3). What it left out is left out. */
export interface ConnackProperties {
  /** How long the session outlives the connection, in seconds, if it is not what was asked for. */
  readonly sessionExpiryInterval?: number
  /** QoS 1 and 2 messages that the broker takes unacknowledged; without it 65,535. */
  readonly receiveMaximum?: number
  /** Without it 2. */
  readonly maximumQos?: 0 | 1
  /** Without it true. */
  readonly retainAvailable?: boolean
  /** The largest packet that the broker takes, in bytes. */
  readonly maximumPacketSize?: number
  /** The client identifier that the broker gave, since the client had none. */
  readonly assignedClientIdentifier?: string
  readonly topicAliasMaximum?: number
  readonly reasonString?: string
  readonly userProperties?: UserProperties
  /** Without it true. */
  readonly wildcardSubscriptionAvailable?: boolean
  /** Without it true. */
  readonly subscriptionIdentifierAvailable?: boolean
  /** Without it true. */
  readonly sharedSubscriptionAvailable?: boolean
  /** The keep alive that holds instead of the client's, in seconds. */
  readonly serverKeepAlive?: number
  readonly responseInformation?: string
  readonly serverReference?: string
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/** Properties of a message that goes out. @internal */
export const messageProperties = fields({
  payloadFormatIndicator: bool,
  messageExpiryInterval: uint32,
  contentType: text,
  responseTopic: text,
  correlationData: binary,
  userProperties,
})
