// The packets that really passed between the clients and the broker of the page, kept as runs.
import type { PacketKind, PacketRecord, QoS } from 'wasmqtt/broker'
import { type Readable, Signal } from './signal.ts'

export type { PacketKind }

/** The owner of a lifeline. */
export type Actor = 'sensor' | 'broker' | 'dashboard'
export type ClientName = Exclude<Actor, 'broker'>

/** One packet on its hop. */
export interface TracePacket {
  readonly type: 'packet'
  /** Counts through the whole trace. */
  readonly id: number
  readonly from: Actor
  readonly to: Actor
  readonly kind: PacketKind
  readonly packetId?: number
  readonly qos?: QoS
  readonly duplicate: boolean
  readonly retain: boolean
  readonly topic?: string
  readonly reasonCode?: number
  readonly payloadBytes?: number
  readonly bytes: Uint8Array
  /** Milliseconds since the run began. */
  readonly at: number
}

/** Something that happened to one actor and is no packet. */
export interface TraceMark {
  readonly type: 'mark'
  readonly id: number
  readonly actor: Actor
  readonly text: string
  readonly tone: 'bad' | 'plain'
  readonly at: number
}

export type TraceEntry = TracePacket | TraceMark

/** The packets that followed from one action of the user. */
export interface Run {
  readonly id: number
  readonly title: string
  readonly entries: readonly TraceEntry[]
  /** Entries that were left out, since a run is bounded. */
  readonly dropped: number
}

const runsMax = 20
const entriesMax = 200

/** Collects packets and marks into runs, the newest run last; all of it bounded. */
export class Trace {
  readonly #runs = new Signal<readonly Run[]>([])
  #startedAt = 0
  #count = 0
  #runCount = 0

  get runs(): Readable<readonly Run[]> {
    return this.#runs
  }

  /** Begins the run that the following packets belong to. */
  begin(title: string): void {
    this.#runCount += 1
    this.#startedAt = performance.now()
    const run: Run = { id: this.#runCount, title, entries: [], dropped: 0 }
    this.#runs.value = [...this.#runs.value.slice(1 - runsMax), run]
  }

  /** Takes a packet that `client` has sent or received. */
  packet(client: ClientName, record: PacketRecord): void {
    const sent = record.direction === 'sent'
    const { kind, packetId, qos, duplicate = false, retain = false, topic, reasonCode, payloadBytes } = record
    this.#add({
      type: 'packet',
      id: this.#next(),
      from: sent ? client : 'broker',
      to: sent ? 'broker' : client,
      kind,
      duplicate,
      retain,
      bytes: record.bytes,
      at: Math.max(0, record.time - this.#startedAt),
      ...(packetId === undefined ? {} : { packetId }),
      ...(qos === undefined ? {} : { qos }),
      ...(topic === undefined ? {} : { topic }),
      ...(reasonCode === undefined ? {} : { reasonCode }),
      ...(payloadBytes === undefined ? {} : { payloadBytes }),
    })
  }

  mark(actor: Actor, text: string, tone: TraceMark['tone'] = 'plain'): void {
    this.#add({ type: 'mark', id: this.#next(), actor, text, tone, at: performance.now() - this.#startedAt })
  }

  #next(): number {
    this.#count += 1
    return this.#count
  }

  #add(entry: TraceEntry): void {
    const run = this.#runs.value.at(-1)
    if (!run) return
    const full = run.entries.length >= entriesMax
    const grown = full ? { ...run, dropped: run.dropped + 1 } : { ...run, entries: [...run.entries, entry] }
    this.#runs.value = [...this.#runs.value.slice(0, -1), grown]
  }
}
