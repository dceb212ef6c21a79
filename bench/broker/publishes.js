// PUBLISH packets of MQTT 3.1.1.
import { topics } from '../lib/frames.js'
import { PAYLOAD_BYTES } from './cases.js'

/** One packet; of a length below 16,384. */
export function encodePublish(topic, payload, { qos = 0, id = 0, retain = false }) {
  const topicBytes = Buffer.byteLength(topic)
  const remaining = 2 + topicBytes + (qos > 0 ? 2 : 0) + payload.length
  const bytes = Buffer.allocUnsafe((remaining < 0x80 ? 2 : 3) + remaining)
  let at = bytes.writeUInt8(0x30 | (qos << 1) | Number(retain))
  if (remaining >= 0x80) at = bytes.writeUInt8((remaining & 0x7f) | 0x80, at)
  at = bytes.writeUInt8(remaining < 0x80 ? remaining : remaining >> 7, at)
  at = bytes.writeUInt16BE(topicBytes, at)
  at += bytes.write(topic, at)
  if (qos > 0) at = bytes.writeUInt16BE(id, at)
  bytes.set(payload, at)
  return bytes
}

/**
 * Packets of one quality of service in one buffer, as a publisher sends them that has many to send.
 * All have one length.
 */
export class Publishes {
  #templates
  #idAt
  #next = 0
  #id = 0

  constructor(qos) {
    this.#templates = topics.map((topic, index) => encodePublish(topic, Buffer.alloc(PAYLOAD_BYTES, index), { qos }))
    this.#idAt = qos === 0 ? undefined : this.#templates[0].length - PAYLOAD_BYTES - 2
  }

  /** The next so many. Identifiers go round: fewer than 65,535 may be in flight. */
  take(count) {
    const { length } = this.#templates[0]
    const bytes = Buffer.allocUnsafe(count * length)
    for (let at = 0; at < bytes.length; at += length) {
      bytes.set(this.#templates[this.#next++ % this.#templates.length], at)
      if (this.#idAt === undefined) continue
      this.#id = (this.#id % 65_535) + 1
      bytes.writeUInt16BE(this.#id, at + this.#idAt)
    }
    return bytes
  }
}
