// The thread of an entry: all that led to it and all that followed, over both hops.
import type { PacketEntry, Trace, TraceEntry } from './types.js'

/**
 * Returns the indexes of the thread of an entry.
 *
 * A thread begins with an action, a timer or a link. A PUBLISH that is sent again after a
 * connection belongs to the thread of the first sending.
 */
export function threadOf({ entries }: Trace, index: number): Set<number> {
  const thread = new Set<number>()
  const effects = effectsOf(entries)
  const visit = (root: number): void => {
    const open = [root]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (thread.has(at)) continue
      thread.add(at)
      open.push(...(effects.get(at) ?? []))
    }
  }
  for (const root of sendings(entries, rootOf(entries, index))) visit(root)
  return thread
}

/** Returns the index from which a thread begins. */
function rootOf(entries: readonly TraceEntry[], index: number): number {
  let root = index
  for (let cause = causeOf(entries, root); cause !== undefined; cause = causeOf(entries, root)) root = cause
  return root
}

/** A PUBLISH that follows from CONNACK is sent again, and begins a thread of its own. */
function causeOf(entries: readonly TraceEntry[], index: number): number | undefined {
  const cause = entries[index]?.cause
  return cause !== undefined && cause < index && !isResent(entries, index) ? cause : undefined
}

function isResent(entries: readonly TraceEntry[], index: number): boolean {
  const entry = entries[index]
  if (entry?.type !== 'packet' || entry.cause === undefined) return false
  const cause = entries[entry.cause]
  return cause?.type === 'packet' && (cause.kind === 'CONNACK' || cause.kind === 'CONNECT') && isRetry(entry)
}

const isRetry = ({ kind, packetId }: PacketEntry): boolean =>
  packetId !== undefined && (kind === 'PUBLISH' || kind === 'PUBREL')

function effectsOf(entries: readonly TraceEntry[]): Map<number, number[]> {
  const effects = new Map<number, number[]>()
  for (const index of entries.keys()) {
    const cause = causeOf(entries, index)
    if (cause === undefined) continue
    const known = effects.get(cause)
    if (known) known.push(index)
    else effects.set(cause, [index])
  }
  return effects
}

/** Returns the roots of the threads that carry the same message by the same packet identifier. */
function sendings(entries: readonly TraceEntry[], root: number): number[] {
  const roots = [root]
  const first = entries.findIndex(
    (entry, index) => entry.type === 'packet' && isRetry(entry) && rootOf(entries, index) === root,
  )
  const message = entries[first]
  if (message?.type !== 'packet') return roots
  const isSame = (entry: TraceEntry): entry is PacketEntry =>
    entry.type === 'packet' &&
    isRetry(entry) &&
    entry.client === message.client &&
    entry.direction === message.direction &&
    entry.packetId === message.packetId
  for (let index = first; index < entries.length; index += 1) {
    const entry = entries[index]
    if (entry && index > first && isSame(entry) && isResent(entries, index)) roots.push(index)
    else if (entry && index > first && isSame(entry) && entry.kind === 'PUBLISH') break
  }
  if (isResent(entries, first)) {
    for (let index = first - 1; index >= 0; index -= 1) {
      const entry = entries[index]
      if (!entry || !isSame(entry)) continue
      roots.push(rootOf(entries, index))
      if (!isResent(entries, index)) break
    }
  }
  return roots
}
