// Pending events of a world, each with what the trace knows of it: the choices of the network.
import type { PacketEntry, Trace } from 'wasmqtt/elements'
import type { Choice } from 'wasmqtt/simulator'

export interface Pending {
  /** Index among the choices of the world. */
  readonly index: number
  /** Milliseconds until it would happen by itself. */
  readonly in: number
  readonly type: 'opens' | 'packet' | 'close' | 'learns' | 'timer' | 'stored'
  /** The client of its link, or of its timer; the broker's timer has none. */
  readonly client?: string | undefined
  readonly direction?: 'up' | 'down'
  readonly packet?: PacketEntry
}

/** Returns the pending events, the earliest first. */
export function pendingOf(trace: Trace, choices: readonly Choice[]): Pending[] {
  const clients = clientsOf(trace)
  return choices.map((choice, index): Pending => {
    const common = { index, in: Math.max(0, choice.at - trace.now) }
    if (choice.type === 'timer') return { ...common, type: 'timer', client: choice.place }
    if (choice.type === 'stored') return { ...common, type: 'stored' }
    const client = clients.get(choice.link)
    if (choice.type === 'opens') return { ...common, type: 'opens', client }
    const { direction } = choice
    if (choice.type === 'learns') return { ...common, type: 'learns', client, direction }
    const packet = underWay(trace, choice.link, direction)
    return packet
      ? { ...common, type: 'packet', client, direction, packet }
      : { ...common, type: 'close', client, direction }
  })
}

/** The clients of the links, which open them. */
function clientsOf(trace: Trace): Map<number, string> {
  const clients = new Map<number, string>()
  for (const entry of trace.entries) {
    if (entry.type === 'link' && entry.event === 'opening' && entry.place) clients.set(entry.link, entry.place)
  }
  return clients
}

/** The first packet that is under way on a link, which keeps their order. */
function underWay(trace: Trace, link: number, direction: 'up' | 'down'): PacketEntry | undefined {
  return trace.entries.find(
    (entry): entry is PacketEntry =>
      entry.type === 'packet' &&
      entry.link === link &&
      entry.direction === direction &&
      entry.fate.type === 'in-flight',
  )
}
