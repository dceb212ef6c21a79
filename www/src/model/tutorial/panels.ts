// Panels below the packets: filters against a topic, both sides of a session, a will.
import type { SessionSide, Trace, TrieFilter, WillFate, WillView } from 'wasmqtt/elements'
import type { explain, Snapshot } from 'wasmqtt/simulator'

/** Returns the topic of the selected PUBLISH, or else of the last one up to a moment. */
export function topicOf(trace: Trace, now: number, selected: number | undefined): string | undefined {
  const chosen = selected === undefined ? undefined : trace.entries[selected]
  const named = chosen?.type === 'broker' ? chosen.event : chosen?.type === 'client' ? chosen : undefined
  if (chosen?.type === 'packet' && chosen.topic) return chosen.topic
  if (named?.topic) return named.topic
  const last = trace.entries.findLast(entry => entry.type === 'packet' && entry.at <= now && Boolean(entry.topic))
  return last?.type === 'packet' ? last.topic : undefined
}

/** Returns the subscriptions up to a moment, compared with a topic. */
export function filtersOf(trace: Trace, now: number, topic: string | undefined, compare: typeof explain): TrieFilter[] {
  const owners = new Map<string, string>()
  for (const entry of trace.entries) {
    if (entry.type !== 'broker' || entry.at > now) continue
    const { type, filter, clientId = '' } = entry.event
    if (type === 'subscribed' && filter !== undefined) owners.set(filter, clientId)
    if (type === 'unsubscribed' && filter !== undefined) owners.delete(filter)
  }
  const filters = [...owners.keys()]
  const matches = topic === undefined || filters.length === 0 ? undefined : compare(topic, filters).filters
  return filters.map((filter, place) => {
    const match = matches?.[place]
    return {
      filter,
      owner: owners.get(filter) ?? '',
      ...(match ? { matches: match.matches, levels: match.levels } : {}),
    }
  })
}

/** Returns both sides of a client's session. */
export function sessionOf(
  snapshot: Snapshot,
  clientId: string,
): { client: SessionSide | undefined; broker: SessionSide | undefined } {
  return {
    client: snapshot.clients.find(client => client.clientId === clientId),
    broker: snapshot.broker.sessions.find(session => session.clientId === clientId),
  }
}

/** Returns where a client's will stands at a moment. */
export function willOf(trace: Trace, now: number, clientId: string): WillView | undefined {
  const last = trace.entries.findLast(
    entry =>
      entry.type === 'broker' && entry.at <= now && entry.event.type === 'will' && entry.event.clientId === clientId,
  )
  if (last?.type !== 'broker' || last.event.fate === undefined) return undefined
  return { topic: last.event.topic ?? '', fate: last.event.fate as WillFate }
}
