// Packets made slightly wrong: where both codecs take one they read the same; where one refuses,
// the reason is known.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparable } from './compare.mjs'
import { explains, readOtherwise, theyAreLaxer, weAreLaxer } from './differences.mjs'
import { first, mutated } from './mutate.mjs'
import { decodeAll, encodeAll } from './ours.mjs'
import { packet } from './packets.mjs'
import { Random, seed } from './random.mjs'
import { kinds } from './tables.mjs'
import * as theirs from './theirs.mjs'

const perKind = 400

function cases() {
  const random = new Random(seed)
  const valid = [4, 5].flatMap(version =>
    kinds
      .filter(kind => kind && (version === 5 || kind !== 'AUTH'))
      .flatMap(kind => random.list(perKind, () => ({ version, packet: packet(random, kind, version) }))),
  )
  return encodeAll(valid).map(({ hex }, index) => ({
    version: valid[index].version,
    bytes: first(mutated(random, Buffer.from(hex, 'hex'))),
  }))
}

/** What a codec does with one packet: takes it, refuses it, or waits for more. */
const verdict = ({ error, packets }) => (error !== null ? 'refuses' : packets.length > 0 ? 'takes' : 'waits for')

test(`wrong packets are refused by both, or the difference is known (seed ${seed})`, () => {
  const all = cases()
  const count = { same: 0, neither: 0, known: 0 }
  for (const [index, ours] of decodeAll(all).entries()) {
    const { version, bytes } = all[index]
    const other = theirs.decode([bytes], version)
    const told = `WASMQTT_SEED=${seed}, version ${version}: ${bytes.toString('hex')}`
    const [we, they] = [verdict(ours), verdict(other)]
    if (we === 'takes' && they === 'takes' && readOtherwise.some(row => row.proves({ bytes, version }))) {
      assert.notDeepEqual(ours.packets.map(comparable), other.packets.map(comparable), told)
      count.known += 1
      continue
    }
    if (we === they) {
      assert.deepEqual(ours.packets.map(comparable), we === 'takes' ? other.packets.map(comparable) : [], told)
      count[we === 'takes' ? 'same' : 'neither'] += 1
      continue
    }
    const known =
      we === 'refuses'
        ? explains(ours.error.rule, { packet: other.packets[0], bytes, version, offset: ours.error.offset })
        : weAreLaxer.find(row => they === 'refuses' && row.proves({ bytes, version }))
    assert.ok(known, `we ${we} what mqtt-packet ${they}: ${told} ${JSON.stringify({ ours, theirs: other })}`)
    count.known += 1
  }
  assert.ok(
    Object.values(count).every(cases => cases > 500),
    JSON.stringify(count),
  )
})

test('every known difference is still one', () => {
  const rows = [...theyAreLaxer, ...weAreLaxer, ...readOtherwise].map(row => {
    const [version, hex] = row.example
    return { ...row, version, bytes: Buffer.from(hex.replaceAll(' ', ''), 'hex') }
  })
  for (const [index, ours] of decodeAll(rows).entries()) {
    const { statement, why, proves, version, bytes } = rows[index]
    const other = theirs.decode([bytes], version)
    const told = `${statement}, ${why}: ${bytes.toString('hex')} ${JSON.stringify({ ours, theirs: other })}`
    if (index < theyAreLaxer.length) {
      assert.equal(ours.error?.rule, statement, told)
      assert.notEqual(verdict(other), 'refuses', told)
    } else if (index < theyAreLaxer.length + weAreLaxer.length) {
      assert.notEqual(verdict(ours), 'refuses', told)
      assert.equal(verdict(other), 'refuses', told)
    } else {
      assert.deepEqual([verdict(ours), verdict(other)], ['takes', 'takes'], told)
      assert.notDeepEqual(ours.packets.map(comparable), other.packets.map(comparable), told)
    }
    assert.ok(proves({ packet: other.packets[0], bytes, version, offset: ours.error?.offset }), told)
  }
})
