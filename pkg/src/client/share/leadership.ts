import type { Election } from './election.js'
import { Hub, type HubHost } from './hub.js'
import { port } from './ports.js'
import { type Envelope, post, readEnvelope, TO_HUB } from './protocol.js'

/**
 * Time without a step of another tab, which asks each second, after which this page may have slept.
 */
const ASLEEP_MS = 2500

/** The time in which a tab leads: its hub, and the channels of the other tabs. */
export class Leadership {
  readonly id = crypto.randomUUID()
  readonly hub: Hub
  readonly #channels = new Map<string, BroadcastChannel>()
  readonly #controller = new AbortController()
  /** Time at which a step of another tab was last handled. */
  #ranAt = performance.now()
  /** Look at the lock, while it is under way. */
  #checking: Promise<void> | undefined

  readonly #name: string
  readonly #election: Election
  readonly #onLost: () => void

  constructor(name: string, election: Election, host: Omit<HubHost, 'isLeader'>) {
    this.#name = name
    this.#election = election
    this.#onLost = host.onLost
    this.hub = new Hub({ ...host, isLeader: () => election.holds() })
  }

  /** Waits until the other tabs have said what they want, or for the time. */
  async gather(own: string, time: number): Promise<void> {
    await this.hub.gather(await this.others(own), time)
  }

  /** Returns the other tabs that are there, also those that have said nothing so far. */
  async others(own: string): Promise<string[]> {
    const { held = [] } = await navigator.locks.query()
    const prefix = `${this.#name}/`
    const ids = held.flatMap(({ name = '' }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))
    return ids.filter(id => id !== own && id !== 'take')
  }

  /** Takes in a tab that is there. */
  onHello({ from, steps }: Envelope): void {
    const { hub, id } = this
    const [, identity, round] = steps[0] as [string, Record<string, unknown>, number]
    const channel = this.#channels.get(from) ?? this.#open(from)
    const way = port(steps => {
      if (hub.isOver) return
      if (hub.tabs.get(from)?.countSteps(steps)) {
        post(channel, id, from, [['dropped']])
        hub.drop(from)
      } else post(channel, id, from, steps)
    })
    hub.accept(from, identity, round, way)
  }

  /** Ends the hub at once, and closes the channels. */
  async leave(isClean: boolean): Promise<void> {
    const left = this.hub.leave(isClean)
    this.close()
    await left
  }

  close(): void {
    this.#controller.abort()
    for (const channel of this.#channels.values()) channel.close()
  }

  /** Opens the channel of a tab, until the tab is gone. */
  #open(from: string): BroadcastChannel {
    const channel = new BroadcastChannel(`${this.#name}/${from}`)
    this.#channels.set(from, channel)
    channel.onmessage = ({ data }) => {
      const envelope = readEnvelope(data, TO_HUB)
      if (!envelope || envelope.to !== this.id) return
      if (performance.now() - this.#ranAt > ASLEEP_MS) this.#checking ??= this.#check()
      this.#ranAt = performance.now()
      if (this.#checking) void this.#checking.then(() => this.#receive(envelope))
      else this.#receive(envelope)
    }
    const gone = () => {
      channel.close()
      this.#channels.delete(from)
      this.hub.drop(from)
    }
    const { signal } = this.#controller
    navigator.locks.request(`${this.#name}/${from}`, { signal }, gone).catch(() => {})
    return channel
  }

  /** Makes sure that no other tab leads, after this page may have been frozen. */
  async #check(): Promise<void> {
    const holds = await this.#election.holds()
    this.#checking = undefined
    if (!holds) this.#onLost()
  }

  #receive({ from, steps }: Envelope): void {
    this.hub.receive(from, steps)
    if (steps.some(([kind]) => kind === 'bye')) this.hub.drop(from)
  }
}
