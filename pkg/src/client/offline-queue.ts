import type { MqttError } from '../util/errors.js'
import type { ClientCore, Glue } from '../wasm/interface.js'
import { requestError, type Subject, thrownError } from '../wasm/to-error.js'
import type { QueueOptions } from './options.js'

/** A request that waits for the connection. */
export interface QueuedRequest {
  readonly subject: Subject
  /** Bytes of its topic and payload. */
  readonly bytes: number
  readonly send: (core: ClientCore) => void
  readonly reject: (error: unknown) => void
}

/** A bounded FIFO queue of the requests that wait for the connection. */
export class OfflineQueue {
  readonly #queue = new Set<QueuedRequest>()
  #bytes = 0
  #glue: Glue | undefined

  readonly #limits: Required<QueueOptions>

  constructor(limits: Required<QueueOptions>) {
    this.#limits = limits
  }

  /**
   * Adds a request. Its promise settles as the sent request does. Throws if the queue is full, or
   * the topic or filter is wrong.
   */
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

  /**
   * Checks what waits once the module is loaded. Wrong topics and filters reject before there is a
   * connection.
   */
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

  /** Sends everything, once there is a connection. */
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

  /** Rejects everything, since there will be no connection. */
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
