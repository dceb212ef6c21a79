import type { Acknowledgement } from '../../message/acknowledgement.js'
import type { Message, QoS, RejectCode } from '../../message/message.js'
import type { MessageProperties } from '../../message/properties.js'
import type { BaseClient } from '../client.js'
import type { SubscribeOptions } from '../request-options.js'
import type { SubscriptionGroup } from '../subscriptions.js'
import { plainError } from './errors.js'
import { flagsOf, type Hub, propertiesOf } from './hub.js'
import { alone, type Port } from './ports.js'
import type { Step } from './protocol.js'

/** A subscription of a tab. */
interface HubMember {
  readonly filters: Set<string>
  readonly options: SubscribeOptions
  /** The one at the client that holds the connection. It is made anew if the filters change. */
  group: Promise<SubscriptionGroup>
}

type Publishing = [
  request: number,
  topic: string,
  payload: Uint8Array,
  flags: number,
  properties: MessageProperties | undefined,
]
type Subscribing = [id: number, filters: string[], options: SubscribeOptions]

/** Why a request ends that its tab has taken back. */
const WITHDRAWN = new DOMException('the request was taken back', 'AbortError')
/** Reason of a message whose tab is gone without an answer: unspecified error. */
const UNANSWERED: RejectCode = 0x80
/** Steps that a tab may leave unread for a time, as a frozen one does. */
const UNREAD_MAX = 10_000
const UNREAD_MS = 10_000

/** A tab at the hub: its subscriptions, and its requests under way. */
export class HubTab {
  isWatching = false
  hasJoined = false
  #handlers: Readonly<Record<string, (...values: never[]) => void>> | undefined
  /** Steps that wait for the client. */
  #early: Step[] = []
  readonly #members = new Map<number, HubMember>()
  readonly #requests = new Map<number, AbortController>()
  readonly #settling = new Set<Promise<void>>()
  /** Messages that the tab acknowledges by hand. */
  readonly #held = new Map<number, Message>()
  #nextHeld = 0
  /** Steps that the tab has not read, and the time since which it has read none. */
  #unread = 0
  #unreadSince = 0

  readonly #hub: Hub
  readonly port: Port

  /** Number of the tab's stay: it may leave a hub and come again. */
  readonly round: number

  constructor(hub: Hub, port: Port, round: number) {
    this.#hub = hub
    this.port = port
    this.round = round
    if (hub.client) this.#handlers = this.#steps(hub.client)
  }

