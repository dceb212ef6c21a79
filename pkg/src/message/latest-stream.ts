/// <reference lib="esnext.disposable" preserve="true" />

import type { Message } from './message.js'

/**
 * An iterator of the latest messages, one for each topic, for `for await`. Messages that a newer
 * one of their topic replaces before the loop asks are left out.
 */
export interface LatestStream extends AsyncIterableIterator<Message[]> {
  /** Number of topics whose message was lost, since more than `limit` waited. */
  readonly dropped: number
  /** Ends the loop and unsubscribes, as `break` does. */
  return(): Promise<IteratorResult<Message[]>>
  /** Ends the loop as `return` does, then rejects with the error. */
  throw(error?: unknown): Promise<IteratorResult<Message[]>>
  /** Unsubscribes. The loop still gets the messages that came before, and ends then. */
  drain(): Promise<void>
  /** Ends the loop without waiting. */
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}
