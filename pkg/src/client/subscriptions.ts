import type { Acknowledgement } from '../message/acknowledgement.js'
import type { QoS } from '../message/message.js'
import { ignore } from '../util/abort.js'
import { SubscribeError, TimeoutError } from '../util/errors.js'
import type { Receiver } from '../wasm/callbacks.js'
import type { ClientCore } from '../wasm/interface.js'
import { type Subject, thrownError } from '../wasm/to-error.js'
import { GapEvent } from './events.js'
import {
  type FilterState,
  forgetMessages,
  isShared,
  keyOf,
  type Member,
  missesRetained,
  newState,
  none,
} from './filter-state.js'
import type { PendingRequests } from './pending-requests.js'
import type { SubscribeArguments } from './request-options.js'
import { type SubscriptionEnd, subscriptionEnd } from './subscription-end.js'

/** A filter, and the quality of service that the broker granted. */
export interface GrantedFilter {
  readonly filter: string
  readonly qos: QoS
  /** The broker's answer to SUBSCRIBE, with its reason string and user properties. */
  readonly acknowledgement: Acknowledgement
}

/** A subscription of one handler. */
export interface Subscription extends SubscriptionEnd, GrantedFilter {}

/** A subscription of one handler to several filters. */
export interface SubscriptionGroup extends SubscriptionEnd {
  /** Filters that the broker granted, in the order in which they were given; at least one. */
  readonly granted: readonly GrantedFilter[]
  /** Errors of the filters that the broker refused. */
  readonly refused: readonly SubscribeError[]
}

/** Result of `subscribe`, for one filter or several. */
export type SubscriptionOf<F extends string | readonly string[]> = F extends string ? Subscription : SubscriptionGroup

/** Options that no SUBSCRIBE has. */
const ANEW = '-'

/** The part of the connection that is used. */
interface SubscriptionConnection {
  readonly requests: PendingRequests
  readonly receivers: Map<number, Receiver>
  /** The core, from loading the module to the end of the client. */
  readonly core: ClientCore | undefined
  /** Callbacks to run at the end of the client. */
  readonly cleanUp: Set<() => void>
  /** Resolves once all received bytes are handled. */
  idle(): Promise<void>
}

/** Handlers of a client, and the subscriptions at the broker that they share. @internal */
export class Subscriptions {
  readonly #filters = new Map<string, FilterState>()
  #next = 0

  readonly #connection: SubscriptionConnection

  constructor(connection: SubscriptionConnection) {
    this.#connection = connection
  }

  /** Returns the number of filters if this one is among them. */
  countWith(filter: string): number {
    return this.#filters.size + Number(!this.#filters.has(filter))
  }

