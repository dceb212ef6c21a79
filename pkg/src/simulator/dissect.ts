import { oneOf, payload } from '../util/validate.js'
import { glue } from './module.js'

/** A field of a packet: a group of fields, or a leaf with its value. */
export interface DissectedField {
  /** Offset of its first byte. */
  readonly start: number
  /** Offset behind its last byte. */
  readonly end: number
  /** The highest and the lowest bit, 7 to 0, of a leaf that is part of its byte. */
  readonly bits?: readonly [high: number, low: number]
  /** Number of groups that it is in. */
  readonly depth: number
  readonly isGroup: boolean
  /** Name in the specification's words. */
  readonly name: string
  readonly value?: boolean | number | string | Uint8Array
  /** True for bytes that cannot be told apart. */
  readonly isUndecoded?: boolean
  /** Meaning of the value, such as the text of a reason code. */
  readonly meaning?: string
  /** Section of the specification, such as `§3.1.2.11.2`. */
  readonly section?: string
}

/** Fields of a packet. The leaves tile its bytes exactly, and a group stands before its members. */
export interface Dissection {
  readonly fields: readonly DissectedField[]
  /** The fault that the decoder finds. */
  readonly error?: {
    readonly offset: number
    /** Statement or section that is broken, such as `MQTT-3.3.1-4`. */
    readonly rule: string
    readonly problem: string
    readonly reasonCode: number
    /** All of it in a sentence. */
    readonly text: string
    /** Index of the leaf at fault. */
    readonly field?: number
  }
}

const version = oneOf<4 | 5>(4, 5)

/**
 * Dissects the bytes of one packet, good or bad. The version is the connection's; CONNECT tells its
 * own.
 *
 * @throws OptionError if an argument is wrong; MqttError before `await load()`.
 */
export function dissect(bytes: Uint8Array, of: 4 | 5 = 5): Dissection {
  return glue().dissect(payload(bytes, 'bytes'), version(of, 'version')) as Dissection
}
