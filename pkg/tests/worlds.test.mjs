// Worlds make the same traces in the module that is shipped as natively, to the byte.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { load, World } from 'wasmqtt/simulator'

const lines = readFileSync(new URL('../../tests/support/worlds.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
await load()

for (const line of lines) {
  const [version, seed, entries, hash, link] = line.split(' ')
  test(`the trace of seed ${seed} in ${version} has the same hash as natively`, () => {
    const { position } = World.fromLink(link)
    assert.deepEqual([position.entries, position.hash], [Number(entries), hash])
  })
}

test('there are scenarios', () => assert.ok(lines.length >= 20))
