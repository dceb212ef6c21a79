/// <reference lib="esnext.disposable" preserve="true" />

import type { Message } from './message.js'

/**
 * An iterator of messages for `for await`. It ends with the client, and throws if that closed with
 * an error.
 */
export interface MessageStream extends AsyncIterableIterator<Message> {
  /** Number of messages lost so far, since more waited than `limit`. */
  readonly dropped: number
  /** Ends the loop and unsubscribes, as `break` does. */
  return(): Promise<IteratorResult<Message>>
  /** Ends the loop as `return` does, then rejects with the error. */
  throw(error?: unknown): Promise<IteratorResult<Message>>
  /** Unsubscribes. The loop still gets the messages that came before, and ends then. */
  drain(): Promise<void>
  /** Ends the loop without waiting. */
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Limits of a stream: how many messages wait at most, and which one is dropped then. @internal */
export interface QueueLimits {
  readonly limit: number
  readonly overflow: 'drop-oldest' | 'drop-newest'
}
