import { fields, integer, optionError, positive32 } from '../util/validate.js'

/** Limits of a broker that its CONNACK does not tell. Those that are left out do not hold. */
export interface RequestLimits {
  /**
   * Number of filters in one SUBSCRIBE or UNSUBSCRIBE. A request with more of them is sent in
   * several packets, and settles once.
   */
  readonly subscribeFilters?: number
  /** Number of filters that the client is subscribed to. */
  readonly subscriptions?: number
  /** Number of levels in a topic or filter. */
  readonly topicLevels?: number
  /** Bytes of a topic or filter. */
  readonly topicBytes?: number
  /** Bytes of a message's payload. */
  readonly payloadBytes?: number
}

/**
 * Limits of AWS IoT Core, from "AWS IoT Core message broker and protocol limits and quotas" of the
 * AWS General Reference. It allows seven slashes in a topic, and more in those of Basic Ingest.
 */
const awsIot: RequestLimits = {
  subscribeFilters: 8,
  subscriptions: 50,
  topicLevels: 8,
  topicBytes: 256,
  payloadBytes: 131_072,
}

const limitFields = fields({
  subscribeFilters: positive32,
  subscriptions: positive32,
  topicLevels: positive32,
  topicBytes: positive32,
  payloadBytes: integer(0, 4_294_967_295),
})

/** Checks the option `limits`. @internal */
export function readLimits(value: unknown, name: string): RequestLimits {
  if (typeof value !== 'string') return limitFields(value, name)
  if (value === 'aws-iot') return awsIot
  throw optionError(name, value, 'it must be "aws-iot", or an object of limits')
}
