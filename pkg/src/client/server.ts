import type { ConnackProperties } from '../message/properties.js'

/** Limits of the broker, and what it has agreed on with the client. */
export interface ServerLimits {
  /** Protocol version of the connection: 5 is MQTT 5.0, 4 is MQTT 3.1.1. */
  readonly version: 4 | 5
  readonly receiveMaximum: number
  readonly maximumQos: 0 | 1 | 2
  readonly retainAvailable: boolean
  /** Bytes; infinite without a limit. */
  readonly maximumPacketSize: number
  readonly topicAliasMaximum: number
  readonly wildcardSubscriptionAvailable: boolean
  readonly subscriptionIdentifierAvailable: boolean
  readonly sharedSubscriptionAvailable: boolean
  /** Seconds. */
  readonly keepAlive: number
  /**
   * Seconds; 0 if the session ends with the connection. In 3.1.1 it lasts for ever or not at all.
   */
  readonly sessionExpiry: number
}

/** The queue of a client. */
export interface QueueState {
  /** Number of messages and subscriptions that wait to be sent. */
  readonly messages: number
  /** Bytes of their topics, filters, payloads and properties. */
  readonly bytes: number
  /** Number of QoS 1 and 2 messages that were sent and are not acknowledged. */
  readonly inFlight: number
}

/** Returns the limits that a CONNACK tells, with MQTT's defaults (MQTT 5.0 §3.2.2.3). @internal */
export function serverLimits(
  connack: ConnackProperties,
  version: 4 | 5,
  asked: Pick<ServerLimits, 'keepAlive' | 'sessionExpiry'>,
): ServerLimits {
  return Object.freeze({
    version,
    receiveMaximum: connack.receiveMaximum ?? 65_535,
    maximumQos: connack.maximumQos ?? 2,
    retainAvailable: connack.retainAvailable ?? true,
    maximumPacketSize: connack.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    topicAliasMaximum: connack.topicAliasMaximum ?? 0,
    wildcardSubscriptionAvailable: connack.wildcardSubscriptionAvailable ?? true,
    subscriptionIdentifierAvailable: connack.subscriptionIdentifierAvailable ?? version === 5,
    sharedSubscriptionAvailable: connack.sharedSubscriptionAvailable ?? version === 5,
    keepAlive: connack.serverKeepAlive ?? asked.keepAlive,
    sessionExpiry: connack.sessionExpiryInterval ?? asked.sessionExpiry,
  })
}
