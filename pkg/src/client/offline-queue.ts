import type { MqttError } from '../util/errors.js'
import type { ClientCore, Glue } from '../wasm/interface.js'
import { requestError, type Subject, thrownError } from '../wasm/to-error.js'
import type { QueueOptions } from './options.js'

/** A request that waits for the connection. */
export interface QueuedRequest {
  readonly subject: Subject
  /** Bytes that it keeps in memory. */
  readonly bytes: number
  readonly send: (core: ClientCore) => void
  readonly reject: (error: unknown) => void
}

/** The requests that wait for the connection, in the order in which they were made; bounded. */
export class OfflineQueue {
  readonly #queue = new Set<QueuedRequest>()
  #bytes = 0
  #glue: Glue | undefined

  readonly #limits: Required<QueueOptions>

  constructor(limits: Required<QueueOptions>) {
    this.#limits = limits
  }

  /** Settles as what it sends does. Throws if there is no room, or if the topic or filter is wrong. */
  add<T>(
    subject: Subject,
    bytes: number,
    send: (core: ClientCore) => Promise<T>,
  ): { queued: QueuedRequest; promise: Promise<T> } {
    const { size } = this.#queue
    if (size >= this.#limits.messages || this.#bytes + bytes > this.#limits.bytes) {
      const message = `the queue is full: ${size} requests of ${this.#bytes} bytes wait for the connection; raise the option queue`
      throw requestError(subject, message, { reasonCode: 0x97 })
    }
    if (this.#glue) check(this.#glue, subject)
    let queued!: QueuedRequest
    const promise = new Promise<T>((resolve, reject) => {
      queued = { subject, bytes, send: core => resolve(send(core)), reject }
    })
    this.#queue.add(queued)
    this.#bytes += bytes
    return { queued, promise }
  }

  remove(queued: QueuedRequest): void {
    if (this.#queue.delete(queued)) this.#bytes -= queued.bytes
  }

  /** The module is there: what it finds wrong is refused, though nothing can be sent yet. */
  check(glue: Glue): void {
    this.#glue = glue
    for (const queued of this.#queue) {
      try {
        check(glue, queued.subject)
      } catch (error) {
        this.remove(queued)
        queued.reject(error)
      }
    }
  }

  /** There is a connection. */
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

  /** There will be none. */
  close(errorFor: (subject: Subject) => MqttError): void {
    for (const queued of this.#queue) {
      this.remove(queued)
      queued.reject(errorFor(queued.subject))
    }
  }
}

function check(glue: Glue, subject: Subject): void {
  try {
    if (subject.kind === 'publish') glue.check(subject.topic, false)
    if (subject.kind === 'subscribe') glue.check(subject.filter, true)
  } catch (error) {
    throw thrownError(error, subject)
  }
}
