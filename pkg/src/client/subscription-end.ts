/// <reference lib="esnext.disposable" preserve="true" />

import { abortable, ignore } from '../util/abort.js'
import type { ListenerOptions } from '../util/observed-event-target.js'
import type { GapEvent } from './events.js'
import { type DrainOptions, readSignal } from './request-options.js'

/** Listener for the gaps of a subscription. */
export type GapListener = (event: GapEvent) => void

/** End of a subscription, and its events. */
export interface SubscriptionEnd {
  /**
   * Stops the handler at once. When the last handler of a filter leaves, UNSUBSCRIBE is sent, and
   * its answer resolves the promise.
   *
   * Idempotent. Resolves also if the connection ends. Rejects with a SubscribeError if the broker
   * refuses.
   */
  unsubscribe(): Promise<void>
  /**
   * Unsubscribes, but the handler still gets the messages that come before the broker's answer.
   * Resolves when it has run for them all, with the promises that it returned. Rejects as
   * `unsubscribe`, or with the signal's reason.
   */
  drain(options?: DrainOptions): Promise<void>
  /**
   * Calls the listener for messages that the subscription may have missed while there was no
   * connection, before the messages of the new one.
   */
  addEventListener(type: 'gap', listener: GapListener, options?: ListenerOptions | boolean): void
  removeEventListener(type: 'gap', listener: GapListener, options?: ListenerOptions | boolean): void
  /** Unsubscribes without waiting. */
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Returns the end of a handler's subscription. It is forgotten at the end of the client. @internal
 */
export function subscriptionEnd(
  cleanUp: Set<() => void>,
  member: { handle: unknown; events?: EventTarget },
  signal: AbortSignal | undefined,
  leave: () => Promise<void>,
  drainAll: () => Promise<void>,
): SubscriptionEnd {
  let ended: Promise<void> | undefined
  const end = (request: () => Promise<void>) => {
    ended ??= request().catch(error => {
      // So that the caller can try again.
      ended = undefined
      throw error
    })
    return ended
  }
  const unsubscribe = () => {
    clean()
    // A drain that waits ends at once too.
    member.handle = undefined
    return end(leave)
  }
  const dispose = () => void unsubscribe().catch(ignore)
  const clean = () => {
    signal?.removeEventListener('abort', dispose)
    cleanUp.delete(clean)
  }
  if (signal) {
    signal.addEventListener('abort', dispose)
    cleanUp.add(clean)
  }
  const events = new EventTarget()
  member.events = events
  return {
    addEventListener: events.addEventListener.bind(events) as SubscriptionEnd['addEventListener'],
    removeEventListener: events.removeEventListener.bind(events) as SubscriptionEnd['removeEventListener'],
    unsubscribe,
    drain: async options => {
      const signal = readSignal(options)
      const drained = end(drainAll)
      await abortable(drained, signal, ignore)
    },
    [Symbol.dispose]: dispose,
    [Symbol.asyncDispose]: unsubscribe,
  }
}
