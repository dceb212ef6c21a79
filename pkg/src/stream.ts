/// <reference lib="esnext.disposable" preserve="true" />

import type { Handler, Message } from './message.js'
import { type MessagesOptions, type QueueLimits, readMessages, type SubscribeOptions } from './request-options.js'
import type { Subscription } from './subscription.js'
import { ignore } from './util/abort.js'

/** Messages for `for await`. Ends when the client is ended; throws if it closed with an error. */
export interface MessageStream extends AsyncIterableIterator<Message> {
  /** How many messages were lost so far, since more waited than `limit`. */
  readonly dropped: number
  /** Ends the loop and unsubscribes, as `break` does. */
  return(): Promise<IteratorResult<Message>>
  [Symbol.asyncDispose](): Promise<void>
}

interface Reader {
  resolve(result: IteratorResult<Message>): void
  reject(error: unknown): void
}

const end: IteratorResult<Message> = { done: true, value: undefined }

/** A bounded queue between the handler, which cannot wait, and the loop, which may be slow. @internal */
export class MessageQueue implements MessageStream {
  dropped = 0
  #messages: Message[] = []
  #readers: Reader[] = []
  /** Set once no more messages come. */
  #last: { readonly error?: unknown } | undefined

  readonly #options: QueueLimits
  /** Called once, when the stream ends. */
  readonly #onEnd: () => Promise<void>

  constructor(options: QueueLimits, onEnd: () => Promise<void>) {
    this.#options = options
    this.#onEnd = onEnd
  }

  push(message: Message): void {
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

  /** No more messages come: the loop ends, or throws, behind those that wait. */
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** An error is thrown once, and then the loop has ended. */
  #finish({ resolve, reject }: Reader): void {
    const last = this.#last
    this.#last = {}
    if (last && 'error' in last) reject(last.error)
    else resolve(end)
  }
}

/** Subscribes a queue, which is among the streams until it ends. Throws an OptionError at once. @internal */
export function openStream(
  options: MessagesOptions | undefined,
  version: 4 | 5,
  streams: Set<MessageQueue>,
  subscribe: (wish: SubscribeOptions, handler: Handler) => Promise<Subscription>,
): MessageStream {
  const { limit, overflow, signal, ...wish } = readMessages(options, version)
  const abort = () => queue.close({ error: signal?.reason })
  const queue = new MessageQueue({ limit, overflow }, () => {
    streams.delete(queue)
    signal?.removeEventListener('abort', abort)
    return unsubscribed(subscribed)
  })
  const subscribed = subscribe(wish, message => queue.push(message))
  subscribed.catch(error => queue.close({ error }))
  streams.add(queue)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort)
  return queue
}

/** Unsubscribes once subscribed. @internal */
export async function unsubscribed(subscribed: Promise<Subscription>): Promise<void> {
  const subscription = await subscribed.catch(ignore)
  await subscription?.unsubscribe()
}
