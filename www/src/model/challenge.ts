// The first challenge: a message at QoS 1 that the dashboard gets twice, judged from the trace.
import type { ClientEntry, PacketEntry, Trace } from 'wasmqtt/elements'

/** How far the challenge is. */
export type Stage =
  | 'begin'
  | 'publishing'
  | 'acknowledging'
  | 'once'
  | 'tooEarly'
  | 'resending'
  | 'solved'
  | 'exchanging'
  | 'exactlyOnce'

export interface Progress {
  readonly stage: Stage
  /** How often the last message was sent by the sensor, and received by the dashboard. */
  readonly sent: number
  readonly received: number
  /** Entries to look at: the lost PUBACK, the second PUBLISH, the second arrival. */
  readonly lost?: number
  readonly again?: number
  readonly second?: number
}

/** Judges the last message that the sensor has published. */
export function judge({ entries }: Trace): Progress {
  const start = entries.findLastIndex(entry => entry.type === 'action' && entry.action.type === 'publish')
  if (start < 0) return { stage: 'begin', sent: 0, received: 0 }
  const sendings: [number, PacketEntry][] = []
  const messages: [number, ClientEntry][] = []
  const answers: [number, PacketEntry][] = []
  for (const [index, entry] of entries.entries()) {
    if (index < start) continue
    if (entry.type === 'client' && entry.event === 'message') messages.push([index, entry])
    if (entry.type !== 'packet' || entry.client !== 'sensor') continue
    if (entry.kind === 'PUBLISH' && entry.direction === 'up') sendings.push([index, entry])
    if (/^PUB(ACK|COMP)$/.test(entry.kind ?? '') && entry.direction === 'down') answers.push([index, entry])
  }
  const lost = answers.find(([, { fate }]) => fate.type === 'lost')?.[0]
  const again = sendings[1]?.[0]
  const second = messages[1]?.[0]
  return {
    stage: stageOf(sendings, answers, messages.length),
    sent: sendings.length,
    received: messages.length,
    ...(lost === undefined ? {} : { lost }),
    ...(again === undefined ? {} : { again }),
    ...(second === undefined ? {} : { second }),
  }
}

function stageOf(
  sendings: readonly (readonly [number, PacketEntry])[],
  answers: readonly (readonly [number, PacketEntry])[],
  received: number,
): Stage {
  const first = sendings[0]?.[1]
  if (first?.qos === 2) {
    const isOver = answers.some(([, { kind, fate }]) => kind === 'PUBCOMP' && fate.type === 'delivered')
    return isOver && received > 0 ? 'exactlyOnce' : 'exchanging'
  }
  if (received > 1) return 'solved'
  if (first?.fate.type === 'lost') return 'tooEarly'
  if (answers.some(([, { fate }]) => fate.type === 'delivered')) return received > 0 ? 'once' : 'acknowledging'
  if (answers.some(([, { fate }]) => fate.type === 'lost')) return 'resending'
  return first?.fate.type === 'delivered' ? 'acknowledging' : 'publishing'
}
