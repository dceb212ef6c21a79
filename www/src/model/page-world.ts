// A world that runs in the page: a sensor, a dashboard and a broker, and the trace of all packets.
//
// The machines are the package's own; the links between them are slow, so that they can be watched.

import { Broker, Client } from 'wasmqtt/broker'
import type { QoS, Trace, TraceEntry } from 'wasmqtt/elements'
import { Clock, settled } from './clock.ts'
import { packetsOf } from './frames.ts'
import { type LinkListener, SlowSocket } from './slow-socket.ts'

const names = ['sensor', 'dashboard'] as const
type Name = (typeof names)[number]

const topic = 'home/kitchen/temperature'

/** Latency while the world begins, and from then on, in milliseconds. */
const QUICK = 20
const SLOW = 1500

type Loose = TraceEntry & { fate?: unknown }

export class PageWorld {
  readonly clock: Clock
  readonly #broker = new Broker()
  readonly #entries: Loose[] = []
  readonly #clients = new Map<Name, Client>()
  readonly #sockets = new Map<Name, SlowSocket>()
  readonly #changed: () => void
  /** Entry that the broker's, and each client's, next packets follow from. */
  #brokerCause: number | undefined
  readonly #causes = new Map<Name, number>()
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
    return this.#clients.get('sensor')?.status.phase === 'connected' && this.#sockets.get('sensor')?.canBreak === true
  }

  /** Connects both clients, and subscribes the dashboard, before the world is slow. */
  async begin(): Promise<void> {
    this.clock.play()
    for (const name of names) this.#connect(name)
    await Promise.all([...this.#clients.values()].map(client => client.ready))
    await this.#clients.get('dashboard')?.subscribe('home/#', { qos: 2 }, ({ topic, payload, qos, duplicate }) => {
      const message = { type: 'client', client: 'dashboard', event: 'message', topic, payload, qos, dup: duplicate }
      this.#note(message, this.#causes.get('dashboard'))
    })
    await settled()
    this.#latency = SLOW
  }

  publish(qos: QoS): void {
    this.#count += 1
    const payload = (20 + this.#count / 2).toFixed(1)
    this.#causes.set(
      'sensor',
      this.#note({ type: 'action', action: { type: 'publish', client: 'sensor', topic, qos } }),
    )
    // The trace tells how it ends.
    this.#clients
      .get('sensor')
      ?.publish(topic, payload, { qos })
      .catch(() => {})
  }

  /** Cuts the sensor's link. False if there is none. */
  cut(): boolean {
    const socket = this.#sockets.get('sensor')
    if (!socket?.canBreak) return false
    this.#note({ type: 'action', action: { type: 'cut', client: 'sensor' } })
    socket.cut()
    return true
  }

  end(): void {
    this.clock.pause()
    for (const client of this.#clients.values()) client.kill()
    void this.#broker.close()
  }

  #connect(name: Name): void {
    const client = new Client('ws://broker.invalid/', {
      clientId: name,
      cleanStart: false,
      sessionExpiry: 3600,
      // Without pings the diagram has what the user did, and nothing besides.
      keepAlive: 0,
      connectTimeout: 3_600_000,
      topicAliasMaximum: 0,
      assignedTopicAliases: 0,
      reconnect: { min: 1, max: 1 },
      createWebSocket: () => this.#socket(name),
    })
    client.addEventListener('status', () => {
      const { phase } = client.status
      if (phase === 'connected')
        this.#note({ type: 'client', client: name, event: 'connected' }, this.#causes.get(name))
      if (phase === 'waiting') this.#note({ type: 'client', client: name, event: 'lost' })
    })
    this.#clients.set(name, client)
  }

  #socket(name: Name): SlowSocket {
    const link = this.#links
    this.#links += 1
    this.#causes.set(name, this.#note({ type: 'link', link, event: 'opening', place: name }))
    const socket = new SlowSocket(this.#broker, this.clock, () => this.#latency, this.#listener(name, link))
    this.#sockets.set(name, socket)
    return socket
  }

  #listener(name: Name, link: number): LinkListener {
    return {
      opened: () => {
        this.#causes.set(name, this.#note({ type: 'link', link, event: 'opened' }))
      },
      broken: () => this.#note({ type: 'link', link, event: 'broken' }),
      closed: () => this.#note({ type: 'link', link, event: 'closed' }),
      sent: (direction, bytes, arrivesAt) => {
        const cause = direction === 'up' ? this.#causes.get(name) : this.#brokerCause
        const packets = packetsOf(bytes).map(packet =>
          this.#note(
            { type: 'packet', link, client: name, direction, arrivesAt, fate: { type: 'in-flight' }, ...packet },
            cause,
          ),
        )
        return {
          arrived: () => {
            this.#settle(packets, { type: 'delivered', at: this.clock.now })
            const last = packets.at(-1)
            if (direction === 'up') this.#brokerCause = last
            else if (last !== undefined) this.#causes.set(name, last)
          },
          lost: () => this.#settle(packets, { type: 'lost', at: this.clock.now, cause: 'link-cut' }),
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
