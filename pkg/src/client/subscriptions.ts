/// <reference lib="esnext.disposable" preserve="true" />

import { type Acknowledgement, accepted } from '../message/acknowledgement.js'
import type { QoS } from '../message/message.js'
import { ignore } from '../util/abort.js'
import type { Receiver } from '../wasm/callbacks.js'
import type { ClientCore } from '../wasm/interface.js'
import { type Subject, thrownError } from '../wasm/to-error.js'
import type { PendingRequests } from './pending-requests.js'
import type { SubscribeArguments } from './request-options.js'

/** A subscription of one handler. */
export interface Subscription {
  readonly filter: string
  /** Quality of service that the broker granted. */
  readonly qos: QoS
  /** The broker's answer to SUBSCRIBE, with its reason string and user properties. */
  readonly acknowledgement: Acknowledgement
  /**
   * Stops the handler at once. When the filter's last handler leaves, UNSUBSCRIBE is sent, and its
   * answer resolves the promise.
   *
   * Idempotent. Resolves also if the connection ends. Rejects with a SubscribeError if the broker
   * refuses.
   */
  unsubscribe(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** State of a filter at the broker, and the handlers that share it. */
interface FilterState {
  readonly members: Set<number>
  /** Options of the accepted SUBSCRIBE, to compare with; empty without one. */
  key: string
  /** Its quality of service. */
  asked: number
  granted: Promise<Acknowledgement>
  /** SUBSCRIBE under way, with the options that its handler gave. */
  pending: { readonly key: string; readonly granted: Promise<Acknowledgement> } | undefined
}

/** Options that no SUBSCRIBE has. */
const ANEW = '-'
const none = Promise.resolve(accepted)

/** The part of the connection that is used. */
interface SubscriptionConnection {
  readonly requests: PendingRequests
  readonly receivers: Map<number, Receiver>
  /** The core, while the client is connected. */
  readonly live: ClientCore | undefined
  run(action: (core: ClientCore) => void): void
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

  /**
   * Adds a handler, and subscribes unless the filter is subscribed with these options. Throws as
   * the module does.
   */
  join(core: ClientCore, filter: string, options: SubscribeArguments, receiver: Receiver): Promise<Subscription> {
    const number = this.#next++
    // Before SUBSCRIBE, since messages may come before its answer [MQTT-3.8.4-2].
    core.setHandler(filter, number, true)
    this.#connection.receivers.set(number, receiver)
    const leave = () => {
      receiver.handle = undefined
      this.#connection.receivers.delete(number)
      this.#connection.run(core => core.setHandler(filter, number, false))
    }
    try {
      const shared = this.#filters.get(filter) ?? {
        members: new Set(),
        key: '',
        asked: 0,
        granted: none,
        pending: undefined,
      }
      const granted = this.#ask(core, filter, shared, options)
      this.#filters.set(filter, shared)
      shared.members.add(number)
      return this.#granted(filter, shared, number, granted, leave)
    } catch (error) {
      leave()
      throw error
    }
  }

  /**
   * Subscribes unless the filter is subscribed with these options. Requests for a filter go one at
   * a time, since a refusal leaves it as it was.
   */
  #ask(core: ClientCore, filter: string, shared: FilterState, options: SubscribeArguments): Promise<Acknowledgement> {
    const { byte, properties } = options
    const keyOf = (byte: number) => JSON.stringify([byte, properties])
    const { pending } = shared
    if (pending) {
      if (pending.key === keyOf(byte)) return pending.granted
      const ask = () => this.#ask(core, filter, shared, options)
      return pending.granted.then(ask, error => (this.#connection.live ? ask() : Promise.reject(error)))
    }
    const asked = Math.max(shared.asked, byte & 3)
    const optionsByte = (byte & ~3) | asked
    const key = keyOf(optionsByte)
    if (shared.key === key) return shared.granted
    const subject: Subject = { kind: 'subscribe', filter }
    const granted = this.#connection.requests.add(core.subscribe(filter, optionsByte, properties), subject)
    shared.pending = { key: keyOf(byte), granted }
    granted.then(
      () => Object.assign(shared, { key, asked, granted, pending: undefined }),
      () => {
        shared.pending = undefined
      },
    )
    return granted
  }

  async #granted(
    filter: string,
    shared: FilterState,
    number: number,
    granted: Promise<Acknowledgement>,
    leave: () => void,
  ): Promise<Subscription> {
    const end = (): Promise<void> => {
      leave()
      return this.#leave(filter, shared, number)
    }
    let acknowledgement: Acknowledgement
    try {
      acknowledgement = await granted
    } catch (error) {
      end().catch(ignore)
      throw thrownError(error, { kind: 'subscribe', filter })
    }
    let ended: Promise<void> | undefined
    const unsubscribe = () => {
      ended ??= end().catch(error => {
        // So that the caller can try again.
        ended = undefined
        throw error
      })
      return ended
    }
    const qos = acknowledgement.reasonCode as QoS
    return { filter, qos, acknowledgement, unsubscribe, [Symbol.asyncDispose]: unsubscribe }
  }

  /** Removes a handler. The last one ends the subscription, if there is one at the broker. */
  async #leave(filter: string, shared: FilterState, number: number): Promise<void> {
    shared.members.delete(number)
    if (shared.members.size > 0 || this.#filters.get(filter) !== shared) return
    this.#filters.delete(filter)
    const core = this.#connection.live
    if (!core || !shared.key) return
    const subject: Subject = { kind: 'subscribe', filter }
    try {
      await this.#connection.requests.add(core.unsubscribe(filter), subject)
    } catch (error) {
      // The subscription ended with the connection, or belongs to a session that outlives it.
      if (!this.#connection.live) return
      // It is still there, without a handler. The next one subscribes anew.
      shared.key = ANEW
      if (!this.#filters.has(filter)) this.#filters.set(filter, shared)
      throw thrownError(error, subject)
    }
  }
}

/** Returns a subscription that the signal ends too, until the connection's clean-up. @internal */
export function endedBy(
  signal: AbortSignal | undefined,
  subscription: Subscription,
  { live, cleanUp }: { readonly live: ClientCore | undefined; readonly cleanUp: Set<() => void> },
): Subscription {
  if (!signal || !live) return subscription
  const abort = () => void unsubscribe().catch(ignore)
  const clean = () => {
    signal.removeEventListener('abort', abort)
    cleanUp.delete(clean)
  }
  const unsubscribe = () => {
    clean()
    return subscription.unsubscribe()
  }
  signal.addEventListener('abort', abort)
  cleanUp.add(clean)
  return { ...subscription, unsubscribe, [Symbol.asyncDispose]: unsubscribe }
}
