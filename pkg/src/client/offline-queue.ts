import type { MqttError } from '../util/errors.js'
import type { ClientCore } from '../wasm/interface.js'
import { requestError, type Subject, thrownError } from '../wasm/to-error.js'
import type { QueueOptions } from './options.js'

/** A request that waits for the module. */
export interface QueuedRequest {
  readonly subject: Subject
  /** Bytes of its topic and payload. */
  readonly bytes: number
  readonly send: (core: ClientCore) => void
  readonly reject: (error: unknown) => void
}

/** Bounds of the queue, and what gives way. */
export type QueueLimits = Required<QueueOptions> & { readonly dropsOldest: boolean }

/** A bounded FIFO queue of the requests that were made before the module was loaded. */
export class OfflineQueue {
  readonly #queue = new Set<QueuedRequest>()
  bytes = 0

  readonly #limits: QueueLimits

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#queue.size
  }

  /** Adds a request. Its promise settles as the sent request does. Throws if the queue is full. */
  add<T>(
    subject: Subject,
    bytes: number,
    send: (core: ClientCore) => Promise<T>,
  ): { queued: QueuedRequest; promise: Promise<T> } {
    while (this.size >= this.#limits.messages || this.bytes + bytes > this.#limits.bytes) {
      const message = `the queue is full: ${this.size} requests of ${this.bytes} bytes wait; raise the option queue`
      const error = requestError(subject, message, { reasonCode: 0x97 })
      const oldest = this.#limits.dropsOldest && [...this.#queue].find(({ subject }) => subject.kind === 'publish')
      if (!oldest) throw error
      this.remove(oldest)
      oldest.reject(error)
    }
    let queued!: QueuedRequest
    const promise = new Promise<T>((resolve, reject) => {
      queued = { subject, bytes, send: core => resolve(send(core)), reject }
    })
    this.#queue.add(queued)
    this.bytes += bytes
    return { queued, promise }
  }

  remove(queued: QueuedRequest): void {
    if (this.#queue.delete(queued)) this.bytes -= queued.bytes
  }

  /** Passes everything to the module, where it waits for the connection. */
  send(core: ClientCore): void {
    for (const queued of this.#queue) {
      this.remove(queued)
      try {
        queued.send(core)
      } catch (error) {
        queued.reject(thrownError(error, queued.subject))
      }
    }
  }

  /** Rejects everything, since there will be no module. */
  close(errorFor: (subject: Subject) => MqttError): void {
    for (const queued of this.#queue) {
      this.remove(queued)
      queued.reject(errorFor(queued.subject))
    }
  }
}
