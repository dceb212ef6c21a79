/// <reference lib="esnext.disposable" preserve="true" />

import { ignore } from '../util/abort.js'
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
  [Symbol.asyncDispose](): Promise<void>
}

/** Limits of a stream: how many messages wait at most, and which one is dropped then. @internal */
export interface QueueLimits {
  readonly limit: number
  readonly overflow: 'drop-oldest' | 'drop-newest'
}

interface Reader {
  resolve(result: IteratorResult<Message>): void
  reject(error: unknown): void
}

const end: IteratorResult<Message> = { done: true, value: undefined }

/**
 * A bounded queue between the handler, which cannot wait, and the loop, which may be slow.
 * @internal
 */
export class MessageQueue implements MessageStream {
  dropped = 0
  #messages: Message[] = []
  #readers: Reader[] = []
  /** End of the stream, once no more messages come. */
  #last: { readonly error?: unknown } | undefined

  readonly #options: QueueLimits
  /** Called once, when the stream ends. */
  readonly #onEnd: () => Promise<void>

  constructor(options: QueueLimits, onEnd: () => Promise<void>) {
    this.#options = options
    this.#onEnd = onEnd
  }

  push(message: Message): void {
    // Until the broker has answered, messages may still come.
    if (this.#last) return
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: message })
      return
    }
    if (this.#messages.length >= this.#options.limit) {
      this.dropped += 1
      if (this.#options.overflow === 'drop-newest') return
      this.#messages.shift()
    }
    this.#messages.push(message)
  }

  /** Ends the stream: the loop ends, or throws, after the messages that wait. */
  close(last: { readonly error?: unknown }): void {
    if (this.#last) return
    this.#last = last
    this.#onEnd().catch(ignore)
    for (const reader of this.#readers.splice(0)) this.#finish(reader)
  }

  next(): Promise<IteratorResult<Message>> {
    return new Promise((resolve, reject) => {
      const value = this.#messages.shift()
      if (value) resolve({ done: false, value })
      else if (this.#last) this.#finish({ resolve, reject })
      else this.#readers.push({ resolve, reject })
    })
  }

  async return(): Promise<IteratorResult<Message>> {
    this.#messages = []
    if (!this.#last) {
      this.#last = {}
      for (const reader of this.#readers.splice(0)) reader.resolve(end)
      await this.#onEnd()
    }
    this.#last = {}
    return end
  }

  async throw(error?: unknown): Promise<IteratorResult<Message>> {
    await this.return()
    throw error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Settles a read after the end. An error is thrown once, and then the loop has ended. */
  #finish({ resolve, reject }: Reader): void {
    const last = this.#last
    this.#last = {}
    if (last && 'error' in last) reject(last.error)
    else resolve(end)
  }
}
