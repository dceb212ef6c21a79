import type { Receiver } from './callbacks.js'

/** Topics that are remembered. Copies of others reach every handler. */
const TOPICS_MAX = 10_000

/**
 * Retained messages that come because of a subscription. The broker sends them again for a handler
 * that joins a filter later. Handlers that had a message of the topic are spared that copy.
 */
export class RetainedCopies {
  /** Newest handler that had a message of the topic. */
  readonly #newest = new Map<string, number>()
  /** The same for each slot of a topic, before its present handlers. */
  readonly #before: number[] = []
  #isExact = true

  /**
   * Begins anew with a connection. The subscriptions of a resumed session are not all known, so
   * nobody is spared then.
   */
  begin(isResumed: boolean): void {
    this.#newest.clear()
    this.#before.length = 0
    this.#isExact = !isResumed
  }

  /** Notes the handlers of a topic's next messages, in the order of their numbers. */
  note(slot: number, topic: string, receivers: readonly Receiver[]): void {
    const before = this.#newest.get(topic)
    this.#before[slot] = before ?? -1
    if (before !== undefined || this.#newest.size < TOPICS_MAX) this.#newest.set(topic, newest(receivers))
  }

  /** Returns those of the receivers that are to have the copy. */
  takers(slot: number, receivers: readonly Receiver[]): readonly Receiver[] {
    const before = this.#before[slot] ?? -1
    // With Retain As Published a live message looks the same.
    if (!this.#isExact || before >= newest(receivers) || receivers.some(each => each.keepsRetain)) return receivers
    this.#before[slot] = newest(receivers)
    return receivers.filter(({ number = 0 }) => number > before)
  }
}

/** Returns the number of the last handler for which the broker sends copies. */
function newest(receivers: readonly Receiver[]): number {
  for (let index = receivers.length - 1; index >= 0; index--) {
    const receiver = receivers[index] as Receiver
    if (receiver.hasCopies) return receiver.number ?? -1
  }
  return -1
}
