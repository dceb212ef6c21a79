import { binary, bool, fields, text, uint32, userProperties } from '../util/validate.js'

/**
 * User properties: names and values for the application, in order. A name may occur more than once.
 */
export type UserProperties = readonly (readonly [name: string, value: string])[]

/** Properties of a message (MQTT 5.0 §3.3.2.3). MQTT 3.1.1 has none. */
export interface MessageProperties {
  /** True if the payload is text in UTF-8. */
  readonly payloadFormatIndicator?: boolean
  /** Lifetime of the message at the broker, in seconds, 0 to 4294967295. */
  readonly messageExpiryInterval?: number
  /** Media type of the payload, such as `application/json`. */
  readonly contentType?: string
  /** Topic for a reply. */
  readonly responseTopic?: string
  /** Data by which the requester recognizes the reply, at most 65,535 bytes. */
  readonly correlationData?: Uint8Array
  readonly userProperties?: UserProperties
  /** Identifiers of the subscriptions that match. Incoming messages only. */
  readonly subscriptionIdentifiers?: readonly number[]
}

/** Properties of CONNACK (MQTT 5.0 §3.2.2.3). Those that the broker left out are undefined. */
export interface ConnackProperties {
  /** Session expiry interval in seconds, if the broker changed the one that was asked for. */
  readonly sessionExpiryInterval?: number
  /** Number of QoS 1 and 2 messages that the broker takes unacknowledged. Default 65,535. */
  readonly receiveMaximum?: number
  /** Default 2. */
  readonly maximumQos?: 0 | 1
  /** Default true. */
  readonly retainAvailable?: boolean
  /** Largest packet that the broker takes, in bytes. */
  readonly maximumPacketSize?: number
  /** Client identifier that the broker assigned, since the client had none. */
  readonly assignedClientIdentifier?: string
  readonly topicAliasMaximum?: number
  readonly reasonString?: string
  readonly userProperties?: UserProperties
  /** Default true. */
  readonly wildcardSubscriptionAvailable?: boolean
  /** Default true. */
  readonly subscriptionIdentifierAvailable?: boolean
  /** Default true. */
  readonly sharedSubscriptionAvailable?: boolean
  /** Keep alive in seconds that replaces the client's. */
  readonly serverKeepAlive?: number
  readonly responseInformation?: string
  readonly serverReference?: string
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/**
 * A flat list of properties: identifier, value, identifier, value. A user property's value is a
 * pair. @internal
 */
export type PropertyList = readonly unknown[]

const requestChecks = { payloadFormatIndicator: bool, messageExpiryInterval: uint32, contentType: text, userProperties }

/** Check of the properties of a request, without those that `request` sets. @internal */
export const requestProperties = fields(requestChecks)

/** Check of the properties of an outgoing message. @internal */
export const messageProperties = fields({ ...requestChecks, responseTopic: text, correlationData: binary })

/**
 * Identifiers of properties that a client sends or receives, by their names here (MQTT 5.0
 * §2.2.2.2).
 */
const identifiers = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 2,
  contentType: 3,
  responseTopic: 8,
  correlationData: 9,
  // An incoming message may have several; SUBSCRIBE has one.
  subscriptionIdentifiers: 11,
  subscriptionIdentifier: 11,
  sessionExpiryInterval: 17,
  assignedClientIdentifier: 18,
  serverKeepAlive: 19,
  authenticationMethod: 21,
  authenticationData: 22,
  requestProblemInformation: 23,
  requestResponseInformation: 25,
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

/** Converts properties to the module's list. Undefined ones are left out. @internal */
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

/** Converts the module's list to properties by name. @internal */
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
