// A world that runs in the page: a sensor, a dashboard and a broker, and the trace of all packets.
//
// The machines are the package's own; the links between them are slow, so that they can be watched.

import { Broker, Client } from 'wasmqtt/broker'
import type { QoS, Trace, TraceEntry } from 'wasmqtt/elements'
import { Clock, settled } from './clock.ts'
import { packetsOf } from './frames.ts'
import { type LinkListener, SlowSocket } from './slow-socket.ts'

export const names = ['sensor', 'dashboard'] as const
export const topic = 'home/kitchen/temperature'

const [SENSOR, DASHBOARD] = [0, 1]
/** Latency while the world begins, and from then on, in milliseconds. */
const QUICK = 20
const SLOW = 1500

type Loose = TraceEntry & { fate?: unknown }

export class PageWorld {
  readonly clock: Clock
  readonly #broker = new Broker()
  readonly #entries: Loose[] = []
  readonly #clients: Client[] = []
  readonly #sockets: (SlowSocket | undefined)[] = []
  readonly #changed: () => void
  /** Entry that the broker's, and each client's, next packets follow from. */
  #brokerCause: number | undefined
  readonly #causes: (number | undefined)[] = []
  #latency = QUICK
  #links = 0
  #count = 0

  /** @param changed called whenever the time or the trace has moved */
  constructor(changed: () => void) {
    this.#changed = changed
    this.clock = new Clock(changed)
  }

  get trace(): Trace {
    return { version: 1, clients: names, now: this.clock.now, entries: [...this.#entries] }
  }

  get isConnected(): boolean {
    return this.#clients[SENSOR]?.status.phase === 'connected' && this.#sockets[SENSOR]?.canBreak === true
  }

  /** Connects both clients, and subscribes the dashboard, before the world is slow. */
  async begin(): Promise<void> {
    this.clock.play()
    for (const actor of names.keys()) this.#connect(actor)
    await Promise.all(this.#clients.map(client => client.ready))
    await this.#clients[DASHBOARD]?.subscribe('home/#', { qos: 2 }, ({ topic, payload, qos, duplicate }) => {
      const text = new TextDecoder().decode(payload)
      this.#note(
        { type: 'client', actor: DASHBOARD, event: 'message', topic, payload: text, qos, dup: duplicate },
        this.#causes[DASHBOARD],
      )
    })
    await settled()
    this.#latency = SLOW
  }

  publish(qos: QoS): void {
    this.#count += 1
    const payload = (20 + this.#count / 2).toFixed(1)
    this.#causes[SENSOR] = this.#note({ type: 'action', action: 'publish', actor: SENSOR, topic })
    // The trace tells how it ends.
    this.#clients[SENSOR]?.publish(topic, payload, { qos }).catch(() => {})
  }

  /** Cuts the sensor's link. False if there is none. */
  cut(): boolean {
    if (!this.#sockets[SENSOR]?.canBreak) return false
    this.#note({ type: 'action', action: 'fault', actor: SENSOR, text: 'the link is cut' })
    this.#sockets[SENSOR]?.cut()
    return true
  }

  end(): void {
    this.clock.pause()
    for (const client of this.#clients) client.kill()
    void this.#broker.close()
  }

  #connect(actor: number): void {
    const client = new Client('ws://broker.invalid/', {
      clientId: names[actor] ?? '',
      cleanStart: false,
      sessionExpiry: 3600,
      // Without pings the diagram has what the user did, and nothing besides.
      keepAlive: 0,
      connectTimeout: 3_600_000,
      topicAliasMaximum: 0,
      assignedTopicAliases: 0,
      reconnect: { min: 1, max: 1 },
      createWebSocket: () => this.#socket(actor),
    })
    client.addEventListener('status', () => {
      const { phase } = client.status
      if (phase === 'connected') this.#note({ type: 'client', actor, event: 'connected' }, this.#causes[actor])
      if (phase === 'waiting') this.#note({ type: 'client', actor, event: 'lost' })
    })
    this.#clients[actor] = client
  }

  #socket(actor: number): SlowSocket {
    const link = this.#links
    this.#links += 1
    this.#causes[actor] = this.#note({ type: 'link', link, event: 'opening', actor })
    const socket = new SlowSocket(this.#broker, this.clock, () => this.#latency, this.#listener(actor, link))
    this.#sockets[actor] = socket
    return socket
  }

  #listener(actor: number, link: number): LinkListener {
    return {
      opened: () => {
        this.#causes[actor] = this.#note({ type: 'link', link, event: 'opened' })
      },
      broken: () => this.#note({ type: 'link', link, event: 'broken' }),
      closed: () => this.#note({ type: 'link', link, event: 'closed' }),
      sent: (direction, bytes, arrivesAt) => {
        const cause = direction === 'up' ? this.#causes[actor] : this.#brokerCause
        const packets = packetsOf(bytes).map(packet =>
          this.#note(
            { type: 'packet', link, actor, direction, arrivesAt, fate: { state: 'inFlight' }, ...packet },
            cause,
          ),
        )
        return {
          arrived: () => {
            this.#settle(packets, { state: 'delivered', at: this.clock.now })
            if (direction === 'up') this.#brokerCause = packets.at(-1)
            else this.#causes[actor] = packets.at(-1)
          },
          lost: () => this.#settle(packets, { state: 'lost', at: this.clock.now, cause: 'linkCut' }),
        }
      },
    }
  }

  #settle(packets: readonly number[], fate: unknown): void {
    // A new object, so that whoever holds the old trace keeps what it was.
    for (const index of packets) this.#entries[index] = { ...this.#entries[index], fate } as Loose
    this.#changed()
  }

  #note(event: Record<string, unknown>, cause?: number): number {
    const entry = { at: this.clock.now, ...(cause === undefined ? {} : { cause }), ...event }
    this.#entries.push(entry as unknown as Loose)
    this.#changed()
    return this.#entries.length - 1
  }
}
