// Packets of a frame, as far as a diagram names them. The simulator of the package will tell them
// itself; until then the page reads the fixed header, the topic and the packet identifier.
import type { PacketEntry, QoS } from 'wasmqtt/elements'

type Named = Pick<PacketEntry, 'bytes' | 'kind' | 'packetId' | 'qos' | 'dup' | 'retain' | 'topic'>

const kinds = [
  undefined,
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

/** Returns the packets of a frame of whole packets. */
export function packetsOf(frame: Uint8Array): Named[] {
  const packets: Named[] = []
  for (let start = 0; start < frame.length; ) {
    let [length, shift, at] = [0, 0, start + 1]
    for (let byte = 0x80; byte >= 0x80; at += 1, shift += 7) {
      byte = frame[at] ?? 0
      length |= (byte & 0x7f) << shift
    }
    packets.push(named(frame.slice(start, at + length), at - start))
    start = at + length
  }
  return packets
}

function named(bytes: Uint8Array, body: number): Named {
  const header = bytes[0] ?? 0
  const kind = kinds[header >> 4]
  const uint16 = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  if (kind === 'PUBLISH') {
    const qos = ((header >> 1) & 3) as QoS
    const end = body + 2 + uint16(body)
    const topic = new TextDecoder().decode(bytes.subarray(body + 2, end))
    const flags = { qos, dup: (header & 8) !== 0, retain: (header & 1) !== 0 }
    return { bytes, kind, topic, ...flags, ...(qos > 0 ? { packetId: uint16(end) } : {}) }
  }
  const hasId = kind !== undefined && /^PUB|SUB/.test(kind)
  return { bytes, ...(kind ? { kind } : {}), ...(hasId ? { packetId: uint16(body) } : {}) }
}
