import type { Forgotten } from '../../message/held-message.js'
import type { LazyProperties, Message, QoS } from '../../message/message.js'
import type { MessageProperties } from '../../message/properties.js'
import type { SubscribeError } from '../../util/errors.js'
import type { Receiver } from '../../wasm/callbacks.js'
import type { ClientCore } from '../../wasm/interface.js'
import type { GapEvent } from '../events.js'
import type { SubscribeArguments, SubscribeOptions } from '../request-options.js'
import type { GrantedFilter, SubscriptionGroup } from '../subscriptions.js'
import { type PlainError, revivedError } from './errors.js'
import type { Step } from './protocol.js'
import type { Host, Tools } from './tools.js'

/** A handler of this tab. */
interface Member extends Receiver {
  readonly id: number
  /** Filters that the broker granted, or that are asked for. */
  readonly wanted: Set<string>
  readonly options: SubscribeOptions
  readonly ended: (() => void) | undefined
  isGranted: boolean
  events?: EventTarget
  resolve(group: Pick<SubscriptionGroup, 'granted' | 'refused'>): void
  reject(error: unknown): void
}

/** A call that waits for the hub's answer. */
interface Call {
  readonly step: (call: number) => Step
  /** The step for another hub, which does not know the member; none if nothing is left to do. */
  readonly again: ((call: number) => Step) | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Way to the hub. */
interface Way {
  send(step: Step): void
  /** Returns the identifier of the hub, if there is one. */
  hub(): string | undefined
}

/** Handlers of a tab. The hub subscribes for them, and sends their messages. */
export class Members {
  readonly #members = new Map<number, Member>()
  readonly #calls = new Map<number, Call>()
  /** Promises for what was asked for. */
  readonly #asked = new Set<Promise<unknown>>()
  #next = 0
  #forgotten: Forgotten | undefined

  readonly #host: Host
  readonly #tools: Tools
  readonly #way: Way

  constructor(host: Host, tools: Tools, way: Way) {
    this.#host = host
    this.#tools = tools
    this.#way = way
  }

