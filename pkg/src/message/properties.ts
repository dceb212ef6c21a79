import { binary, bool, fields, text, uint32, userProperties } from '../util/validate.js'

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

/** Identifiers and values of properties by turns; a user property's is a pair. @internal */
export type PropertyList = readonly unknown[]

/** Properties of a message that goes out. @internal */
export const messageProperties = fields({
  payloadFormatIndicator: bool,
  messageExpiryInterval: uint32,
  contentType: text,
  responseTopic: text,
  correlationData: binary,
  userProperties,
})

/** The identifiers of the properties that a client sends or is told (MQTT 5.0 §2.2.2.2), by their names here. */
const identifiers = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 2,
  contentType: 3,
  responseTopic: 8,
  correlationData: 9,
  // Of messages that come; one that subscribes gives one.
  subscriptionIdentifiers: 11,
  subscriptionIdentifier: 11,
  sessionExpiryInterval: 17,
  assignedClientIdentifier: 18,
  serverKeepAlive: 19,
  authenticationMethod: 21,
  authenticationData: 22,
  willDelayInterval: 24,
  responseInformation: 26,
  serverReference: 28,
  reasonString: 31,
  receiveMaximum: 33,
  topicAliasMaximum: 34,
  topicAlias: 35,
  maximumQos: 36,
  retainAvailable: 37,
  userProperties: 38,
  maximumPacketSize: 39,
  wildcardSubscriptionAvailable: 40,
  subscriptionIdentifierAvailable: 41,
  sharedSubscriptionAvailable: 42,
}

/** Properties as the module takes them; those that are undefined are left out. @internal */
export function toList(properties: object): PropertyList {
  const list: unknown[] = []
  for (const [name, value] of Object.entries(properties)) {
    const id = identifiers[name as keyof typeof identifiers]
    for (const one of id === identifiers.userProperties ? (value ?? []) : [value]) {
      if (one !== undefined) list.push(id, typeof one === 'boolean' ? +one : one)
    }
  }
  return list
}

/** Properties as the module gives them, by their names. @internal */
export function fromList(list: PropertyList): object {
  const properties: Record<string, unknown> = {}
  const names = Object.entries(identifiers)
  for (let index = 0; index < list.length; index += 2) {
    const [id, value] = list.slice(index)
    const [name] = names.find(entry => entry[1] === id) as [string, number]
    if (id === identifiers.userProperties || id === identifiers.subscriptionIdentifiers) {
      properties[name] = [...((properties[name] ?? []) as unknown[]), value]
    } else {
      properties[name] = id === identifiers.maximumQos ? Number(value) : value
    }
  }
  return properties
}
