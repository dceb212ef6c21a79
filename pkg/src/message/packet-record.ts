export type PacketKind = (typeof kinds)[number]

/** A packet that passed. */
export interface PacketRecord {
  readonly direction: 'sent' | 'received'
  readonly kind: PacketKind
  /** The whole packet. */
  readonly bytes: Uint8Array
  /** PUBLISH of QoS 1 and 2, its acknowledgements, SUBSCRIBE, UNSUBSCRIBE and theirs. */
  readonly packetId?: number
  /** PUBLISH. */
  readonly qos?: 0 | 1 | 2
  /** PUBLISH: the DUP flag. */
  readonly duplicate?: boolean
  /** PUBLISH: the RETAIN flag. */
  readonly retain?: boolean
  /** PUBLISH: its topic, empty behind an alias. */
  readonly topic?: string
  readonly reasonCode?: number
  /** PUBLISH. */
  readonly payloadBytes?: number
  /** When it passed, in milliseconds on the clock of `performance.now()`. */
  readonly time: number
}

/** In the order of their numbers (MQTT 5.0 §2.1.2). */
export const kinds = [
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
] as const

/** The record of a packet from what the module tells: 0 is no identifier, -1 no reason code and no payload. @internal */
export function packetRecord(
  outgoing: boolean,
  header: number,
  packetId: number,
  reasonCode: number,
  topic: string | undefined,
  payloadBytes: number,
  bytes: Uint8Array,
): PacketRecord {
  const kind = kinds[(header >> 4) - 1] as PacketKind
  return {
    direction: outgoing ? 'sent' : 'received',
    kind,
    bytes,
    ...(packetId > 0 && { packetId }),
    ...(kind === 'PUBLISH' && {
      qos: ((header >> 1) & 3) as 0 | 1 | 2,
      duplicate: (header & 8) === 8,
      retain: (header & 1) === 1,
    }),
    ...(topic !== undefined && { topic }),
    ...(reasonCode >= 0 && { reasonCode }),
    ...(payloadBytes >= 0 && { payloadBytes }),
    time: performance.now(),
  }
}
