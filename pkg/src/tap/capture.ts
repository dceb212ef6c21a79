// Packets of live connections, in a bounded ring, as a trace that the elements draw.
//
// One end of each connection is seen, and nothing of what the broker does between two packets. A
// packet is drawn as arriving when it was sent, or received, here.
import type { PacketEntry, Trace, TraceEntry } from '../elements/types.js'
import type { PacketRecord } from '../message/packet-record.js'
import { Causes } from './causes.js'
import { conflated } from './conflation.js'
import { connectFacts, masked } from './facts.js'

/** Bounds of a capture. */
export interface CaptureOptions {
  /** Packets and events that are kept at most; 2,000 if left out. */
  readonly packetsMax?: number
  /** Bytes of packets that are kept at most; 16 MiB if left out. */
  readonly bytesMax?: number
}

/** An event of a connection, besides its packets. */
export type ConnectionEvent = 'opening' | 'connected' | 'lost' | 'closed'

/** A packet of a capture. */
export interface CapturedPacket extends PacketRecord {
  /** Version of its connection: 4 is MQTT 3.1.1. */
  readonly version: 4 | 5
}

/** A trace, and the captured packet of each of its entries. */
export interface CaptureView {
  readonly trace: Trace
  readonly packets: readonly (CapturedPacket | undefined)[]
}

/** Choice of what a view has. */
export interface ViewOptions {
  /** True for a packet that is wanted; all are if left out. */
  readonly isShown?: (packet: CapturedPacket) => boolean
  /**
   * True to have only the latest PUBLISH at QoS 0 of each topic, where 50 or more come in a tenth
   * of a second.
   */
  readonly conflate?: boolean
}

/** A packet or an event, as it is kept. @internal */
export type Kept = { readonly at: number; readonly client: CapturedClient; readonly link: number } & (
  | { readonly type: 'packet'; readonly packet: CapturedPacket }
  | { readonly type: ConnectionEvent }
)

/**
 * Packets of live connections, in a bounded ring. Passwords and authentication data are masked
 * before they are kept.
 */
export class Capture {
  readonly #packetsMax: number
  readonly #bytesMax: number
  #begin = performance.now()
  #kept: Kept[] = []
  #bytes = 0
  #packets = 0
  #dropped = 0
  #links = 0
  /** The last event of each client's connection that the bounds have pushed out. */
  #before = new Map<CapturedClient, Kept>()

  constructor({ packetsMax = 2_000, bytesMax = 16 * 1024 * 1024 }: CaptureOptions = {}) {
    this.#packetsMax = packetsMax
    this.#bytesMax = bytesMax
  }

  /** Number of packets that were captured, those that are no longer kept included. */
  get packets(): number {
    return this.#packets
  }

  /** Number of packets that the bounds have pushed out. */
  get dropped(): number {
    return this.#dropped
  }

  /** Returns a client to note packets of. It has a lane by this name, which may change later. */
  client(name: string): CapturedClient {
    let link = 0
    let version: 4 | 5 = 5
    const client: CapturedClient = {
      name,
      add: packet => {
        if (packet.kind === 'CONNECT') version = connectFacts(packet.bytes)?.version ?? version
        const bytes = masked(packet.kind, packet.bytes, version)
        this.#packets += 1
        this.#bytes += bytes.length
        const captured = { ...packet, bytes, version }
        this.#keep({ type: 'packet', at: packet.time - this.#begin, packet: captured, client, link })
        return captured
      },
      note: event => {
        if (event === 'opening') {
          this.#links += 1
          link = this.#links
        }
        this.#keep({ type: event, at: performance.now() - this.#begin, client, link })
      },
    }
    return client
  }

  /** Counts a packet that was too large to be kept. */
  skip(): void {
    this.#packets += 1
    this.#dropped += 1
  }

