import type { PublishError, SubscribeError } from '../util/errors.js'
import type { RequestLimits } from './request-limits.js'

/** Prefix that is not counted among a topic's levels or bytes: a share, or Basic Ingest's rule. */
const uncounted = /^(\$share\/[^/]*|\$aws\/rules\/[^/]*)\//i
const encoder = new TextEncoder()

/** Checks of requests against the limits of a broker. @internal */
export class LimitChecks {
  readonly #limits: RequestLimits
  readonly #errors: { readonly PublishError: typeof PublishError; readonly SubscribeError: typeof SubscribeError }

  constructor(
    limits: RequestLimits,
    errors: { PublishError: typeof PublishError; SubscribeError: typeof SubscribeError },
  ) {
    this.#limits = limits
    this.#errors = errors
  }

  /** Throws a PublishError if the message is above a limit. */
  publish(topic: string, payload: Uint8Array): void {
    const { payloadBytes = Infinity } = this.#limits
    const problem =
      payload.length > payloadBytes
        ? `the payload has ${payload.length} bytes; the broker takes at most ${payloadBytes} (limits.payloadBytes)`
        : topicProblem(this.#limits, topic)
    const reasonCode = payload.length > payloadBytes ? 0x95 : 0x90
    if (problem) throw new this.#errors.PublishError(problem, { reasonCode })
  }

  /**
   * Throws a SubscribeError if the filter is above a limit, `count` being the number of filters
   * with it.
   */
  subscribe(filter: string, count: number): void {
    const { subscriptions = Infinity } = this.#limits
    const { SubscribeError } = this.#errors
    if (count > subscriptions) {
      const problem = `the broker takes ${subscriptions} subscriptions of a client (limits.subscriptions)`
      throw new SubscribeError(filter, problem, { reasonCode: 0x97 })
    }
    const problem = topicProblem(this.#limits, filter)
    if (problem) throw new SubscribeError(filter, problem, { reasonCode: 0x8f })
  }
}

function topicProblem({ topicLevels = Infinity, topicBytes = Infinity }: RequestLimits, text: string): string {
  const counted = text.replace(uncounted, '')
  const levels = counted.split('/').length
  if (levels > topicLevels)
    return `the topic has ${levels} levels; the broker takes ${topicLevels} (limits.topicLevels)`
  const bytes = encoder.encode(counted).length
  return bytes > topicBytes ? `the topic has ${bytes} bytes; the broker takes ${topicBytes} (limits.topicBytes)` : ''
}
