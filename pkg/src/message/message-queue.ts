import type { Message } from './message.js'
import type { QueueLimits } from './message-stream.js'

interface Reader {
  resolve(result: IteratorResult<Message>): void
  reject(error: unknown): void
}

const end: IteratorResult<Message> = { done: true, value: undefined }
const ignore = () => {}

/**
 * A bounded queue between the handler, which cannot wait, and the loop, which may be slow.
 * @internal
 */
export class MessageQueue {
  dropped = 0
  /** Messages that wait, from `#first` on. */
  #messages: (Message | undefined)[] = []
  #first = 0
  #readers: Reader[] = []
  /** End of the stream, once no more messages come. */
  #last: { readonly error?: unknown } | undefined

  readonly #options: QueueLimits
  /** Called once, when the stream ends. */
  readonly #onEnd: () => Promise<void>
  /** Unsubscribes, and returns once no more messages come. */
  readonly #onDrain: () => Promise<void>

  constructor(options: QueueLimits, onEnd: () => Promise<void>, onDrain: () => Promise<void> = onEnd) {
    this.#options = options
    this.#onEnd = onEnd
    this.#onDrain = onDrain
  }

  push(message: Message): void {
    // Until the broker has answered, messages may still come.
    if (this.#last) return
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: message })
      return
    }
    if (this.#messages.length - this.#first >= this.#options.limit) {
      this.dropped += 1
      if (this.#options.overflow === 'drop-newest') return
      this.#shift()
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
      const value = this.#shift()
      if (value) resolve({ done: false, value })
      else if (this.#last) this.#finish({ resolve, reject })
      else this.#readers.push({ resolve, reject })
    })
  }

  async return(): Promise<IteratorResult<Message>> {
    this.#messages = []
    this.#first = 0
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

  async drain(): Promise<void> {
    await this.#onDrain()
    this.close({})
  }

  /** Takes the first message. `Array.shift` would move all others. */
  #shift(): Message | undefined {
    const message = this.#messages[this.#first]
    if (!message) return undefined
    this.#messages[this.#first] = undefined
    this.#first += 1
    if (this.#first * 2 > this.#messages.length) {
      this.#messages.splice(0, this.#first)
      this.#first = 0
    }
    return message
  }

  /** Settles a read after the end. An error is thrown once, and then the loop has ended. */
  #finish({ resolve, reject }: Reader): void {
    const last = this.#last
    this.#last = {}
    if (last && 'error' in last) reject(last.error)
    else resolve(end)
  }
}
