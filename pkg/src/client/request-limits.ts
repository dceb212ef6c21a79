import { PublishError, SubscribeError } from '../util/errors.js'
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

/** Prefix that is not counted among a topic's levels or bytes: a share, or Basic Ingest's rule. */
const uncounted = /^(\$share\/[^/]*|\$aws\/rules\/[^/]*)\//i
const encoder = new TextEncoder()

/** Checks the option `limits`. @internal */
export function readLimits(value: unknown, name: string): RequestLimits {
  if (typeof value !== 'string') return limitFields(value, name)
  if (value === 'aws-iot') return awsIot
  throw optionError(name, value, 'it must be "aws-iot", or an object of limits')
}

/** Throws a PublishError if the message is above a limit. @internal */
export function checkPublish(limits: RequestLimits, topic: string, payload: Uint8Array): void {
  const problem =
    payload.length > (limits.payloadBytes ?? Infinity)
      ? `the payload has ${payload.length} bytes; the broker takes at most ${limits.payloadBytes} (limits.payloadBytes)`
      : topicProblem(limits, topic)
  if (problem) throw new PublishError(problem, { reasonCode: problem.startsWith('the payload') ? 0x95 : 0x90 })
}

/**
 * Throws a SubscribeError if the filter is above a limit, `count` being the number of filters with
 * it. @internal
 */
export function checkSubscribe(limits: RequestLimits, filter: string, count: number): void {
  const { subscriptions = Infinity } = limits
  if (count > subscriptions) {
    const problem = `the broker takes ${subscriptions} subscriptions of a client (limits.subscriptions)`
    throw new SubscribeError(filter, problem, { reasonCode: 0x97 })
  }
  const problem = topicProblem(limits, filter)
  if (problem) throw new SubscribeError(filter, problem, { reasonCode: 0x8f })
}

function topicProblem({ topicLevels = Infinity, topicBytes = Infinity }: RequestLimits, text: string): string {
  const counted = text.replace(uncounted, '')
  const levels = counted.split('/').length
  if (levels > topicLevels)
    return `the topic has ${levels} levels; the broker takes ${topicLevels} (limits.topicLevels)`
  const bytes = encoder.encode(counted).length
  return bytes > topicBytes ? `the topic has ${bytes} bytes; the broker takes ${topicBytes} (limits.topicBytes)` : ''
}
