import { crc32 } from 'node:zlib'
import type { StoreChange } from '../store/store.js'

/**
 * Header of a frame: length of the body, checksum of that length, checksum of the body; four bytes
 * each.
 */
export const FRAME_HEADER_BYTES = 12
/** Header of a change in a body: the lengths of its key and its value. */
const CHANGE_HEADER_BYTES = 8
/** Value length that marks a removed key. */
const REMOVED = 0xffff_ffff

/** A change, with its length in bytes in the frame. */
export interface Entry extends StoreChange {
  readonly bytes: number
}

export const changeBytes = ({ key, value }: StoreChange) => CHANGE_HEADER_BYTES + key.length + (value?.length ?? 0)

/** Encodes a batch as a frame of the log. */
export function writeFrame(changes: Iterable<StoreChange>): Buffer {
  const parts: Uint8Array[] = [Buffer.alloc(FRAME_HEADER_BYTES)]
  for (const { key, value } of changes) {
    const header = Buffer.alloc(CHANGE_HEADER_BYTES)
    header.writeUInt32BE(key.length)
    header.writeUInt32BE(value ? value.length : REMOVED, 4)
    parts.push(header, key)
    if (value) parts.push(value)
  }
  const frame = Buffer.concat(parts)
  frame.writeUInt32BE(frame.length - FRAME_HEADER_BYTES)
  frame.writeUInt32BE(crc32(frame.subarray(0, 4)), 4)
  frame.writeUInt32BE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 8)
  return frame
}

/** Returns the length of the body after this header, or undefined if the header is damaged. */
export function bodyBytes(header: Buffer): number | undefined {
  return header.readUInt32BE(4) === crc32(header.subarray(0, 4)) ? header.readUInt32BE() : undefined
}

/** True if the body has its checksum. */
export const isWhole = (header: Buffer, body: Buffer) => header.readUInt32BE(8) === crc32(body)

/** Decodes the changes of a body. They share its bytes. */
export function* readBody(body: Buffer): Generator<Entry> {
  for (let at = 0; at < body.length; ) {
    const valueAt = at + CHANGE_HEADER_BYTES + body.readUInt32BE(at)
    const length = body.readUInt32BE(at + 4)
    const end = valueAt + (length === REMOVED ? 0 : length)
    const key = body.subarray(at + CHANGE_HEADER_BYTES, valueAt)
    yield { key, value: length === REMOVED ? undefined : body.subarray(valueAt, end), bytes: end - at }
    at = end
  }
}
