import { type Acknowledgement, acknowledgement } from '../message/acknowledgement.js'
import { fromList, type PropertyList } from '../message/properties.js'
import type { MqttError } from '../util/errors.js'
import { failedError, type Subject } from '../wasm/to-error.js'
import type { Notice } from './events.js'

/** A request without an answer so far. */
interface Pending {
  readonly subject: Subject
  readonly resolve: (answer: Acknowledgement) => void
  readonly reject: (error: unknown) => void
}

/** Outcome of a request. */
type Outcome = (pending: Pending) => void

/** The requests under way. Each ends once: answered, failed, or with the connection. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>()
  /** Outcomes that came before the call that made the request returned its number. */
  readonly #early = new Map<number, Outcome>()
  /** Requests that ended with the connection. Its cause is known only later. */
  readonly #orphans: Pending[] = []
  onNotice: ((notice: Notice) => void) | undefined

  /** Adds a request. The promise resolves with the broker's answer. */
  add(request: number, subject: Subject): Promise<Acknowledgement> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { subject, resolve, reject }
      if (this.#early.size === 0) {
        this.#pending.set(request, pending)
      } else {
        const outcome = this.#early.get(request)
        this.#early.clear()
        if (outcome) outcome(pending)
        else this.#pending.set(request, pending)
      }
    })
  }

  done(request: number, reasonCode: number, properties: PropertyList | undefined): void {
    const pending = this.#pending.get(request)
    if (pending) {
      this.#pending.delete(request)
      pending.resolve(acknowledgement(reasonCode, properties))
    } else {
      this.#early.set(request, early => early.resolve(acknowledgement(reasonCode, properties)))
    }
  }

  failed(
    request: number,
    code: string,
    message: string,
    reasonCode: number | undefined,
    properties: PropertyList = [],
  ): void {
    const outcome: Outcome = pending => {
      if (code === 'connection-closed') this.#orphans.push(pending)
      else {
        const details = { reasonCode, ...fromList(properties) }
        this.#fail(pending, code, failedError(code, pending.subject, message, details))
      }
    }
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    if (pending) outcome(pending)
    else this.#early.set(request, outcome)
  }

  /** Returns the subject of a request under way. */
  subject(request: number): Subject | undefined {
    return this.#pending.get(request)?.subject
  }

  #fail({ subject, reject }: Pending, code: string, error: MqttError): void {
    reject(error)
    if (code === 'lost-thrice') this.onNotice?.({ ...subject, kind: 'indeterminate', error })
  }

  /** Rejects all requests at the end of the connection, each with the error for its subject. */
  close(errorFor: (subject: Subject) => MqttError): void {
    const all = [...this.#orphans, ...this.#pending.values()]
    this.#orphans.length = 0
    this.#pending.clear()
    this.#early.clear()
    for (const { subject, reject } of all) reject(errorFor(subject))
  }
}
