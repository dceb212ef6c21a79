// Words for entries of a trace: what a screen reader says, and what a row of the table holds.
import type { ActionEntry, BrokerEntry, Bytes, ClientEntry, LinkEntry, PacketEntry, TraceEntry } from './types.js'

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

/** Returns the sender and the receiver of a packet. */
export function ends({ client, direction }: PacketEntry): [string, string] {
  return direction === 'up' ? [client, 'broker'] : ['broker', client]
}

/** Returns a packet's name as the diagram shows it: its type and its packet identifier. */
export const packetName = ({ kind, packetId }: PacketEntry): string =>
  packetId === undefined ? (kind ?? 'unknown bytes') : `${kind} ${packetId}`

/** Returns what stands beside the name: quality of service, DUP, RETAIN, alias, count. */
export function badges({ kind, qos, dup, retain, topic, count }: PacketEntry): string[] {
  if (kind !== 'PUBLISH') return []
  const marks = [dup && 'DUP', retain && 'RETAIN', topic === '' && 'alias', count !== undefined && `×${count}`]
  return [`QoS ${qos ?? 0}`, ...marks.filter(mark => typeof mark === 'string')]
}

export const isLost = ({ fate }: PacketEntry): boolean => fate.type === 'lost' || fate.type === 'truncated'

/** Returns the fate of a packet in words; empty if it arrived. `now` hides what comes later. */
export function fateText({ fate, at }: PacketEntry, now = Number.POSITIVE_INFINITY): string {
  if (fate.type === 'in-flight' || (fate.at > now && fate.at > at)) return 'under way'
  if (fate.type === 'lost') return fate.cause === 'link-cut' ? 'lost: link cut' : 'lost: receiver gone'
  return fate.type === 'truncated' ? `cut off after ${fate.bytes} bytes` : ''
}

const brokerWords: Record<string, (event: BrokerEntry['event']) => string> = {
  connected: ({ clientId }) => `accepts ${clientId}`,
  disconnected: ({ clientId }) => `has lost ${clientId}`,
  published: ({ topic }) => `routes ${topic}`,
  subscribed: ({ clientId, filter }) => `subscribes ${clientId} to ${filter}`,
  unsubscribed: ({ clientId, filter }) => `unsubscribes ${clientId} from ${filter}`,
  will: ({ clientId, fate }) => `will of ${clientId}: ${fate}`,
}

const clientWords: Record<string, (entry: ClientEntry) => string> = {
  message: ({ topic, payload, dup }) => `receives ${textOf(payload)} on ${topic}${dup ? ', marked DUP' : ''}`,
  connected: () => 'is connected',
  requested: () => 'begins a request',
  done: () => 'knows that its request is done',
  lost: ({ error }) => `is offline${error ? `: ${error}` : ''}`,
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
export function entryText(entry: TraceEntry, now?: number): string {
  switch (entry.type) {
    case 'packet': {
      const [from, to] = ends(entry)
      const parts = [`${from} to ${to}`, packetName(entry), ...badges(entry)]
      if (entry.topic) parts.push(`topic ${entry.topic}`)
      const fate = fateText(entry, now)
      return [...parts, ...(fate ? [fate] : [])].join(', ')
    }
    case 'action':
      return actionText(entry)
    case 'timer':
      return `${entry.place ?? 'broker'}: a timer runs out`
    case 'broker':
      return `broker ${brokerWords[entry.event.type]?.(entry.event) ?? entry.event.type}`
    case 'client':
      return `${entry.client} ${clientWords[entry.event]?.(entry) ?? entry.event}`
    case 'link':
      return entry.place === undefined ? linkWords[entry.event] : `${entry.place}: ${linkWords[entry.event]}`
    case 'stored':
      return 'the store has written'
    case 'restarted':
      return 'the broker is restarted'
  }
}

const networkWords: Record<string, string> = {
  cut: 'the link is cut',
  'black-hole': 'nothing arrives any more',
  stall: 'stalls for a while',
  latency: 'has another latency',
  bandwidth: 'has another bandwidth',
  'slow-reader': 'reads at another rate',
}

function actionText({ action }: ActionEntry): string {
  const { type, client } = action
  if (networkWords[type]) return `network of ${client}: ${networkWords[type]}`
  const { topic, filter } = action as { topic?: string; filter?: string }
  const what = topic ?? filter ?? ''
  return client === undefined ? `action: ${type}` : `${client}: ${type}${what && ` ${what}`}`
}

/** Returns a payload as text. */
export function textOf(payload: Bytes | undefined): string {
  return payload === undefined ? '' : new TextDecoder().decode(toBytes(payload))
}

/** Returns the sentence for a screen reader, as `12.050 s, dash to broker, PUBACK 7`. */
export const sentence = (entry: TraceEntry, now?: number): string => `${seconds(entry.at)}, ${entryText(entry, now)}`

/** Family of a packet, for its colour, its dash and its head. */
export type Family = 'publish' | 'answer' | 'session'

export function familyOf(kind: string | undefined): Family {
  if (kind === 'PUBLISH') return 'publish'
  return kind && /^PUB/.test(kind) ? 'answer' : 'session'
}
