import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberBytes, Reader } from '../lib/sections.mjs'
import { orderOf, withOrderedNames } from '../lib/similar-functions.mjs'

const bytes = text => Buffer.from(text)

test('behind a function comes what has most in common with it', () => {
  const functions = ['to be or not', 'what is this?', 'not to be', 'what is that', 'or not to be'].map(bytes)
  assert.deepEqual(orderOf(functions), [0, 4, 2, 1, 3])
})

test('a piece that many functions have tells nothing', () => {
  const many = Array.from({ length: 31 }, (_, index) => bytes(`the same ${String.fromCharCode(65 + index)}`))
  assert.deepEqual(orderOf(many), [...many.keys()])
})

test('numbers are read as they are written', () => {
  for (const number of [0, 127, 128, 300, 65_536, 2 ** 31]) {
    assert.equal(new Reader(numberBytes(number)).number(), number)
  }
})

test('the names that the functions get are in their order, behind those that are imported', () => {
  const sectionOf = (id, ...content) => [id, content.length, ...content]
  const code = ['aaaaaa', 'bbbbbb', 'aaaaab'].map(text => [text.length, ...bytes(text)])
  const module = Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...sectionOf(2, 1, 1, 0x61, 1, 0x62, 0, 0),
    ...sectionOf(10, code.length, ...code.flat()),
  )
  const names = [1, 6, ...bytes('000000'), 2, 6, ...bytes('000002'), 3, 6, ...bytes('000001')]
  const section = sectionOf(0, 4, ...bytes('name'), 1, names.length + 1, 3, ...names)
  assert.deepEqual([...withOrderedNames(module)], [...module, ...section])
})
