// Causes of captured packets: the packet that each one answers or continues.
import type { PacketKind, PacketRecord } from '../message/packet-record.js'

const answers = new Set<PacketKind>(['CONNACK', 'PUBACK', 'PUBREC', 'PUBCOMP', 'SUBACK', 'UNSUBACK', 'PINGRESP'])

const exchanges: Partial<Record<PacketKind, string>> = {
  CONNECT: 'connect',
  CONNACK: 'connect',
  PUBLISH: 'request',
  PUBACK: 'request',
  PUBREC: 'request',
  PUBREL: 'request',
  PUBCOMP: 'request',
  SUBSCRIBE: 'request',
  SUBACK: 'request',
  UNSUBSCRIBE: 'request',
  UNSUBACK: 'request',
  PINGREQ: 'ping',
  PINGRESP: 'ping',
}

/** Exchanges of one client, as far as packet identifiers and kinds tell them. */
export class Causes {
  readonly #last = new Map<string, number>()

  /** Notes a packet with its index in the trace, and returns the index of its cause. */
  next({ direction, kind, packetId }: PacketRecord, index: number): number | undefined {
    const isAnswer = answers.has(kind)
    const isUp = direction === 'sent'
    // An answer goes against its exchange; PUBREL goes along with it.
    const isBegunHere = isAnswer ? !isUp : isUp
    const exchange = exchanges[kind]
    if (exchange === undefined) return undefined
    const key = `${exchange} ${isBegunHere} ${packetId ?? ''}`
    const cause = isAnswer || kind === 'PUBREL' ? this.#last.get(key) : undefined
    this.#last.set(key, index)
    return cause
  }
}
