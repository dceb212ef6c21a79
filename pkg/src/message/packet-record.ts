export type PacketKind = (typeof kinds)[number]

/** A packet that was sent or received. */
export interface PacketRecord {
  readonly direction: 'sent' | 'received'
  readonly kind: PacketKind
  /** Bytes of the whole packet. */
  readonly bytes: Uint8Array
  /**
   * Packet identifier: of PUBLISH at QoS 1 and 2, SUBSCRIBE, UNSUBSCRIBE, and the acknowledgements
   * of these.
   */
  readonly packetId?: number
  /** Quality of service; PUBLISH only. */
  readonly qos?: 0 | 1 | 2
  /** DUP flag; PUBLISH only. */
  readonly duplicate?: boolean
  /** RETAIN flag; PUBLISH only. */
  readonly retain?: boolean
  /** Topic, empty if an alias replaces it; PUBLISH only. */
  readonly topic?: string
  readonly reasonCode?: number
  /** Length of the payload; PUBLISH only. */
  readonly payloadBytes?: number
  /** Time of the packet, in milliseconds on the clock of `performance.now()`. */
  readonly time: number
}

/** Kinds of packets, in the order of their numbers (MQTT 5.0 §2.1.2). */
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

/**
 * Builds the record from the module's numbers. An identifier of 0, a reason code of -1 and a
 * payload of -1 mean none. @internal
 */
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
