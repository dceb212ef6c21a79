// Conflation of a flood: of many messages on a topic, the latest stands for all.
import type { Kept } from './capture.js'

/** Milliseconds that are looked at together, and messages in them from which there is a flood. */
const SPAN_MS = 100
const FLOOD = 50

/**
 * Returns how many messages each latest one of a flood stands for; zero for those that it stands
 * for. Only QoS 0 is conflated, since any other message has an exchange of its own.
 */
export function conflated(all: readonly Kept[]): Map<Kept, number> {
  const counts = new Map<Kept, number>()
  for (const group of groups(all)) {
    if (group.length < FLOOD) continue
    const latest = new Map<string, { last: Kept; count: number }>()
    for (const one of group) {
      const key = one.type === 'packet' ? `${one.packet.direction} ${one.client.name} ${one.packet.topic}` : ''
      const known = latest.get(key)
      if (known) counts.set(known.last, 0)
      latest.set(key, { last: one, count: (known?.count ?? 0) + 1 })
    }
    for (const { last, count } of latest.values()) if (count > 1) counts.set(last, count)
  }
  return counts
}

/** Messages at QoS 0 by their span of time. A topic behind an alias is not known. */
function groups(all: readonly Kept[]): Iterable<Kept[]> {
  const found = new Map<number, Kept[]>()
  for (const one of all) {
    if (one.type !== 'packet' || one.packet.kind !== 'PUBLISH' || one.packet.qos !== 0 || !one.packet.topic) continue
    const span = Math.floor(one.at / SPAN_MS)
    const group = found.get(span) ?? []
    group.push(one)
    found.set(span, group)
  }
  return found.values()
}
