// Packets of hostile clients, as bytes of MQTT 5.0.
const encoder = new TextEncoder()

/** Joins bytes, and texts with their length before them. */
const join = (...parts) => joinAll(parts)

/** The same for a list that is too long for arguments. */
function joinAll(parts) {
  const pieces = parts.flatMap(part => {
    if (typeof part === 'number') return [[part]]
    if (typeof part !== 'string') return [part]
    const text = encoder.encode(part)
    return [[text.length >> 8, text.length & 255], text]
  })
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** A variable byte integer. */
function variable(number) {
  const bytes = []
  let rest = number
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0))
    rest >>= 7
  } while (rest > 0)
  return bytes
}

const packet = (first, ...parts) => {
  const rest = join(...parts)
  return join(first, variable(rest.length), rest)
}

const four = number => [number >>> 24, (number >> 16) & 255, (number >> 8) & 255, number & 255]
const two = number => [number >> 8, number & 255]

export const PINGREQ = new Uint8Array([0xc0, 0])

/** A CONNECT with a session expiry interval, and a Receive Maximum or a will with its delay. */
export function connect(clientId, { clean = false, expiry = 0xffff_ffff, receiveMaximum, will } = {}) {
  const properties = join([0x11, ...four(expiry)], receiveMaximum ? [0x21, ...two(receiveMaximum)] : [])
  const last = will ? join(5, [0x18, ...four(will.delay)], will.topic, 'gone') : []
  const flags = (clean ? 2 : 0) | (will ? 4 : 0)
  return packet(0x10, 'MQTT', 5, flags, 0, 0, variable(properties.length), properties, clientId, last)
}

export function publish(topic, payload, { qos = 0, id = 1, retain = false, properties = [] } = {}) {
  const identifier = qos > 0 ? two(id) : []
  const first = 0x30 | (qos << 1) | (retain ? 1 : 0)
  return packet(first, topic, identifier, variable(properties.length), properties, encoder.encode(payload))
}

/** User properties of five bytes each. */
export function userProperties(count) {
  const bytes = new Uint8Array(5 * count)
  for (let at = 0; at < bytes.length; at += 5) bytes[at] = 0x26
  return bytes
}

export function subscribe(filters, qos = 1, identifier = 0) {
  const properties = identifier > 0 ? [0x0b, ...variable(identifier)] : []
  const list = filters.flatMap(filter => [filter, qos])
  return packet(0x82, 0, 1, properties.length, properties, joinAll(list))
}

export const unsubscribe = filters => packet(0xa2, 0, 1, 0, joinAll(filters))

export const puback = id => packet(0x40, two(id))