  /** Returns the number of filters if this one is among them. */
  countWith(filter: string): number {
    return new Set([filter, ...this.#filters()]).size
  }

  /** True if the broker has not answered all that was asked for. */
  get isBusy(): boolean {
    return this.#asked.size > 0
  }

  /** Resolves once all is answered that was asked for. */
  async idle(): Promise<void> {
    while (this.isBusy) await Promise.allSettled(this.#asked)
  }

  /** Adds a handler of the filters. */
  join(
    _core: ClientCore,
    filters: readonly string[],
    args: SubscribeArguments,
    receiver: Receiver,
    onEnd?: () => void,
  ): Promise<SubscriptionGroup> {
    const wanted = new Set(filters)
    for (const filter of wanted) this.#check(filter)
    let settle!: Pick<Member, 'resolve' | 'reject'>
    const granted = new Promise<Pick<SubscriptionGroup, 'granted' | 'refused'>>((resolve, reject) => {
      settle = { resolve, reject }
    })
    const id = this.#next++
    const options = optionsOf(args, this.#host.version)
    const member: Member = Object.assign(receiver, { id, wanted, options, ended: onEnd, isGranted: false, ...settle })
    this.#members.set(id, member)
    this.#way.send(['subscribe', id, [...wanted], options])
    return this.#track(granted).then(group => ({ ...group, ...this.#endOf(member, args.signal) }))
  }

  /** Ends this tab's subscriptions of the filters. */
  async unsubscribe(_core: ClientCore, filters: readonly string[]): Promise<void> {
    const all = [...new Set(filters)]
    for (const filter of all) this.#check(filter)
    const step = (call: number): Step => ['unsubscribe', call, all]
    const done = this.#call(step, step)
    for (const member of [...this.#members.values()]) {
      for (const filter of all) member.wanted.delete(filter)
      if (member.wanted.size > 0) continue
      this.#remove(member)
      member.ended?.()
    }
    await done
  }

  /** Authenticates anew. */
  reauthenticate(): Promise<unknown> {
    return this.#call(call => ['reauthenticate', call], undefined)
  }

  /** Returns the gap of so many milliseconds, if a subscription may have missed messages. */
  gap(isResumed: boolean, absence: number): GapEvent | undefined {
    const affected = this.#affected(isResumed).flatMap(({ wanted }) => [...wanted])
    if (absence < 0 || affected.length === 0) return undefined
    const to = Date.now()
    return new this.#tools.GapEvent(to - absence, to, [...new Set(affected)])
  }

  /** Tells the subscriptions of a gap, each of its own filters. */
  tell({ from, to, filters }: GapEvent): void {
    for (const { wanted, events } of this.#members.values()) {
      const own = filters.filter(filter => wanted.has(filter))
      if (own.length > 0) events?.dispatchEvent(new this.#tools.GapEvent(from, to, own))
    }
  }

  /** Nothing to do: the hub's client notes it. */
  forget(): void {}

  /** Asks another hub for all that is wanted and was not answered. */
  again(): void {
    for (const { id, wanted, options, isGranted } of this.#members.values()) {
      // Retained messages come again only where the session is gone.
      const isKept = isGranted && this.#host.version !== 4 && options.retainHandling !== 2
      this.#way.send(['subscribe', id, [...wanted], isKept ? { ...options, retainHandling: 1 } : options])
    }
    for (const [number, call] of this.#calls) {
      if (call.again) this.#way.send(call.again(number))
      else this.#settleCall(number, ({ reject }) => reject(this.#goneError()))
    }
  }

  /** Handles a step of the hub. Returns false if it is none of a member. */
  receive([kind, ...values]: Step): boolean {
    const [id, value] = values as [number, unknown]
    switch (kind) {
      case 'message':
        this.#onMessage(...(values as [number[], string, Uint8Array, number, MessageProperties | undefined]))
        return true
      case 'held':
        this.#onHeld(...(values as [number, number, string, Uint8Array, number, MessageProperties | undefined]))
        return true
      case 'subscribed':
        this.#onSubscribed(id, ...(value as [GrantedFilter[], PlainError[]]))
        return true
      case 'refusal':
        this.#onRefused(id, this.#revived(value))
        return true
      case 'answered':
        this.#settleCall(id, ({ resolve }) => resolve((value as unknown[])[0]))
        return true
      case 'rejected':
        this.#settleCall(id, ({ reject }) => reject(this.#revived(value)))
        return true
    }
    return false
  }

  /** Ends all of them with the client, which ends because of an error or by request. */
  close(cause: Error | undefined): void {
    const { errors, requestError } = this.#tools
    for (const member of [...this.#members.values()]) {
      const [filter = ''] = member.wanted
      const message = `the broker had not answered, so the outcome is unknown: ${cause?.message}`
      this.#remove(member)
      member.reject(
        cause
          ? requestError({ kind: 'subscribe', filter }, message, { cause })
          : new errors.ClosedError('the client was ended'),
      )
    }
    // As a connection that ends: the subscription is over.
    for (const number of [...this.#calls.keys()]) this.#settleCall(number, ({ resolve }) => resolve(undefined))
  }

  /** Returns a message of the hub. */
  message(topic: string, payload: Uint8Array, flags: number, properties: MessageProperties | undefined) {
    const lazy = properties && ({ read: () => properties } as LazyProperties)
    return new this.#tools.ReceivedMessage(topic, payload, flags, lazy)
  }

  #onMessage(members: number[], ...message: Parameters<Members['message']>): void {
    const received = this.message(...message)
    for (const id of members) this.#deliver(this.#members.get(id), received)
  }

  #onHeld(id: number, held: number, ...message: Parameters<Members['message']>): void {
    const member = this.#members.get(id)
    const hub = this.#way.hub()
    const acknowledge = (reasonCode: number) => {
      // The broker sends it again to another hub.
      if (hub === undefined || this.#way.hub() !== hub) return false
      this.#way.send(['acknowledge', held, reasonCode])
      return true
    }
    if (!member?.handle) {
      acknowledge(0)
      return
    }
    const { HeldAck, HeldMessage, watchForgotten } = this.#tools
    this.#forgotten ??= watchForgotten(error => this.#host.onError(error))
    this.#deliver(member, new HeldMessage(this.message(...message), new HeldAck(1, acknowledge), this.#forgotten))
  }

  #deliver(member: Member | undefined, message: Message): void {
    if (member) this.#host.deliver(member, message)
  }

  #onSubscribed(id: number, granted: GrantedFilter[], refused: PlainError[]): void {
    const member = this.#members.get(id)
    const errors = refused.map(error => this.#revived(error) as SubscribeError)
    if (!member) return
    for (const error of errors) this.#refuse(member, error)
    if (!member.isGranted) member.resolve({ granted, refused: errors })
    member.isGranted = true
  }

  #onRefused(id: number, error: Error): void {
    const member = this.#members.get(id)
    if (!member) return
    if (member.isGranted) this.#refuse(member, error as SubscribeError)
    this.#remove(member)
    member.reject(error)
  }

  /** Forgets a filter that the broker refused, after another hub had it granted perhaps. */
  #refuse(member: Member, error: SubscribeError): void {
    const filters = error.errors?.map(({ filter }) => filter) ?? [error.filter]
    for (const filter of filters) {
      member.wanted.delete(filter)
      if (member.isGranted) this.#host.onNotice({ kind: 'unsubscribed', filter, error })
    }
  }

  #endOf(member: Member, signal: AbortSignal | undefined) {
    const { id, wanted } = member
    const call = async (kind: 'leave' | 'drain') => {
      const filters = [...wanted]
      const alone = filters.filter(filter => !this.#isWantedElsewhere(filter, member))
      const again = alone.length > 0 ? (number: number): Step => ['unsubscribe', number, alone] : undefined
      if (kind === 'leave') this.#remove(member)
      await this.#call(number => [kind, id, number], again ?? (number => ['unsubscribe', number, []]))
    }
    const drain = async () => {
      await call('drain')
      while (member.running?.size) await Promise.all(member.running)
      this.#remove(member)
    }
    return this.#tools.subscriptionEnd(this.#host.cleanUp, member, signal, () => call('leave'), drain)
  }

  #isWantedElsewhere(filter: string, member: Member): boolean {
    return [...this.#members.values()].some(other => other !== member && other.wanted.has(filter))
  }

  #remove(member: Member): void {
    member.handle = undefined
    this.#members.delete(member.id)
  }

  #affected(isResumed: boolean): Member[] {
    return [...this.#members.values()].filter(
      ({ isGranted, options }) => isGranted && (!isResumed || (options.qos ?? 0) === 0),
    )
  }

  #filters(): string[] {
    return [...this.#members.values()].flatMap(({ wanted }) => [...wanted])
  }

  #check(filter: string): void {
    try {
      this.#host.glue.check(filter, true)
    } catch (error) {
      throw this.#tools.thrownError(error, { kind: 'subscribe', filter })
    }
  }

  #call(step: Call['step'], again: Call['again']): Promise<unknown> {
    const number = this.#next++
    const answered = new Promise((resolve, reject) => {
      this.#calls.set(number, { step, again, resolve, reject })
      this.#way.send(step(number))
    })
    return this.#track(answered)
  }

  #track<T>(answered: Promise<T>): Promise<T> {
    const forget = () => void this.#asked.delete(answered)
    this.#asked.add(answered)
    answered.then(forget, forget)
    return answered
  }