  /** Forgets all packets; the connections stay. */
  clear(): void {
    for (const kept of this.#kept) this.#remember(kept)
    this.#kept = []
    this.#bytes = 0
    this.#packets = 0
    this.#dropped = 0
  }

  /** Returns what is kept as a trace. */
  view({ isShown = () => true, conflate = false }: ViewOptions = {}): CaptureView {
    const entries: TraceEntry[] = []
    const packets: (CapturedPacket | undefined)[] = []
    const causes = new Map<CapturedClient, Causes>()
    const clients = new Set<string>()
    const recent = this.#kept.slice(-this.#packetsMax)
    const kept = recent.filter(one => one.type !== 'packet' || isShown(one.packet))
    const counts = conflate ? conflated(kept) : new Map<Kept, number>()
    const push = (entry: TraceEntry, packet?: CapturedPacket) => {
      entries.push(entry)
      packets.push(packet)
    }
    // A client whose beginning is no longer kept is drawn as it was then.
    for (const before of this.#before.values()) {
      clients.add(before.client.name)
      for (const entry of eventsOf(before, recent[0]?.at ?? before.at)) push(entry)
    }
    for (const one of kept) {
      clients.add(one.client.name)
      if (one.type !== 'packet') for (const entry of eventsOf(one)) push(entry)
      else if (counts.get(one) !== 0) {
        const known = causes.get(one.client) ?? new Causes()
        causes.set(one.client, known)
        push(entryOf(one, one.packet, known.next(one.packet, entries.length), counts.get(one)), one.packet)
      }
    }
    const now = performance.now() - this.#begin
    return { trace: { version: 1, clients: [...clients], now, entries, isBrokerInferred: true }, packets }
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept)
    // Some more than the bound are kept for a while, so that the list moves rarely.
    if (this.#kept.length > this.#packetsMax * 1.25 || this.#bytes > this.#bytesMax) this.#trim()
  }

  #trim(): void {
    let start = Math.max(0, this.#kept.length - this.#packetsMax)
    const sizes = this.#kept.map(kept => (kept.type === 'packet' ? kept.packet.bytes.length : 0))
    let bytes = sizes.slice(start).reduce((sum, size) => sum + size, 0)
    // The newest packet stays, whatever its size.
    for (; bytes > this.#bytesMax / 2 && start < this.#kept.length - 1; start += 1) bytes -= sizes[start] ?? 0
    for (const kept of this.#kept.splice(0, start)) {
      if (kept.type === 'packet') this.#dropped += 1
      this.#remember(kept)
    }
    this.#bytes = bytes
  }

  #remember(kept: Kept): void {
    if (kept.type === 'packet') return
    // The diagram has no use for a connection that has ended.
    if (kept.type === 'closed') this.#before.delete(kept.client)
    else this.#before.set(kept.client, kept)
  }
}

/** A client whose packets are captured. */
export interface CapturedClient {
  /** Name of its lane. */
  name: string
  /** Keeps a packet, and returns it as it is kept. */
  add(packet: PacketRecord): CapturedPacket
  note(event: ConnectionEvent): void
}

function entryOf(
  { at, client, link }: Kept,
  packet: PacketRecord,
  cause: number | undefined,
  count: number | undefined,
): PacketEntry {
  const { kind, bytes, packetId, qos, duplicate, retain, topic } = packet
  return {
    type: 'packet',
    at,
    arrivesAt: at,
    fate: { type: 'delivered', at },
    link,
    client: client.name,
    direction: packet.direction === 'sent' ? 'up' : 'down',
    kind,
    bytes,
    ...(cause === undefined ? {} : { cause }),
    ...(packetId === undefined ? {} : { packetId }),
    ...(qos === undefined ? {} : { qos }),
    ...(duplicate === undefined ? {} : { dup: duplicate }),
    ...(retain === undefined ? {} : { retain }),
    ...(topic === undefined ? {} : { topic }),
    ...(count === undefined ? {} : { count }),
  }
}

function eventsOf({ type, client: { name: client }, link, ...kept }: Kept, at = kept.at): TraceEntry[] {
  const opened: TraceEntry[] = [
    { type: 'link', at, link, event: 'opening', place: client },
    { type: 'link', at, link, event: 'opened', place: client },
  ]
  switch (type) {
    case 'packet':
      return []
    case 'opening':
      return opened
    case 'connected':
      return [{ type: 'client', at, client, event: 'connected' }]
    case 'lost':
    case 'closed':
      return [
        { type: 'client', at, client, event: type },
        { type: 'link', at, link, event: type === 'lost' ? 'broken' : 'closed', place: client },
      ]
  }
}
