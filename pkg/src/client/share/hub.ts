import type { Message } from '../../message/message.js'
import type { PacketRecord } from '../../message/packet-record.js'
import type { MessageProperties } from '../../message/properties.js'
import type { BaseClient } from '../client.js'
import type { Status } from '../events.js'
import { plain, plainError } from './errors.js'
import { HubTab } from './hub-tab.js'
import { alone, type Port } from './ports.js'
import type { Step } from './protocol.js'

/** Services of the tab that a hub lives in. */
export interface HubHost {
  /** Values that have to be the same in all tabs. */
  readonly identity: Readonly<Record<string, unknown>>
  /** Creates the client that holds the connection, with room for what waits. */
  open(waiting: { messages: number; bytes: number }): BaseClient
  /** True if this tab still holds the lock. */
  isLeader(): Promise<boolean>
  /** Called when another tab has taken the connection. */
  onLost(): void
}

/** Message and its step, which all tabs that get it share. */
interface Sending {
  readonly payload: Uint8Array
  readonly topic: string
  /** Tabs and the members of them that get it. */
  readonly taken: Map<HubTab, number[]>
}

/** Reason code of DISCONNECT: session taken over. */
const TAKEN_OVER = 0x8e
/** Time in which messages in flight may be acknowledged before the connection is handed over. */
const DRAIN_MS = 300

/**
 * The end of the tabs' channels in the tab that leads: it holds the connection, and does for all
 * tabs what they ask.
 *
 * It waits for the tabs that are there before it connects, so that messages of a resumed session
 * find their handlers.
 */
export class Hub {
  client: BaseClient | undefined
  readonly tabs = new Map<string, HubTab>()
  /** How many members have a filter, which the broker then has too. */
  readonly #filters = new Map<string, number>()
  /** Filters that an earlier hub had at the broker. */
  readonly #known = new Set<string>()
  readonly #controller = new AbortController()
  #latest: Sending | undefined
  #absence = -1
  readonly #onChange = new Set<() => void>()
  isHandingOver = false
  isOver = false

  readonly #host: HubHost

  constructor(host: HubHost) {
    this.#host = host
  }

