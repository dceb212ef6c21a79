import { crc32 } from 'node:zlib'
import type { StoreChange } from '../store/store.js'

/** Three numbers of four bytes: the length of the body, the checksum of that length, the checksum of the body. */
export const FRAME_HEADER_BYTES = 12
/** Before each change in a body: the lengths of its key and its value. */
const CHANGE_HEADER_BYTES = 8
/** Instead of the length of a value: the key is removed. */
const REMOVED = 0xffff_ffff

/** A change, and how many bytes it has in its frame. */
export interface Entry extends StoreChange {
  readonly bytes: number
}

export const changeBytes = ({ key, value }: StoreChange) => CHANGE_HEADER_BYTES + key.length + (value?.length ?? 0)

/** A batch as it stands in the log. */
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

/** The length of the body behind this header; undefined if the header is damaged. */
export function bodyBytes(header: Buffer): number | undefined {
  return header.readUInt32BE(4) === crc32(header.subarray(0, 4)) ? header.readUInt32BE() : undefined
}

/** Whether the body is what was written. */
export const isWhole = (header: Buffer, body: Buffer) => header.readUInt32BE(8) === crc32(body)

/** The changes of a body, which share its bytes. */
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
