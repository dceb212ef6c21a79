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
  /** The next filter of the same request, which is answered next. */
  next?: Pending
}

/** Outcome of a request. */
type Outcome = (pending: Pending) => void

/** The requests under way. Each ends once: answered, failed, or with the connection. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>()
  /** Outcomes that came before the call that made the request returned its number. */
  readonly #early = new Map<number, Outcome[]>()
  /** Requests that ended with the connection. Its cause is known only later. */
  readonly #orphans: Pending[] = []
  /** Callbacks for the time when no request is under way. */
  readonly #onIdle: (() => void)[] = []
  onNotice: ((notice: Notice) => void) | undefined

  /** Adds a request. The promise resolves with the broker's answer. */
  add(request: number, subject: Subject): Promise<Acknowledgement> {
    return new Promise((resolve, reject) => this.#add(request, { subject, resolve, reject }))
  }

  /** Adds a SUBSCRIBE or UNSUBSCRIBE. Each filter has its own answer. */
  addAll(request: number, subjects: readonly Subject[]): Promise<Acknowledgement>[] {
    let first: Pending | undefined
    let last: Pending | undefined
    const answers = subjects.map(
      subject =>
        new Promise<Acknowledgement>((resolve, reject) => {
          const pending = { subject, resolve, reject }
          if (last) last.next = pending
          else first = pending
          last = pending
        }),
    )
    if (first) this.#add(request, first)
    return answers
  }

  done(request: number, reasonCode: number, properties: PropertyList | undefined): void {
    this.#settle(request, pending => pending.resolve(acknowledgement(reasonCode, properties)))
  }

  failed(
    request: number,
    code: string,
    message: string,
    reasonCode: number | undefined,
    properties: PropertyList = [],
  ): void {
    this.#settle(request, pending => {
      // Any other code ends the request for all its filters.
      const isOne = code === 'filter-refused'
      if (!isOne) this.#pending.delete(request)
      for (const each of isOne ? [pending] : chain(pending)) {
        if (code === 'connection-closed') this.#orphans.push(each)
        else {
          const details = { reasonCode, ...fromList(properties) }
          this.#fail(each, code, failedError(code, each.subject, message, details))
        }
      }
    })
  }

  /** Ends a request that another client has made, with its answer or its error. */
  end(request: number, answer: Acknowledgement | undefined, error: unknown): void {
    this.#settle(request, ({ resolve, reject }) => (answer ? resolve(answer) : reject(error)))
  }

  get size(): number {
    return this.#pending.size
  }

  /** Resolves once no request is under way. */
  async idle(): Promise<void> {
    while (this.size > 0) await new Promise<void>(resolve => this.#onIdle.push(resolve))
  }

  /** Returns the subject of a request under way. */
  subject(request: number): Subject | undefined {
    return this.#pending.get(request)?.subject
  }

  #fail({ subject, reject }: Pending, code: string, error: MqttError): void {
    reject(error)
    if (code === 'lost-thrice') this.onNotice?.({ ...subject, kind: 'indeterminate', error })
  }

  /**
   * Rejects the requests that ended with a lost connection, each with the error for its subject.
   */
  lost(errorFor: (subject: Subject) => MqttError): void {
    for (const { subject, reject } of this.#orphans.splice(0)) reject(errorFor(subject))
  }

  /** Rejects all requests at the end of the client, each with the error for its subject. */
  close(errorFor: (subject: Subject) => MqttError): void {
    const all = [...this.#orphans, ...[...this.#pending.values()].flatMap(chain)]
    this.#orphans.length = 0
    this.#pending.clear()
    this.#early.clear()
    for (const { subject, reject } of all) reject(errorFor(subject))
    this.#tellIdle()
  }

  #add(request: number, pending: Pending): void {
    this.#pending.set(request, pending)
    if (this.#early.size === 0) return
    const outcomes = this.#early.get(request) ?? []
    this.#early.clear()
    for (const outcome of outcomes) this.#settle(request, outcome)
  }

  #settle(request: number, outcome: Outcome): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) {
      this.#early.set(request, [...(this.#early.get(request) ?? []), outcome])
      return
    }
    if (pending.next === undefined) this.#pending.delete(request)
    else this.#pending.set(request, pending.next)
    outcome(pending)
    if (this.#onIdle.length > 0 && this.#pending.size === 0) this.#tellIdle()
  }

  #tellIdle(): void {
    for (const tell of this.#onIdle.splice(0)) tell()
  }
}

/** Returns a request with those of the filters behind it. */
function chain(first: Pending): Pending[] {
  const all = []
  for (let each: Pending | undefined = first; each; each = each.next) all.push(each)
  return all
}
