/// <reference lib="esnext.disposable" preserve="true" />

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
  /** Options of the latest SUBSCRIBE, to compare with; empty if it was refused. */
  key: string
  /** Its quality of service. */
  asked: number
  granted: Promise<number>
}

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
      const shared = this.#ask(core, filter, options)
      shared.members.add(number)
      return this.#granted(filter, shared, number, leave)
    } catch (error) {
      leave()
      throw error
    }
  }

  #ask(core: ClientCore, filter: string, { byte, properties }: SubscribeArguments): FilterState {
    const known = this.#filters.get(filter)
    const asked = Math.max(known?.asked ?? 0, byte & 3)
    const optionsByte = (byte & ~3) | asked
    const key = JSON.stringify([optionsByte, properties])
    if (known?.key === key) return known
    const granted = this.#connection.requests.add<number>(core.subscribe(filter, optionsByte, properties), {
      kind: 'subscribe',
      filter,
    })
    const shared = Object.assign(known ?? { members: new Set<number>() }, { key, asked, granted })
    this.#filters.set(filter, shared)
    granted.catch(() => {
      if (shared.granted === granted) shared.key = ''
    })
    return shared
  }

  async #granted(filter: string, shared: FilterState, number: number, leave: () => void): Promise<Subscription> {
    const end = (tell: boolean): Promise<void> => {
      leave()
      return this.#leave(filter, shared, number, tell)
    }
    let qos: QoS
    try {
      qos = (await shared.granted) as QoS
    } catch (error) {
      end(false)
      throw error
    }
    let ended: Promise<void> | undefined
    const unsubscribe = () => {
      ended ??= end(true)
      return ended
    }
    return { filter, qos, unsubscribe, [Symbol.asyncDispose]: unsubscribe }
  }

  /** Removes a handler. The last one ends the subscription. */
  async #leave(filter: string, shared: FilterState, number: number, tell: boolean): Promise<void> {
    shared.members.delete(number)
    if (shared.members.size > 0) return
    if (this.#filters.get(filter) === shared) this.#filters.delete(filter)
    const core = this.#connection.live
    if (!core || !tell) return
    const subject: Subject = { kind: 'subscribe', filter }
    try {
      await this.#connection.requests.add<number>(core.unsubscribe(filter), subject)
    } catch (error) {
      // The subscription ended with the connection, or belongs to a session that outlives it.
      if (this.#connection.live) throw thrownError(error, subject)
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
