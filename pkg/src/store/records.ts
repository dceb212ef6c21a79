import type { Store, StoreChange } from './store.js'

/** Value length that marks a removed key. */
const REMOVED = 0xffff_ffff
const HEADER_BYTES = 8
/** Time for which records are joined at once, in milliseconds. */
const SLICE_MS = 8
const CHUNK_BYTES = 1 << 20

/** Returns the message of an error. */
export const wordsOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/**
 * Joins records in the core's format: length of key, length of value, key, value. Other tasks run
 * between slices of the time.
 */
export async function join(records: ReturnType<Store['load']>, rest: () => Promise<void>): Promise<Uint8Array> {
  let began = performance.now()
  const pause = async () => {
    if (performance.now() - began < SLICE_MS) return
    await rest()
    began = performance.now()
  }
  const chunks: Uint8Array[] = []
  let chunk = new Uint8Array()
  let end = 0
  let length = 0
  for await (const { key, value } of records) {
    const bytes = HEADER_BYTES + key.length + value.length
    if (end + bytes > chunk.length) {
      chunks.push(chunk.subarray(0, end))
      chunk = new Uint8Array(Math.max(bytes, CHUNK_BYTES))
      end = 0
    }
    const header = new DataView(chunk.buffer, end)
    header.setUint32(0, key.length)
    header.setUint32(4, value.length)
    chunk.set(key, end + HEADER_BYTES)
    chunk.set(value, end + HEADER_BYTES + key.length)
    end += bytes
    length += bytes
    await pause()
  }
  chunks.push(chunk.subarray(0, end))
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of chunks) {
    joined.set(part, at)
    at += part.length
    await pause()
  }
  return joined
}

/**
 * Splits the core's batch into changes. It has the format of records, but for removed keys. Changes
 * share its bytes.
 */
export function split(bytes: Uint8Array): StoreChange[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const changes: StoreChange[] = []
  for (let at = 0; at < bytes.length; ) {
    const valueAt = at + HEADER_BYTES + view.getUint32(at)
    const length = view.getUint32(at + 4)
    const key = bytes.subarray(at + HEADER_BYTES, valueAt)
    at = valueAt + (length === REMOVED ? 0 : length)
    changes.push(length === REMOVED ? { key } : { key, value: bytes.subarray(valueAt, at) })
  }
  return changes
}
