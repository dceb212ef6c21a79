// The sections of a WebAssembly module, as far as our steps of the build read them.

/** Reads bytes from a place on. */
export class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte() {
    return this.bytes[this.at++]
  }

  /** A number of variable length (LEB128), without a sign. */
  number() {
    let [value, shift, byte] = [0, 0, 0x80]
    for (; byte & 0x80; shift += 7) {
      byte = this.byte()
      value |= (byte & 0x7f) << shift
    }
    return value >>> 0
  }

  /** So many bytes, which are shared. */
  take(length) {
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}

/** By which the sections are told apart. */
export const ids = { import: 2, code: 10, data: 11 }

/** What is in the section with this id; empty if there is none. */
export function section(wasm, id) {
  const reader = new Reader(wasm, 8)
  while (reader.at < wasm.length) {
    const found = reader.byte()
    const content = reader.take(reader.number())
    if (found === id) return content
  }
  return new Uint8Array()
}

/** A number as a module has it, of variable length (LEB128), without a sign. */
export function numberBytes(value) {
  const bytes = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}
