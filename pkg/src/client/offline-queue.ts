import type { MqttError } from '../util/errors.js'
import type { ClientCore, Glue } from '../wasm/interface.js'
import { requestError, type Subject, thrownError } from '../wasm/to-error.js'
import type { QueueOptions } from './options.js'

/** A request that waits for the connection. */
export interface Waiter {
  readonly subject: Subject
  /** Bytes that it keeps in memory. */
  readonly bytes: number
  readonly send: (core: ClientCore) => void
  readonly reject: (error: unknown) => void
}

/** The requests that wait for the connection, in the order in which they were made; bounded. */
export class Waiting {
  readonly #waiters = new Set<Waiter>()
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
  ): { waiter: Waiter; promise: Promise<T> } {
    const { size } = this.#waiters
    if (size >= this.#limits.messages || this.#bytes + bytes > this.#limits.bytes) {
      const message = `the queue is full: ${size} requests of ${this.#bytes} bytes wait for the connection`
      throw requestError(subject, message, { reasonCode: 0x97 })
    }
    if (this.#glue) check(this.#glue, subject)
    let waiter!: Waiter
    const promise = new Promise<T>((resolve, reject) => {
      waiter = { subject, bytes, send: core => resolve(send(core)), reject }
    })
    this.#waiters.add(waiter)
    this.#bytes += bytes
    return { waiter, promise }
  }

  remove(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) this.#bytes -= waiter.bytes
  }

  /** The module is there: what it finds wrong is refused, though nothing can be sent yet. */
  check(glue: Glue): void {
    this.#glue = glue
    for (const waiter of this.#waiters) {
      try {
        check(glue, waiter.subject)
      } catch (error) {
        this.remove(waiter)
        waiter.reject(error)
      }
    }
  }

  /** There is a connection. */
  send(core: ClientCore): void {
    for (const waiter of this.#waiters) {
      this.remove(waiter)
      try {
        waiter.send(core)
      } catch (error) {
        waiter.reject(thrownError(error, waiter.subject))
      }
    }
  }

  /** There will be none. */
  close(errorFor: (subject: Subject) => MqttError): void {
    for (const waiter of this.#waiters) {
      this.remove(waiter)
      waiter.reject(errorFor(waiter.subject))
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
