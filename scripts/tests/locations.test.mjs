import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutLocations } from '../lib/locations.mjs'

const text = [...Buffer.from('said src/a.rs')]
const location = [0x85, 8, 0, 0, 8, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0]
/** A module whose memory has these bytes from 0x880 on. */
const module = bytes => {
  const data = [1, 0, 0x41, 0x80, 0x11, 0x0b, bytes.length, ...bytes]
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 11, data.length, ...data)
}
const rest = [0, 0, 0, 0x80, 8, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0]

test('locations and the names of their files become zeros, and nothing else does', () => {
  const silent = withoutLocations(module([...text, 0, 0, 0, ...location, ...location, ...rest]))
  const [name, zeros] = [text.map((byte, at) => (at < 5 ? byte : 0)), new Array(32).fill(0)]
  assert.deepEqual(silent, module([...name, 0, 0, 0, ...zeros, ...rest]))
})

test('a module without locations is refused', () => {
  assert.throws(() => withoutLocations(module(text)), /no locations/)
})
