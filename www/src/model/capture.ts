// Packets of a live connection, in a bounded ring, as a trace that the elements draw.
//
// One end of the connection is seen, and nothing of what the broker does between two packets. A
// packet is drawn as arriving when it was sent, or received, here.
import type { PacketRecord } from 'wasmqtt'
import type { PacketEntry, Trace, TraceEntry } from 'wasmqtt/elements'

/** Packets that are kept at most, and bytes of theirs. */
export const PACKETS_MAX = 2_000
const BYTES_MAX = 16 * 1024 * 1024

type Event = 'opening' | 'connected' | 'lost' | 'closed'

type Kept =
  | { readonly type: 'packet'; readonly at: number; readonly packet: PacketRecord }
  | { readonly type: Event; readonly at: number }

/** A trace, and the captured packet of each of its entries. */
export interface View {
  readonly trace: Trace
  readonly packets: readonly (PacketRecord | undefined)[]
}

export class Capture {
  readonly #client: string
  readonly #begin = performance.now()
  #kept: Kept[] = []
  #bytes = 0
  #packets = 0
  #dropped = 0

  constructor(client: string) {
    this.#client = client
  }

  /** Number of packets that were captured, those that are no longer kept included. */
  get packets(): number {
    return this.#packets
  }

  /** Number of packets that the bounds have pushed out. */
  get dropped(): number {
    return this.#dropped
  }

  add(packet: PacketRecord): void {
    this.#kept.push({ type: 'packet', at: packet.time - this.#begin, packet })
    this.#packets += 1
    this.#bytes += packet.bytes.length
    // Some more than the bound are kept for a while, so that the list moves rarely.
    if (this.#kept.length > PACKETS_MAX * 1.25 || this.#bytes > BYTES_MAX) this.#trim()
  }

  note(event: Event): void {
    this.#kept.push({ type: event, at: performance.now() - this.#begin })
    if (this.#kept.length > PACKETS_MAX * 1.25) this.#trim()
  }

  clear(): void {
    this.#kept = []
    this.#bytes = 0
    this.#packets = 0
    this.#dropped = 0
  }

  /** Returns what is kept, of the packets those that `isShown` takes. */
  view(isShown: (packet: PacketRecord) => boolean): View {
    const entries: TraceEntry[] = []
    const packets: (PacketRecord | undefined)[] = []
    const causes = new Causes()
    let link = 0
    for (const kept of this.#kept.slice(-PACKETS_MAX)) {
      const { at } = kept
      if (kept.type === 'opening') link += 1
      if (kept.type === 'packet') {
        if (!isShown(kept.packet)) continue
        entries.push(this.#entryOf(kept.packet, at, link, causes.next(kept.packet, entries.length)))
        packets.push(kept.packet)
        continue
      }
      for (const entry of this.#entriesOf(kept.type, at, link)) {
        entries.push(entry)
        packets.push(undefined)
      }
    }
    const now = performance.now() - this.#begin
    return { trace: { version: 1, clients: [this.#client], now, entries }, packets }
  }

  #entryOf(packet: PacketRecord, at: number, link: number, cause: number | undefined): PacketEntry {
    const { kind, bytes, packetId, qos, duplicate, retain, topic } = packet
    return {
      type: 'packet',
      at,
      arrivesAt: at,
      fate: { type: 'delivered', at },
      link,
      client: this.#client,
      direction: packet.direction === 'sent' ? 'up' : 'down',
      kind,
      bytes,
      ...(cause === undefined ? {} : { cause }),
      ...(packetId === undefined ? {} : { packetId }),
      ...(qos === undefined ? {} : { qos }),
      ...(duplicate === undefined ? {} : { dup: duplicate }),
      ...(retain === undefined ? {} : { retain }),
      ...(topic === undefined ? {} : { topic }),
    }
  }

  #entriesOf(event: Event, at: number, link: number): TraceEntry[] {
    const client = this.#client
    switch (event) {
      case 'opening':
        return [
          { type: 'link', at, link, event: 'opening', place: client },
          { type: 'link', at, link, event: 'opened', place: client },
        ]
      case 'connected':
        return [{ type: 'client', at, client, event: 'connected' }]
      case 'lost':
      case 'closed':
        return [
          { type: 'client', at, client, event },
          { type: 'link', at, link, event: event === 'lost' ? 'broken' : 'closed', place: client },
        ]
    }
  }

  #trim(): void {
    let start = Math.max(0, this.#kept.length - PACKETS_MAX)
    const sizes = this.#kept.map(kept => (kept.type === 'packet' ? kept.packet.bytes.length : 0))
    let bytes = sizes.slice(start).reduce((sum, size) => sum + size, 0)
    // The newest packet stays, whatever its size.
    for (; bytes > BYTES_MAX / 2 && start < this.#kept.length - 1; start += 1) bytes -= sizes[start] ?? 0
    for (const kept of this.#kept.splice(0, start)) if (kept.type === 'packet') this.#dropped += 1
    this.#bytes = bytes
  }
}

/** The packet that each packet answers or continues, as far as identifiers and kinds tell. */
class Causes {
  readonly #last = new Map<string, number>()

  next({ direction, kind, packetId }: PacketRecord, index: number): number | undefined {
    const isAnswer = answers.has(kind)
    const isUp = direction === 'sent'
    // An answer goes against its exchange; PUBREL goes along with it.
    const isBegunHere = isAnswer ? !isUp : isUp
    const exchange = exchanges[kind]
    if (exchange === undefined) return undefined
    const key = `${exchange} ${isBegunHere} ${packetId ?? ''}`
    const cause = isAnswer || kind === 'PUBREL' ? this.#last.get(key) : undefined
    this.#last.set(key, index)
    return cause
  }
}

const answers = new Set(['CONNACK', 'PUBACK', 'PUBREC', 'PUBCOMP', 'SUBACK', 'UNSUBACK', 'PINGRESP'])

const exchanges: Partial<Record<PacketRecord['kind'], string>> = {
  CONNECT: 'connect',
  CONNACK: 'connect',
  PUBLISH: 'request',
  PUBACK: 'request',
  PUBREC: 'request',
  PUBREL: 'request',
  PUBCOMP: 'request',
  SUBSCRIBE: 'request',
  SUBACK: 'request',
  UNSUBSCRIBE: 'request',
  UNSUBACK: 'request',
  PINGREQ: 'ping',
  PINGRESP: 'ping',
}