  /** Returns the gap of so many milliseconds, if a subscription may have missed messages. */
  gap(isResumed: boolean, absence: number): GapEvent | undefined {
    const affected = [...this.#filters.values()].filter(({ key, asked }) => key && (!isResumed || asked === 0))
    if (absence < 0 || affected.length === 0) return undefined
    const to = Date.now()
    return gapOf(to - absence, to, affected)
  }

  /** Tells the subscriptions of a gap, each of its own filters. */
  tell({ from, to, filters }: GapEvent): void {
    const affected = filters.flatMap(filter => this.#filters.get(filter) ?? [])
    for (const member of new Set(affected.flatMap(({ members }) => [...members]))) {
      member.events?.dispatchEvent(
        gapOf(
          from,
          to,
          affected.filter(state => member.filters.has(state)),
        ),
      )
    }
  }

  /** Notes that the broker has the subscription no more. The next handler subscribes anew. */
  forget(filter: string): void {
    const state = this.#filters.get(filter)
    if (state) state.key = ANEW
  }

  /**
   * Adds a handler of the filters, and subscribes to those that are not subscribed with these
   * options. Throws as the module does.
   */
  join(
    core: ClientCore,
    filters: readonly string[],
    options: SubscribeArguments,
    receiver: Receiver,
    onEnd?: () => void,
  ): Promise<SubscriptionGroup> {
    const states = [...new Set(filters)].map(filter => this.#filters.get(filter) ?? newState(filter))
    const member: Member = Object.assign(receiver, {
      number: this.#next++,
      filters: new Set(states),
      isManual: options.isManual,
      keepsRetain: (options.byte & 8) > 0,
      hasCopies: (options.byte & 0x30) === 0 && !states.some(isShared),
      onEnd,
    })
    // Before SUBSCRIBE, since messages may come before its answer [MQTT-3.8.4-2].
    this.#connection.receivers.set(member.number, member)
    for (const { filter } of states) {
      try {
        core.setHandler(filter, member.number, options.isManual ? 2 : 1)
      } catch (error) {
        for (const state of states) this.#remove(state, member)
        throw thrownError(error, subjectOf(filter))
      }
    }
    const answers = this.#ask(core, states, options, member)
    for (const state of states) {
      this.#filters.set(state.filter, state)
      state.members.add(member)
    }
    return this.#granted(states, answers, member, options.signal)
  }

  /**
   * Unsubscribes from the filters, in one UNSUBSCRIBE, also from those of a resumed session. Their
   * handlers stop at once.
   */
  unsubscribe(core: ClientCore, filters: readonly string[]): Promise<void> {
    const states = [...new Set(filters)].map(filter => this.#filters.get(filter) ?? newState(filter))
    for (const { filter } of states) {
      try {
        // Checks the filter.
        core.setHandler(filter, this.#next, 0)
      } catch (error) {
        throw thrownError(error, subjectOf(filter))
      }
    }
    const request = this.#unsubscribe(core, states)
    for (const state of states) {
      this.#filters.delete(state.filter)
      for (const member of state.members) {
        this.#remove(state, member)
        if (member.filters.size === 0) member.onEnd?.()
      }
    }
    return request
  }

  /**
   * Subscribes to those that are not subscribed with these options, in one SUBSCRIBE where it can.
   * Requests for a filter go one at a time, since a refusal leaves it as it was.
   */
  #ask(
    core: ClientCore,
    states: readonly FilterState[],
    options: SubscribeArguments,
    member: Member,
  ): Promise<Acknowledgement>[] {
    const batches = new Map<string, FilterState[]>()
    const answers = new Map<FilterState, Promise<Acknowledgement>>()
    for (const state of states) {
      const { pending } = state
      const asked = Math.max(state.asked, options.byte & 3)
      const byte = (options.byte & ~3) | asked
      if (pending?.key === keyOf(options, options.byte) && !missesRetained(state, pending.byte, byte)) {
        answers.set(state, pending.granted)
      } else if (pending) {
        const again = () => this.#askAgain(state, options, member)
        answers.set(
          state,
          pending.granted.then(again, error => (this.#connection.core ? again() : Promise.reject(error))),
        )
      } else if (state.key === keyOf(options, byte) && !missesRetained(state, state.byte, byte)) {
        answers.set(state, state.granted)
      } else {
        // A subscription identifier is for the whole packet, and that of a shared filter its own.
        const name = isShared(state) ? state.filter : String(byte)
        batches.set(name, [...(batches.get(name) ?? []), state])
      }
    }
    for (const batch of batches.values()) this.#send(core, batch, options, answers)
    return states.map(state => answers.get(state) as Promise<Acknowledgement>)
  }

  #askAgain(state: FilterState, options: SubscribeArguments, member: Member): Promise<Acknowledgement> {
    const { core } = this.#connection
    // It was ended meanwhile.
    if (!core || !member.handle || !member.filters.has(state)) return state.granted
    return this.#ask(core, [state], options, member)[0] as Promise<Acknowledgement>
  }

  /** Sends SUBSCRIBE for filters with the same options. */
  #send(
    core: ClientCore,
    batch: readonly FilterState[],
    options: SubscribeArguments,
    answers: Map<FilterState, Promise<Acknowledgement>>,
  ): void {
    const { properties } = options
    const asked = Math.max(options.byte & 3, batch[0]?.asked ?? 0)
    const byte = (options.byte & ~3) | asked
    const filters = batch.map(({ filter }) => filter)
    let requests: Promise<Acknowledgement>[]
    try {
      const request = core.subscribe(filters, byte, properties)
      requests = this.#connection.requests.addAll(request, filters.map(subjectOf))
    } catch (error) {
      // The broker takes no such filter, or no such packet.
      for (const state of batch) {
        if (batch.length > 1) this.#send(core, [state], options, answers)
        else answers.set(state, Promise.reject(thrownError(error, subjectOf(state.filter))))
      }
      return
    }
    for (const [index, state] of batch.entries()) {
      const granted = requests[index] as Promise<Acknowledgement>
      answers.set(state, granted)
      forgetMessages(state)
      state.pending = { key: keyOf(options, options.byte), byte, granted }
      const key = keyOf(options, byte)
      granted.then(
        () => Object.assign(state, { key, byte, asked, granted, pending: undefined }),
        () => {
          state.pending = undefined
        },
      )
    }
  }

  async #granted(
    states: readonly FilterState[],
    answers: readonly Promise<Acknowledgement>[],
    member: Member,
    signal: AbortSignal | undefined,
  ): Promise<SubscriptionGroup> {
    const granted: GrantedFilter[] = []
    const errors: unknown[] = []
    const lost: FilterState[] = []
    for (const [index, result] of (await Promise.allSettled(answers)).entries()) {
      const state = states[index] as FilterState
      const { filter } = state
      if (result.status === 'fulfilled') {
        granted.push({ filter, qos: result.value.reasonCode as QoS, acknowledgement: result.value })
        continue
      }
      lost.push(state)
      // The broker may grant it yet, so it is ended if nobody else wants it.
      if (result.reason instanceof TimeoutError) state.key ||= ANEW
      errors.push(thrownError(result.reason, subjectOf(filter)))
    }
    if (lost.length > 0) this.#leave(lost, member).catch(ignore)
    if (granted.length === 0) throw allOf(errors)
    const refused = errors.filter(error => error instanceof SubscribeError)
    const { core, cleanUp } = this.#connection
    const end = subscriptionEnd(
      cleanUp,
      member,
      core && signal,
      () => this.#leave(states, member),
      () => this.#drain(states, member),
    )
    return { granted, refused, ...end }
  }

  /** Removes a handler. The last one of a filter ends the subscription, if there is one. */
  #leave(states: readonly FilterState[], member: Member): Promise<void> {
    for (const state of states) this.#remove(state, member)
    const left = states.filter(state => this.#isOver(state))
    for (const { filter } of left) this.#filters.delete(filter)
    const core = this.#connection.core
    const asked = left.filter(({ key }) => key)
    return core && asked.length > 0 ? this.#unsubscribe(core, asked) : none.then(ignore)
  }

  /** As `#leave`, but removes the handler last. */
  async #drain(states: readonly FilterState[], member: Member): Promise<void> {
    const core = this.#connection.core
    const over = states.filter(state => state.members.has(member) && state.members.size === 1 && state.key)
    // A handler that comes meanwhile subscribes anew.
    for (const state of over) if (this.#filters.get(state.filter) === state) this.#filters.delete(state.filter)
    try {
      if (core && over.length > 0) await this.#unsubscribe(core, over)
      await this.#connection.idle()
      while (member.running?.size) await Promise.all(member.running)
    } finally {
      await this.#leave(
        states.filter(state => !over.includes(state)),
        member,
      )
      for (const state of over) this.#remove(state, member)
    }
  }

  #remove(state: FilterState, member: Member): void {
    state.hadMessage ||= member.hadMessage === true
    if (member.filters.delete(state)) {
      try {
        this.#connection.core?.setHandler(state.filter, member.number, 0)
      } catch {
        // It was no filter, or the module has failed, which was told then.
      }
    }
    if (member.filters.size === 0) {
      member.handle = undefined
      this.#connection.receivers.delete(member.number)
    }
    state.members.delete(member)
  }

  /** True if the filter's last handler has left. */
  #isOver(state: FilterState): boolean {
    return state.members.size === 0 && this.#filters.get(state.filter) === state
  }