  /** Takes a tab in, or refuses it. */
  accept(id: string, identity: Readonly<Record<string, unknown>>, round: number, port: Port): void {
    if (this.tabs.get(id)?.round === round) return
    this.drop(id)
    const other = Object.keys(this.#host.identity).find(name => !isSame(this.#host.identity[name], identity[name]))
    if (other) {
      port.push(['refused', [other, identity[other], this.#host.identity[other]]])
      port.flush()
      return
    }
    const tab = new HubTab(this, port, round)
    this.tabs.set(id, tab)
    port.push(['welcome', round])
    port.push(['filters', [...this.#filters.keys()], true])
    if (this.client) this.#tellStatus(this.client.status, [tab])
  }

  /** Handles steps of a tab. */
  receive(id: string, steps: readonly Step[]): void {
    this.tabs.get(id)?.receive(steps)
  }

  /** Lets a tab go. Its subscriptions end, unless other tabs have them. */
  drop(id: string): void {
    const tab = this.tabs.get(id)
    this.tabs.delete(id)
    tab?.end()
    this.changed()
  }

  /** Resolves once all these tabs have said what they want, or after the time. */
  async gather(ids: readonly string[], time: number): Promise<void> {
    const timer = new Promise<void>(resolve => setTimeout(resolve, time))
    const isMissing = (id: string) => !this.tabs.get(id)?.hasJoined
    const all = async () => {
      // Timers of a hidden page are too late for this.
      while (ids.some(isMissing) && !this.isOver) await new Promise<void>(resolve => this.#onChange.add(resolve))
    }
    await Promise.race([timer, all()])
  }

  /** Resolves once at most so many tabs are left, or after the time. */
  async dispersed(tabs: number, time: number): Promise<void> {
    const timer = new Promise<void>(resolve => setTimeout(resolve, time))
    const all = async () => {
      while (this.tabs.size > tabs) await new Promise<void>(resolve => this.#onChange.add(resolve))
    }
    await Promise.race([timer, all()])
  }

  /** Tells those that wait for tabs to come or go. */
  changed(): void {
    for (const tell of this.#onChange) {
      this.#onChange.delete(tell)
      tell()
    }
  }

  /** Notes filters that an earlier hub had at the broker. */
  know(filters: readonly string[]): void {
    for (const filter of filters) this.#known.add(filter)
  }

  /** Connects, and does what the tabs have asked for meanwhile. */
  start(): void {
    if (this.isOver) return
    const waiting = { messages: 0, bytes: 0 }
    for (const tab of this.tabs.values()) tab.count(waiting)
    const client = this.#host.open(waiting)
    this.client = client
    this.#listen(client)
    for (const tab of this.tabs.values()) tab.start(client)
    // Subscriptions of tabs that are gone, in a session that goes on.
    const stale = [...this.#known].filter(filter => !this.#filters.has(filter))
    if (stale.length > 0) client.unsubscribe(stale).catch(() => {})
  }

  /** Counts the members of filters, and tells the tabs of a first or a last one. */
  count(filters: readonly string[], by: 1 | -1): void {
    const changed = filters.filter(filter => {
      const old = this.#filters.get(filter) ?? 0
      if (old + by > 0) this.#filters.set(filter, old + by)
      else this.#filters.delete(filter)
      return old > 0 !== old + by > 0
    })
    if (changed.length > 0) this.tell(['filters', changed, by > 0])
  }

  /** True if a tab but this one has a member with the filter. */
  isElsewhere(filter: string, tab: HubTab): boolean {
    return [...this.tabs.values()].some(other => other !== tab && other.has(filter))
  }

  /** Begins to record packets with the first tab that asks for it, and ends with the last one. */
  watch(): void {
    const isWatched = [...this.tabs.values()].some(tab => tab.isWatching)
    this.client?.removeEventListener('packet', this.#onPacket)
    if (isWatched) this.client?.addEventListener('packet', this.#onPacket)
  }

  /**
   * Sends a message to a member. Members of a tab that get the same message get it in one step, and
   * each of them once.
   */
  deliver(message: Message, tab: HubTab, member: number): void {
    const latest = this.#latest
    if (latest?.payload === message.payload && latest.topic === message.topic) {
      const members = latest.taken.get(tab)
      if (members) {
        if (!members.includes(member)) members.push(member)
        return
      }
      latest.taken.set(tab, tab.send(message, member))
      return
    }
    const taken = new Map([[tab, tab.send(message, member)]])
    this.#latest = { payload: message.payload, topic: message.topic, taken }
    queueMicrotask(() => {
      this.#latest = undefined
    })
  }

  /** Tells all tabs. */
  tell(step: Step): void {
    for (const tab of this.tabs.values()) tab.port.push(step)
  }

  /**
   * Hands the connection over: what is in flight may still be acknowledged, then the connection
   * ends and its session stays.
   */
  async handOver(release: () => void): Promise<void> {
    this.isHandingOver = true
    this.tell(['pause'])
    this.#flush()
    if (this.client?.status.phase === 'connected') {
      const timer = new Promise<void>(resolve => setTimeout(resolve, DRAIN_MS))
      await Promise.race([timer, Promise.all([...this.tabs.values()].map(tab => tab.settled()))])
    }
    const left = this.leave(true)
    // The next hub need not wait for this one's socket.
    release()
    await left
  }

  /** Ends the connection at once, as the page goes away. Its session stays for the next hub. */
  async leave(isClean: boolean): Promise<void> {
    if (this.isOver) return
    this.#controller.abort()
    this.tell(['gone'])
    this.#flush()
    this.isOver = true
    const { client } = this
    this.tabs.clear()
    this.changed()
    if (!client) return
    if (isClean) await client.end()
    else client.kill()
  }

  /** Ends the connection for good, with the options of the last tab. */
  async end(options: object): Promise<void> {
    this.isOver = true
    this.#controller.abort()
    this.tabs.clear()
    await this.client?.end(options)
  }

  readonly #onPacket = ({ packet }: { readonly packet: PacketRecord }) => {
    const { bytes, time } = packet
    // The clocks of two pages begin at different times.
    const record = { ...packet, bytes: alone(bytes), time: time + performance.timeOrigin }
    for (const tab of this.tabs.values()) if (tab.isWatching) tab.port.push(['packet', record])
  }

  #listen(client: BaseClient): void {
    const { signal } = this.#controller
    // It comes before the status.
    client.addEventListener('gap', ({ from, to }) => (this.#absence = to - from), { signal })
    client.addEventListener('status', ({ status }) => this.#onStatus(status), { signal })
    client.addEventListener('notice', ({ notice }) => this.tell(['notice', plain(notice)]), { signal })
    client.addEventListener('unhandled', ({ message }) => this.#onUnhandled(message), { signal })
    this.watch()
  }

  #onUnhandled(message: Message): void {
    const { topic, payload } = message
    // A member that has just left may have been the only one. Nobody else is to miss it.
    this.tell(['unhandled', topic, alone(payload), flagsOf(message), propertiesOf(message)])
  }

  async #onStatus(status: Status): Promise<void> {
    if (status.phase === 'closed') {
      const { name, reasonCode } = (status.error ?? {}) as { readonly name?: string; readonly reasonCode?: number }
      // The module of this page has failed, or a tab took the lock while this one was frozen.
      if (name === 'MqttError' || (reasonCode === TAKEN_OVER && !(await this.#host.isLeader()))) {
        return this.#host.onLost()
      }
    }
    if (this.isOver) return
    this.#tellStatus(status, [...this.tabs.values()])
    this.#absence = -1
  }

  #tellStatus(status: Status, tabs: readonly HubTab[]): void {
    const step = this.#statusStep(status)
    for (const { port } of tabs) {
      port.push(step)
      // Before anything is sent because of it.
      port.flush()
    }
  }

  #statusStep(status: Status): Step {
    const { clientId, connackProperties, server } = this.client as BaseClient
    if (status.phase === 'closed') return ['closed', plainError(status.error ?? new Error('it was ended'))]
    if (status.phase !== 'connected') return ['status', plain(status)]
    const { resumed } = status
    const absence = this.#absence
    return ['connected', { resumed, clientId, properties: connackProperties, server, absence }]
  }

  #flush(): void {
    for (const { port } of this.tabs.values()) port.flush()
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Returns the flags of a message as in PUBLISH's first byte. */
export function flagsOf({ qos, retain, duplicate }: Message): number {
  return (qos << 1) | Number(retain) | (Number(duplicate) << 3)
}

/** Returns the properties of a message, if it has some. */
export function propertiesOf({ properties }: Message): MessageProperties | undefined {
  return Object.keys(properties).length > 0 ? properties : undefined
}
