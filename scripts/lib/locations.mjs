// Where in the sources a panic happened, taken out of a module. A panic traps (src/wasm/mod.rs), so nobody reads it.

import { ids, Reader, section } from './sections.mjs'

/** `core::panic::Location`: the address and the length of a file's name, the line, the column. */
const LOCATION_BYTES = 16
const fileName = /^[\w./-]+\.rs$/

/**
 * The module with zeros where locations and the names of their files were, which compress to nothing.
 *
 * @param {Uint8Array} wasm
 * @throws {Error} if there are none: then Rust keeps them in another way than this function knows.
 */
export function withoutLocations(wasm) {
  const silent = wasm.slice()
  const segments = segmentsOf(silent)
  const bytesAt = (address, length) => {
    const found = segments.find(({ start, bytes }) => address >= start && address + length <= start + bytes.length)
    return found?.bytes.subarray(address - found.start, address - found.start + length)
  }
  const names = new Set()
  for (const { start, bytes } of segments) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = -start & 3; at + LOCATION_BYTES <= bytes.length; at += 4) {
      const [address, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
      const name = length < 300 ? bytesAt(address, length) : undefined
      if (!name || !(names.has(name.byteOffset) || fileName.test(Buffer.from(name).toString('latin1')))) continue
      names.add(name.byteOffset)
      bytes.fill(0, at, at + LOCATION_BYTES)
      name.fill(0)
    }
  }
  if (names.size === 0) throw new Error('the module has no locations of panics where Rust used to put them')
  return silent
}

/** The module's data, each piece with the address it goes to; the bytes are the module's own. */
function segmentsOf(wasm) {
  const reader = new Reader(section(wasm, ids.data))
  const segments = []
  for (let left = reader.bytes.length > 0 ? reader.number() : 0; left > 0; left--) {
    // Of the signed constants only addresses are read, which are far from the sign.
    const [kind, opcode, start, end] = [reader.number(), reader.byte(), reader.number(), reader.byte()]
    if (kind !== 0 || opcode !== 0x41 || end !== 0x0b) throw new Error('the module has data without a fixed address')
    segments.push({ start, bytes: reader.take(reader.number()) })
  }
  return segments
}