  /** Handles steps, or keeps them until there is a client. */
  receive(steps: readonly Step[]): void {
    // Messages that come while the connection is handed over stay with their tab.
    const taken = this.#hub.isHandingOver ? steps.filter(([kind]) => kind !== 'publish') : steps
    const last = taken.findLast(([kind]) => kind === 'publish')
    for (const step of taken) {
      const [kind] = step
      if (kind === 'joined') {
        this.#hub.know(step[1] as string[])
        this.hasJoined = true
        this.#hub.changed()
      } else if (kind === 'ping') {
        this.port.push(['pong'])
      } else if (kind === 'got') {
        this.#unread -= step[1] as number
        this.#unreadSince = performance.now()
      } else if (!this.#handlers) {
        this.#early.push(step)
      }
    }
    if (!this.#handlers) return
    if (last) {
      // The tab knows it before a message can have left for the broker.
      this.port.push(['took', last[1]])
      this.port.flush()
    }
    for (const [kind, ...values] of taken) this.#handlers?.[kind]?.(...(values as never[]))
  }

  /** Adds what waits. */
  count(waiting: { messages: number; bytes: number }): void {
    for (const [kind, , topic, payload] of this.#early) {
      if (kind !== 'publish') continue
      waiting.messages++
      waiting.bytes += (topic as string).length + (payload as Uint8Array).length
    }
  }

  /** Handles what has waited. */
  start(client: BaseClient): void {
    this.#handlers = this.#steps(client)
    const early = this.#early
    this.#early = []
    this.receive(early)
  }

  /** Resolves once the tab has been told the outcome of all that it has published so far. */
  async settled(): Promise<void> {
    await Promise.all(this.#settling)
  }

  /** Counts the steps that are sent to the tab now. Returns true if it reads nothing any more. */
  countSteps(steps: readonly Step[]): boolean {
    if (this.#unread === 0) this.#unreadSince = performance.now()
    this.#unread += steps.filter(isCounted).length
    return this.#unread > UNREAD_MAX && performance.now() - this.#unreadSince > UNREAD_MS
  }

  has(filter: string): boolean {
    return [...this.#members.values()].some(({ filters }) => filters.has(filter))
  }

  /** Sends a message to a member. Returns the list of members, to which others may be added. */
  send(message: Message, member: number): number[] {
    const members = [member]
    const { topic, payload } = message
    this.port.push(['message', members, topic, alone(payload), flagsOf(message), propertiesOf(message)])
    return members
  }

  /** Ends all that the tab has. */
  end(): void {
    for (const controller of this.#requests.values()) controller.abort(WITHDRAWN)
    for (const message of this.#held.values()) message.reject(UNANSWERED)
    this.#held.clear()
    this.isWatching = false
    this.#hub.watch()
    for (const id of [...this.#members.keys()]) this.#leave(id).catch(() => {})
  }

  /** Returns what to do for each kind of step. */
  #steps(client: BaseClient): Readonly<Record<string, (...values: never[]) => void>> {
    return {
      publish: (...message: Publishing) => this.#publish(client, ...message),
      withdraw: (request: number) => this.#requests.get(request)?.abort(WITHDRAWN),
      subscribe: (...wish: Subscribing) => this.#subscribe(client, ...wish),
      leave: (id: number, call: number) => this.#answer(call, this.#leave(id)),
      drain: (id: number, call: number) => this.#answer(call, this.#drain(id)),
      unsubscribe: (call: number, filters: string[]) => this.#answer(call, this.#unsubscribe(client, filters)),
      reauthenticate: (call: number) => this.#answer(call, client.reauthenticate()),
      acknowledge: (held: number, reasonCode: number) => this.#acknowledge(held, reasonCode),
      watch: (on: boolean) => {
        this.isWatching = on
        this.#hub.watch()
      },
    }
  }

  #publish(client: BaseClient, ...[request, topic, payload, flags, properties]: Publishing): void {
    const qos = ((flags >> 1) & 3) as QoS
    const controller = new AbortController()
    this.#requests.set(request, controller)
    const options = { qos, retain: (flags & 1) > 0, ...(properties && { properties }), signal: controller.signal }
    const settled = client
      .publish(topic, payload, options)
      .then(
        answer => this.port.push(['done', request, answer]),
        error => this.port.push(['failed', request, plainError(error)]),
      )
      .finally(() => {
        this.#requests.delete(request)
        this.#settling.delete(settled)
      })
    this.#settling.add(settled)
  }

  #subscribe(client: BaseClient, ...[id, filters, options]: Subscribing): void {
    const group = this.#group(client, id, filters, options)
    const member = { filters: new Set(filters), options, group }
    this.#members.set(id, member)
    this.#hub.count(filters, 1)
    group.then(
      ({ granted, refused }) => {
        this.port.push(['subscribed', id, [granted, refused.map(plainError)]])
        this.#forget(
          member,
          refused.map(({ filter }) => filter),
        )
      },
      error => {
        this.port.push(['refusal', id, plainError(error)])
        this.#members.delete(id)
        this.#forget(member, [...member.filters])
      },
    )
  }

  #group(client: BaseClient, id: number, filters: readonly string[], options: SubscribeOptions) {
    const isManual = options.acknowledge === 'manual'
    const handle = (message: Message) => {
      if (isManual && message.qos > 0) this.#hold(message, id)
      else this.#hub.deliver(message, this, id)
    }
    return client.subscribe([...filters], options, handle)
  }

  #hold(message: Message, id: number): void {
    const held = this.#nextHeld++
    this.#held.set(held, message)
    const { topic, payload } = message
    this.port.push(['held', id, held, topic, alone(payload), flagsOf(message), propertiesOf(message)])
  }

  #acknowledge(held: number, reasonCode: number): void {
    const message = this.#held.get(held)
    this.#held.delete(held)
    if (reasonCode === 0) message?.ack()
    else message?.reject(reasonCode as RejectCode)
  }

  async #leave(id: number): Promise<void> {
    const member = this.#members.get(id)
    if (!member) return
    this.#members.delete(id)
    const group = await member.group.catch(() => undefined)
    try {
      await group?.unsubscribe()
    } finally {
      this.#forget(member, [...member.filters])
    }
  }

  async #drain(id: number): Promise<void> {
    const member = this.#members.get(id)
    if (!member) return
    const group = await member.group.catch(() => undefined)
    await group?.drain()
    this.#members.delete(id)
    this.#forget(member, [...member.filters])
  }

  /**
   * Ends this tab's subscriptions of the filters. UNSUBSCRIBE is sent for those that no other tab
   * has.
   */
  async #unsubscribe(client: BaseClient, filters: readonly string[]): Promise<void> {
    const isElsewhere = (filter: string) => this.#hub.isElsewhere(filter, this)
    const free = filters.filter(filter => !isElsewhere(filter))
    const done = free.length > 0 ? client.unsubscribe(free) : undefined
    for (const [id, member] of [...this.#members]) {
      const left = filters.filter(filter => member.filters.has(filter))
      if (left.length === 0) continue
      this.#forget(member, left)
      if (member.filters.size === 0) this.#members.delete(id)
      const old = member.group
      if (left.some(isElsewhere)) {
        // Other tabs go on with the filter, so this member's handler leaves it alone.
        if (member.filters.size > 0) {
          member.group = this.#group(client, id, [...member.filters], { ...member.options, retainHandling: 2 })
        }
        const group = await old.catch(() => undefined)
        await group?.unsubscribe()
      }
    }
    await done
  }

  #forget(member: HubMember, filters: readonly string[]): void {
    const gone = filters.filter(filter => member.filters.delete(filter))
    this.#hub.count(gone, -1)
  }

  #answer(call: number, answer: Promise<Acknowledgement | unknown>): void {
    answer.then(
      value => this.port.push(['answered', call, [value]]),
      error => this.port.push(['rejected', call, plainError(error)]),
    )
  }
}

/** True for the steps that come without being asked for. */
export function isCounted([kind]: Step): boolean {
  return kind === 'message' || kind === 'held' || kind === 'unhandled' || kind === 'packet'
}
