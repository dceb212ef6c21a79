// Questions to a trace, as exercises ask them. Each answer is an index, so that it can be shown.

import type {
  ActionEntry,
  BrokerEntry,
  Bytes,
  ClientEntry,
  PacketEntry,
  PacketField,
  Trace,
  TraceEntry,
} from 'wasmqtt/elements'
import type { dissect } from 'wasmqtt/simulator'
import { versionOf } from './version.ts'

/** Properties that a packet must have. A member that is absent is not asked for. */
export interface PacketMatch {
  readonly kind?: string
  readonly client?: string
  readonly direction?: 'up' | 'down'
  readonly qos?: number
  readonly dup?: boolean
  readonly retain?: boolean
  readonly topic?: string
  readonly fate?: 'delivered' | 'lost' | 'in-flight'
  /** Entry that it comes after. */
  readonly after?: number | undefined
}

type Found<T> = readonly [index: number, entry: T]

export class Facts {
  readonly trace: Trace
  /** Entries before this one belong to the start, not to what is judged. */
  readonly from: number

  readonly #dissect: typeof dissect | undefined

  /** @param read dissects packets, for questions to their fields */
  constructor(trace: Trace, from = 0, read?: typeof dissect) {
    this.trace = trace
    this.from = from
    this.#dissect = read
  }

  /** Returns the first field of a packet with this name, as `dissect` of the simulator names it. */
  field(index: number | undefined, name: string): PacketField | undefined {
    return this.#fields(index).find(field => field.name === name)
  }

  hasField(index: number | undefined, name: string): boolean {
    return this.field(index, name) !== undefined
  }

  /** Returns the text of a packet's first field with this name, such as a property's. */
  text(index: number | undefined, name: string): string | undefined {
    const field = this.field(index, name)
    // The bytes of a group begin with their length. Its last part has them alone.
    const part = this.#fields(index).findLast(({ start, end }) => field && start >= field.start && end === field.end)
    const value = part?.value
    return value instanceof Uint8Array ? textOf(value) : value === undefined ? undefined : String(value)
  }

  #fields(index: number | undefined): readonly PacketField[] {
    const entry = index === undefined ? undefined : this.trace.entries[index]
    if (entry?.type !== 'packet' || !(entry.bytes instanceof Uint8Array)) return []
    return this.#dissect?.(entry.bytes, versionOf(this.trace, entry)).fields ?? []
  }

  /** Returns the entries that are judged. */
  all(): Found<TraceEntry>[] {
    return [...this.trace.entries.entries()].filter(([index]) => index >= this.from)
  }

  packets(match: PacketMatch): Found<PacketEntry>[] {
    return this.all().filter((found): found is Found<PacketEntry> => {
      const [index, entry] = found
      return entry.type === 'packet' && index > (match.after ?? -1) && fits(entry, match)
    })
  }

  /** Returns the first packet that fits. */
  packet(match: PacketMatch): number | undefined {
    return this.packets(match)[0]?.[0]
  }

  /** Returns what a client's handlers were given, in order. */
  messages(client: string, after = -1): Found<ClientEntry>[] {
    return this.clients(client, 'message').filter(([index]) => index > after)
  }

  /** Returns the first message with a payload. */
  message(client: string, payload: string): number | undefined {
    return this.messages(client).find(([, entry]) => textOf(entry.payload) === payload)?.[0]
  }

  /** Returns the events of a client. */
  clients(client: string, event: string): Found<ClientEntry>[] {
    return this.all().filter(
      (found): found is Found<ClientEntry> =>
        found[1].type === 'client' && found[1].client === client && found[1].event === event,
    )
  }

  /** Returns the first event of a client. */
  client(client: string, event: string, after = -1): number | undefined {
    return this.clients(client, event).find(([index]) => index > after)?.[0]
  }

  actions(type: string): Found<ActionEntry>[] {
    return this.all().filter(
      (found): found is Found<ActionEntry> => found[1].type === 'action' && found[1].action.type === type,
    )
  }

  action(type: string): number | undefined {
    return this.actions(type)[0]?.[0]
  }

  /** Returns the broker's events of a type. */
  events(type: string, fits: (event: BrokerEntry['event']) => boolean = () => true): Found<BrokerEntry>[] {
    return this.all().filter(
      (found): found is Found<BrokerEntry> =>
        found[1].type === 'broker' && found[1].event.type === type && fits(found[1].event),
    )
  }

  event(type: string, fits?: (event: BrokerEntry['event']) => boolean): number | undefined {
    return this.events(type, fits)[0]?.[0]
  }

  /** Returns the first change of a link. */
  link(event: string, after = -1): number | undefined {
    return this.all().find(([index, entry]) => index > after && entry.type === 'link' && entry.event === event)?.[0]
  }

  /** Returns when an entry happened. */
  at(index: number): number {
    return this.trace.entries[index]?.at ?? Number.NaN
  }
}

function fits(entry: PacketEntry, match: PacketMatch): boolean {
  const { fate, after, ...same } = match
  const isSame = Object.entries(same).every(([name, value]) => entry[name as keyof PacketEntry] === value)
  return isSame && (fate === undefined || entry.fate.type === fate)
}

export function textOf(payload: Bytes | undefined): string {
  if (typeof payload === 'string') return payload
  return new TextDecoder().decode(payload instanceof Uint8Array ? payload : Uint8Array.from(payload ?? []))
}