  #settleCall(number: number, settle: (call: Call) => void): void {
    const call = this.#calls.get(number)
    this.#calls.delete(number)
    if (call) settle(call)
  }

  #revived(error: unknown): Error {
    return revivedError(error as PlainError, this.#tools)
  }

  #goneError(): Error {
    return new this.#tools.errors.ConnectionError('the tab that held the connection is gone; try again')
  }
}

/** Identifiers of properties of SUBSCRIBE (MQTT 5.0 §3.8.2.1). */
const SUBSCRIPTION_IDENTIFIER = 11
const USER_PROPERTY = 38

/** Returns options for the hub's client. Those that MQTT 3.1.1 cannot carry are left out. */
function optionsOf({ byte, properties = [], isManual }: SubscribeArguments, version: 4 | 5 | 'auto'): SubscribeOptions {
  const userProperties: (readonly [string, string])[] = []
  let subscriptionIdentifier: number | undefined
  for (let index = 0; index < properties.length; index += 2) {
    if (properties[index] === SUBSCRIPTION_IDENTIFIER) subscriptionIdentifier = properties[index + 1] as number
    if (properties[index] === USER_PROPERTY) userProperties.push(properties[index + 1] as [string, string])
  }
  return {
    qos: (byte & 3) as QoS,
    acknowledge: isManual ? 'manual' : 'auto',
    ...(version !== 4 && {
      noLocal: (byte & 4) > 0,
      retainAsPublished: (byte & 8) > 0,
      retainHandling: ((byte >> 4) & 3) as 0 | 1 | 2,
    }),
    ...(subscriptionIdentifier !== undefined && { subscriptionIdentifier }),
    ...(userProperties.length > 0 && { userProperties }),
  }
}
