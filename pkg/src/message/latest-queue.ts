import type { Message } from './message.js'

/** Time between two frames of a page that is hidden, in milliseconds. */
const HIDDEN_FRAME = 1000

const ignore = () => {}

/** The latest message of each topic, between the handler and the loop. @internal */
export class LatestQueue {
  dropped = 0
  readonly #messages = new Map<string, Message>()
  readonly #results = this.#run()
  #last: { readonly error?: unknown } | undefined
  /** Ends the wait for a message or for the next frame. */
  #wake: () => void = ignore
  #isInFrame = false

  readonly #limit: number
  readonly #interval: number | undefined
  readonly #onEnd: () => Promise<void>
  readonly #onDrain: () => Promise<void>

  constructor(limit: number, interval: number | undefined, onEnd: () => Promise<void>, onDrain: () => Promise<void>) {
    this.#limit = limit
    this.#interval = interval
    this.#onEnd = onEnd
    this.#onDrain = onDrain
  }

  push(message: Message): void {
    if (this.#last) return
    // Behind the others, since the oldest is dropped first.
    this.#messages.delete(message.topic)
    this.#messages.set(message.topic, message)
    if (this.#messages.size > this.#limit) {
      this.dropped += 1
      for (const topic of this.#messages.keys()) {
        this.#messages.delete(topic)
        break
      }
    }
    if (!this.#isInFrame) this.#wake()
  }

  /** Ends the stream: the loop ends, or throws, after the messages that wait. */
  close(last: { readonly error?: unknown }): void {
    if (this.#last) return
    this.#last = last
    this.#onEnd().catch(ignore)
    this.#wake()
  }

  next(): Promise<IteratorResult<Message[]>> {
    return this.#results.next()
  }

  async return(): Promise<IteratorResult<Message[]>> {
    this.#messages.clear()
    const isOpen = !this.#last
    this.#last = {}
    this.#wake()
    if (isOpen) await this.#onEnd()
    return this.#results.return(undefined)
  }

  async throw(error?: unknown): Promise<IteratorResult<Message[]>> {
    await this.return()
    throw error
  }

  async drain(): Promise<void> {
    await this.#onDrain()
    this.close({})
  }

  async *#run(): AsyncGenerator<Message[], undefined, undefined> {
    for (;;) {
      while (this.#messages.size === 0 && !this.#last) await this.#wait(ignore)
      if (this.#messages.size === 0) break
      const latest = [...this.#messages.values()]
      this.#messages.clear()
      yield latest
      this.#isInFrame = true
      if (!this.#last) await this.#wait(() => this.#frame())
      this.#isInFrame = false
    }
    const last = this.#last
    this.#last = {}
    if (last && 'error' in last) throw last.error
  }

  /** Waits until `#wake` is called. */
  #wait(begin: () => void): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
      begin()
    })
  }

  /** Calls `#wake` at the next frame. */
  #frame(): void {
    const { requestAnimationFrame } = globalThis
    const isTimed = this.#interval !== undefined || typeof requestAnimationFrame !== 'function'
    const resolve = this.#wake
    this.#wake = () => {
      // The end of the stream leaves no timer behind.
      clearTimeout(timer)
      if (!isTimed) cancelAnimationFrame(frame)
      resolve()
    }
    const wake = this.#wake
    const frame = isTimed ? 0 : requestAnimationFrame(wake)
    const timer = setTimeout(wake, isTimed ? (this.#interval ?? 16) : HIDDEN_FRAME)
  }
}
