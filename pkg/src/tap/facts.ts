// Facts of a packet that a diagram shows, read from its bytes without a module, and its secrets.
//
// A test compares them with the codec, packet by packet. Nothing is judged here.
import type { PacketKind } from '../message/packet-record.js'

/** Facts of one packet besides its kind and flags. */
export interface Facts {
  readonly packetId?: number
  readonly topic?: string
  readonly payloadBytes?: number
}

/** Facts of CONNECT and CONNACK that outlast them. */
export interface ConnectFacts {
  /** Version of a CONNECT. */
  readonly version?: 4 | 5
  /** Client identifier of a CONNECT, or the one that a CONNACK assigns; empty without either. */
  readonly clientId: string
}

const withId = new Set<PacketKind>([
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
])

const ASSIGNED_CLIENT_IDENTIFIER = 0x12
const AUTHENTICATION_DATA = 0x16

/** Bytes of a property's value by its identifier; others begin with their length (§2.2.2.2). */
const widths: Readonly<Record<number, number>> = {
  ...Object.fromEntries([0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a].map(id => [id, 1])),
  ...Object.fromEntries([0x13, 0x21, 0x22, 0x23].map(id => [id, 2])),
  ...Object.fromEntries([0x02, 0x11, 0x18, 0x27].map(id => [id, 4])),
}
const SUBSCRIPTION_IDENTIFIER = 0x0b
const USER_PROPERTY = 0x26

/** Offsets of a field: of its first byte, and behind its last. */
type Range = readonly [start: number, end: number]

const utf8 = new TextDecoder()

/** Reader of a packet's fields. Throws a RangeError at the end of the bytes. */
class Reader {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.at = 1
    this.varint()
  }

  byte(): number {
    const byte = this.#bytes[this.at]
    if (byte === undefined) throw new RangeError('the packet ends too early')
    this.at += 1
    return byte
  }

  u16(): number {
    return this.byte() * 256 + this.byte()
  }

  varint(): number {
    let value = 0
    for (let place = 0; place < 4; place += 1) {
      const byte = this.byte()
      value += (byte & 0x7f) * 128 ** place
      if (byte < 0x80) return value
    }
    throw new RangeError('a length has more than four bytes')
  }

  skip(length: number): Range {
    const start = this.at
    this.at += length
    if (this.at > this.#bytes.length) throw new RangeError('the packet ends too early')
    return [start, this.at]
  }

  /** A field with its length before it. */
  field(): Range {
    return this.skip(this.u16())
  }

  text([start, end] = this.field()): string {
    return utf8.decode(this.#bytes.subarray(start, end))
  }

  /** The properties at this place, as identifiers with the places of their values. */
  properties(): [id: number, value: Range][] {
    const end = this.varint() + this.at
    const found: [number, Range][] = []
    while (this.at < end) {
      const id = this.varint()
      const width = widths[id]
      if (id === SUBSCRIPTION_IDENTIFIER) this.varint()
      else if (id === USER_PROPERTY) {
        this.field()
        this.field()
      } else found.push([id, width === undefined ? this.field() : this.skip(width)])
    }
    return found
  }
}

/** Returns the facts of a packet; none if it is malformed. */
export function factsOf(kind: PacketKind, bytes: Uint8Array, version: 4 | 5): Facts {
  return (
    attempt(() => {
      const reader = new Reader(bytes)
      if (withId.has(kind)) return { packetId: reader.u16() }
      if (kind !== 'PUBLISH') return {}
      const topic = reader.text()
      const packetId = ((bytes[0] ?? 0) & 6) > 0 ? reader.u16() : undefined
      if (version === 5) reader.properties()
      return { topic, payloadBytes: bytes.length - reader.at, ...(packetId === undefined ? {} : { packetId }) }
    }) ?? {}
  )
}

/** Returns what a CONNECT tells of the connection; undefined if it is malformed. */
export function connectFacts(bytes: Uint8Array): ConnectFacts | undefined {
  return attempt(() => {
    const { version, reader } = connectHead(bytes)
    return { version, clientId: reader.text() }
  })
}

/** Returns the client identifier that a CONNACK of MQTT 5.0 assigns, if any. */
export function assignedClientId(bytes: Uint8Array): string | undefined {
  return attempt(() => {
    const reader = new Reader(bytes)
    reader.skip(2)
    const assigned = reader.properties().find(([id]) => id === ASSIGNED_CLIENT_IDENTIFIER)
    if (!assigned) return undefined
    const [start, end] = assigned[1]
    return utf8.decode(bytes.subarray(start, end))
  })
}

/**
 * Returns a packet whose password and authentication data are stars, in their length. Without
 * either it is the packet itself.
 */
export function masked(kind: PacketKind, bytes: Uint8Array, version: 4 | 5): Uint8Array {
  const find = secretsIn[kind]
  if (!find || (kind !== 'CONNECT' && version !== 5)) return bytes
  // Where the secrets of a malformed packet are is not known.
  const ranges = attempt(() => find(bytes)) ?? [[new Reader(bytes).at, bytes.length]]
  if (ranges.length === 0) return bytes
  const copy = bytes.slice()
  for (const [start, end] of ranges) copy.fill(0x2a, start, end)
  return copy
}

const secretsIn: Partial<Record<PacketKind, (bytes: Uint8Array) => Range[]>> = {
  CONNECT: connectSecrets,
  CONNACK: bytes => dataIn(bytes, 2),
  AUTH: bytes => dataIn(bytes, 1),
}

/** Authentication data of a packet whose properties stand behind so many bytes. */
function dataIn(bytes: Uint8Array, before: number): Range[] {
  const reader = new Reader(bytes)
  // A packet may end before its properties (§3.15.2.1).
  if (bytes.length <= reader.at + before) return []
  reader.skip(before)
  return authenticationData(reader.properties())
}

const authenticationData = (properties: readonly [number, Range][]): Range[] =>
  properties.filter(([id]) => id === AUTHENTICATION_DATA).map(([, value]) => value)

/** Reads a CONNECT up to its client identifier (§3.1.2). */
function connectHead(bytes: Uint8Array) {
  const reader = new Reader(bytes)
  reader.field()
  const version = reader.byte() === 5 ? 5 : 4
  const flags = reader.byte()
  reader.u16()
  const secrets = version === 5 ? authenticationData(reader.properties()) : []
  return { reader, version, flags, secrets } as const
}

function connectSecrets(bytes: Uint8Array): Range[] {
  const { reader, version, flags, secrets } = connectHead(bytes)
  reader.field()
  if (flags & 0x04) {
    if (version === 5) reader.properties()
    reader.field()
    reader.field()
  }
  if (flags & 0x80) reader.field()
  return flags & 0x40 ? [...secrets, reader.field()] : secrets
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