  async #unsubscribe(core: ClientCore, states: readonly FilterState[]): Promise<void> {
    const filters = states.map(({ filter }) => filter)
    const requests: Promise<Acknowledgement>[] = []
    try {
      const request = core.unsubscribe(filters)
      requests.push(...this.#connection.requests.addAll(request, filters.map(subjectOf)))
    } catch (error) {
      requests.push(...filters.map(() => Promise.reject(error)))
    }
    const errors: unknown[] = []
    for (const [index, result] of (await Promise.allSettled(requests)).entries()) {
      const state = states[index] as FilterState
      // The subscription ended with the connection, or belongs to a session that outlives it.
      if (result.status === 'fulfilled' || !this.#connection.core) continue
      // It is still there, without a handler. The next one subscribes anew.
      state.key = ANEW
      if (!this.#filters.has(state.filter)) this.#filters.set(state.filter, state)
      errors.push(thrownError(result.reason, subjectOf(state.filter)))
    }
    if (errors.length > 0) throw allOf(errors)
  }
}

function gapOf(from: number, to: number, states: readonly FilterState[]): GapEvent {
  return new GapEvent(
    from,
    to,
    states.map(({ filter }) => filter),
  )
}

const subjectOf = (filter: string): Subject => ({ kind: 'subscribe', filter })

/** Returns one error for those of several filters. */
function allOf(errors: readonly unknown[]): unknown {
  const [first] = errors
  if (errors.length === 1 || !(first instanceof SubscribeError)) return first
  const refused = errors.filter(error => error instanceof SubscribeError)
  const filters = refused.map(({ filter }) => filter).join(', ')
  return new SubscribeError(first.filter, `${errors.length} filters failed (${filters}): ${first.message}`, {
    reasonCode: first.reasonCode,
    errors: refused,
  })
}
