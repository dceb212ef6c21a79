// Labels of a packet: its facts, briefly for the diagram and in full for a screen reader.
import type { TracePacket } from '../model/trace.ts'
import { reasonText } from './reason.ts'

/** `id 1 · QoS 2 · DUP`, of what there is. */
export function factsOf({ packetId, qos, duplicate, retain, reasonCode }: TracePacket): string {
  return [
    ...(packetId === undefined ? [] : [`id ${packetId}`]),
    ...(qos === undefined ? [] : [`QoS ${qos}`]),
    ...(duplicate ? ['DUP'] : []),
    ...(retain ? ['retain'] : []),
    ...(reasonCode === undefined || reasonCode === 0 ? [] : [reasonText(reasonCode)]),
  ].join(' · ')
}

export function sentenceOf(packet: TracePacket): string {
  const facts = factsOf(packet).replaceAll(' · ', ', ').replace('id ', 'packet identifier ').replace('DUP', 'duplicate')
  return `${packet.kind} from ${packet.from} to ${packet.to}${facts === '' ? '' : `, ${facts}`}`
}

/**
 * Which of the three colours a packet has: a message, an answer to one, or the care of the session.
 */
export function groupOf({ kind }: TracePacket): 'publish' | 'answer' | 'session' {
  if (kind === 'PUBLISH') return 'publish'
  return kind === 'PUBACK' || kind === 'PUBREC' || kind === 'PUBREL' || kind === 'PUBCOMP' ? 'answer' : 'session'
}
