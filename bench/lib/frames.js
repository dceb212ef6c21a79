// The frames that every client is given, byte for byte the same.

/** Twenty topics as a dashboard has them, each of about 24 characters. */
export const topics = Array.from({ length: 20 }, (_, index) => `site-${index % 4}/room-${10 + index}/temperature`)

const encoder = new TextEncoder()

/**
 * A PUBLISH of 3.1.1, or of 5.0 without properties. The payload's first byte is the number of its
 * topic, so that a lazy client is found out.
 */
export function publish(index, payloadBytes, qos, version = 4) {
  const topic = encoder.encode(topics[index % topics.length])
  const remaining = 2 + topic.length + (qos > 0 ? 2 : 0) + (version === 5 ? 1 : 0) + payloadBytes
  const packet = [0x30 | (qos << 1)]
  for (let rest = remaining; ; ) {
    const byte = rest & 0x7f
    rest >>= 7
    packet.push(rest > 0 ? byte | 0x80 : byte)
    if (rest === 0) break
  }
  packet.push(topic.length >> 8, topic.length & 0xff, ...topic)
  const id = (index % 65_535) + 1
  if (qos > 0) packet.push(id >> 8, id & 0xff)
  if (version === 5) packet.push(0)
  const bytes = new Uint8Array(packet.length + payloadBytes)
  bytes.set(packet)
  bytes.fill(index % topics.length, packet.length)
  return bytes
}

/** Frames of `packetsPerFrame` packets each, `messages` in all. */
export function frames({ messages, packetsPerFrame, payloadBytes, qos, version }) {
  const all = []
  for (let first = 0; first < messages; first += packetsPerFrame) {
    const packets = Array.from({ length: packetsPerFrame }, (_, offset) =>
      publish(first + offset, payloadBytes, qos, version),
    )
    const frame = new Uint8Array(packets.reduce((sum, packet) => sum + packet.length, 0))
    let at = 0
    for (const packet of packets) {
      frame.set(packet, at)
      at += packet.length
    }
    all.push(frame.buffer)
  }
  return all
}
