// Valid packets of every kind: what one codec writes, the other reads, field for field.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparable } from './compare.mjs'
import { weAreLaxer } from './differences.mjs'
import { decodeAll, encodeAll } from './ours.mjs'
import { packet, theyCannotMake } from './packets.mjs'
import { Random, seed } from './random.mjs'
import { kinds } from './tables.mjs'
import * as theirs from './theirs.mjs'

const perKind = 150

/** Packets of every kind that each version has; 3.1.1 has no AUTH. */
function everyKind() {
  const random = new Random(seed)
  return [4, 5].flatMap(version =>
    kinds
      .filter(kind => kind && (version === 5 || kind !== 'AUTH'))
      .flatMap(kind => random.list(perKind, () => ({ version, packet: packet(random, kind, version) }))),
  )
}

const told = ({ version, packet }) => `WASMQTT_SEED=${seed}, version ${version}: ${JSON.stringify(packet)}`

test(`we read what mqtt-packet writes (seed ${seed})`, () => {
  const cases = everyKind()
    .filter(({ packet }) => !theyCannotMake(packet))
    .map(one => ({ ...one, bytes: theirs.encode(one.packet, one.version) }))
  assert.ok(cases.length > 4_000, `${cases.length} packets`)
  for (const [index, answer] of decodeAll(cases).entries()) {
    const one = cases[index]
    assert.equal(answer.error, null, `${told(one)} ${JSON.stringify(answer.error)} ${one.bytes.toString('hex')}`)
    assert.equal(answer.unread, 0, told(one))
    assert.deepEqual(answer.packets.map(comparable), [comparable(one.packet)], told(one))
  }
})

test(`mqtt-packet reads what we write (seed ${seed})`, () => {
  const cases = everyKind()
  for (const [index, { hex, error }] of encodeAll(cases).entries()) {
    const one = cases[index]
    assert.equal(error, undefined, `${told(one)} ${JSON.stringify(error)}`)
    const bytes = Buffer.from(hex, 'hex')
    const answer = theirs.decode([bytes], one.version)
    if (weAreLaxer.some(row => row.proves({ bytes, version: one.version }))) {
      assert.notEqual(answer.error, null, told(one))
      continue
    }
    assert.equal(answer.error, null, `${told(one)} ${hex}`)
    assert.equal(answer.unread, 0, told(one))
    assert.deepEqual(answer.packets.map(comparable), [comparable(one.packet)], `${told(one)} ${hex}`)
  }
})

test(`both write as many bytes, but where we leave out what may be left out (seed ${seed})`, () => {
  const cases = everyKind().filter(({ packet }) => !theyCannotMake(packet))
  let shorter = 0
  for (const [index, { hex }] of encodeAll(cases).entries()) {
    const one = cases[index]
    const ours = hex.length / 2
    const other = theirs.encode(one.packet, one.version).length
    if (mayBeShorter(one)) assert.ok(ours <= other, told(one))
    else assert.equal(ours, other, `${told(one)} ${hex}`)
    shorter += Number(ours < other)
  }
  assert.ok(shorter > 100, `${shorter} shorter packets`)
})

/**
 * Without properties, their length may be left out; and a reason of success with it, where that is
 * all there is.
 */
function mayBeShorter({ version, packet: { kind, reason, properties } }) {
  if (version === 4 || properties?.length !== 0) return false
  return ['PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'DISCONNECT'].includes(kind) || (kind === 'AUTH' && reason === 0)
}

test(`a stream in any pieces is the same packets to both (seed ${seed})`, () => {
  const random = new Random(seed)
  // These two are the last of a stream or not in it: mqtt-packet reads on behind an empty one into
  // the next packet.
  const inStreams = everyKind().filter(({ packet }) => !['DISCONNECT', 'AUTH'].includes(packet.kind))
  const streams = random.list(60, () => {
    const version = random.pick([4, 5])
    const choice = inStreams.filter(one => one.version === version)
    const packets = random.list(1 + random.below(20), () => random.pick(choice)).map(one => one.packet)
    return { version, packets }
  })
  const written = streams.flatMap(({ version, packets }) => packets.map(packet => ({ version, packet })))
  const parts = encodeAll(written).map(({ hex }) => Buffer.from(hex, 'hex'))
  const cases = streams.map(({ version, packets }) => ({
    version,
    packets,
    bytes: Buffer.concat(parts.splice(0, packets.length)),
  }))
  for (const [index, ours] of decodeAll(cases).entries()) {
    const { version, packets, bytes } = cases[index]
    const answer = theirs.decode(pieces(random, bytes), version)
    const problem = `WASMQTT_SEED=${seed}, version ${version}: ${bytes.toString('hex')}`
    assert.deepEqual([answer.error, answer.unread, ours.error, ours.unread], [null, 0, null, 0], problem)
    assert.deepEqual(answer.packets.map(comparable), packets.map(comparable), problem)
    assert.deepEqual(ours.packets.map(comparable), packets.map(comparable), problem)
  }
})

function pieces(random, bytes) {
  const found = []
  for (let at = 0; at < bytes.length; ) {
    const length = random.pick([1, 2, 3, 1 + random.below(40), 1 + random.below(5_000)])
    found.push(bytes.subarray(at, at + length))
    at += length
  }
  return found
}
