// Words for entries of a trace: what a screen reader says, and what a row of the table holds.
import type { BrokerEntry, Bytes, ClientEntry, LinkEntry, PacketEntry, Trace, TraceEntry } from './types.js'

/** Returns a time as `12.050 s`. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(3)} s`

/** Returns a span of time in the unit that reads best. */
export function span(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 120_000) return `${Number((milliseconds / 1000).toFixed(1))} s`
  return `${Math.round(milliseconds / 60_000)} min`
}

export function toBytes(bytes: Bytes): Uint8Array {
  if (typeof bytes !== 'string') return bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes)
  return Uint8Array.from(bytes.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

/** Returns a byte as two hexadecimal digits. */
export const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

/** The broker, or the client's identifier. */
export const nameOf = (trace: Trace, place: 'broker' | number | undefined): string =>
  typeof place === 'number' ? (trace.clients[place] ?? `client ${place}`) : 'broker'

/** Returns the sender and the receiver of a packet. */
export function ends(trace: Trace, { actor, direction }: PacketEntry): [string, string] {
  const client = nameOf(trace, actor)
  return direction === 'up' ? [client, 'broker'] : ['broker', client]
}

/** Returns a packet's name as the diagram shows it: its type and its packet identifier. */
export const packetName = ({ kind, packetId }: PacketEntry): string =>
  packetId === undefined ? (kind ?? 'unknown bytes') : `${kind} ${packetId}`

/** Returns what stands beside the name: quality of service, DUP, RETAIN. */
export function badges({ kind, qos, dup, retain, topic }: PacketEntry): string[] {
  if (kind !== 'PUBLISH') return []
  return [`QoS ${qos ?? 0}`, ...(dup ? ['DUP'] : []), ...(retain ? ['RETAIN'] : []), ...(topic === '' ? ['alias'] : [])]
}

export const isLost = ({ fate }: PacketEntry): boolean => fate.state === 'lost' || fate.state === 'truncated'

/** Returns the fate of a packet in words; empty if it arrived. `now` hides what comes later. */
export function fateText({ fate, at }: PacketEntry, now = Number.POSITIVE_INFINITY): string {
  if (fate.state === 'inFlight' || (fate.at > now && fate.at > at)) return 'under way'
  if (fate.state === 'lost') return fate.cause === 'linkCut' ? 'lost: link cut' : 'lost: receiver gone'
  return fate.state === 'truncated' ? `cut off after ${fate.bytes} bytes` : ''
}

const brokerWords: Record<string, (entry: BrokerEntry) => string> = {
  connected: ({ clientId }) => `accepts ${clientId}`,
  disconnected: ({ clientId }) => `has lost ${clientId}`,
  published: ({ topic }) => `routes ${topic}`,
  subscribed: ({ clientId, filter }) => `subscribes ${clientId} to ${filter}`,
  unsubscribed: ({ clientId, filter }) => `unsubscribes ${clientId} from ${filter}`,
  will: ({ clientId, fate }) => `will of ${clientId}: ${fate}`,
}

const clientWords: Record<string, (entry: ClientEntry) => string> = {
  message: ({ topic, payload, dup }) => `receives ${payload ?? ''} on ${topic}${dup ? ', marked DUP' : ''}`,
  connected: () => 'is connected',
  requested: () => 'begins a request',
  done: () => 'knows that its request is done',
  lost: ({ text }) => `is offline${text ? `: ${text}` : ''}`,
  closed: () => 'has ended',
  killed: () => 'is killed',
}

const linkWords: Record<LinkEntry['event'], string> = {
  opening: 'the link is being opened',
  opened: 'the link is open',
  broken: 'the link breaks, silently',
  closed: 'the link is closed',
}

/** Returns what happened, without its time. */
export function entryText(trace: Trace, entry: TraceEntry, now?: number): string {
  switch (entry.type) {
    case 'packet': {
      const [from, to] = ends(trace, entry)
      const parts = [`${from} to ${to}`, packetName(entry), ...badges(entry)]
      if (entry.topic) parts.push(`topic ${entry.topic}`)
      const fate = fateText(entry, now)
      return [...parts, ...(fate ? [fate] : [])].join(', ')
    }
    case 'action':
      return actionText(trace, entry)
    case 'timer':
      return `${nameOf(trace, entry.place)}: a timer runs out`
    case 'broker':
      return `broker ${brokerWords[entry.event]?.(entry) ?? entry.text ?? entry.event}`
    case 'client':
      return `${nameOf(trace, entry.actor)} ${clientWords[entry.event]?.(entry) ?? entry.text ?? entry.event}`
    case 'link': {
      const owner = entry.actor ?? entry.place
      return owner === undefined ? linkWords[entry.event] : `${nameOf(trace, owner)}: ${linkWords[entry.event]}`
    }
    case 'stored':
      return 'the store has written'
    case 'restarted':
      return 'the broker is restarted'
  }
}

function actionText(trace: Trace, entry: Extract<TraceEntry, { type: 'action' }>): string {
  const { action, actor, topic, filter, text } = entry
  const what = topic ?? filter ?? ''
  if (action === 'fault') return `network of ${nameOf(trace, actor)}: ${text ?? 'changes'}`
  if (actor === undefined) return text ?? `action: ${action}`
  return `${nameOf(trace, actor)}: ${action}${what && ` ${what}`}`
}

/** Returns the sentence for a screen reader, as `12.050 s, dash to broker, PUBACK 7`. */
export const sentence = (trace: Trace, entry: TraceEntry, now?: number): string =>
  `${seconds(entry.at)}, ${entryText(trace, entry, now)}`

/** Family of a packet, for its colour, its dash and its head. */
export type Family = 'publish' | 'answer' | 'session'

export function familyOf(kind: string | null): Family {
  if (kind === 'PUBLISH') return 'publish'
  return kind && /^PUB/.test(kind) ? 'answer' : 'session'
}
