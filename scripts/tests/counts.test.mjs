// Parsers of the counts, with samples of the runners' real output (samples/).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { cargo, crates, node, plain, plantedFaults, playwright, withoutBars } from '../lib/counts.mjs'

const sample = name => readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8')

for (const [reader, name, expected] of [
  [cargo, 'cargo-test.txt', { passed: 1, failed: 1, skipped: 1 }],
  [cargo, 'wasm-pack-test.txt', { passed: 2, failed: 0, skipped: 1 }],
  [cargo, 'wasm-pack-test-failing.txt', { passed: 1, failed: 1, skipped: 1 }],
  [node, 'node-tap.txt', { passed: 1, failed: 1, skipped: 2 }],
  [node, 'node-spec.txt', { passed: 1, failed: 1, skipped: 2 }],
  [plantedFaults, 'planted-faults.txt', { passed: 2, failed: 1, skipped: 0 }],
  [playwright, 'playwright.json', { passed: 1, failed: 1, skipped: 1 }],
]) {
  test(`${name} is counted`, () => assert.deepEqual(reader(sample(name)), expected))
}

test('several runs in one output are summed', () => {
  assert.deepEqual(node(sample('node-tap.txt') + sample('node-spec.txt')), { passed: 2, failed: 2, skipped: 4 })
  assert.deepEqual(cargo(sample('cargo-test.txt') + sample('wasm-pack-test.txt')), { passed: 3, failed: 1, skipped: 2 })
})

test('output without totals counts nothing', () => {
  const nothing = { passed: 0, failed: 0, skipped: 0 }
  assert.deepEqual(cargo('error: could not compile `wasmqtt`\n'), nothing)
  assert.deepEqual(node('SyntaxError: Unexpected token\n'), nothing)
})

test('a Playwright test that passes only when tried again has failed', () => {
  const stats = { expected: 4, unexpected: 0, flaky: 1, skipped: 0 }
  assert.deepEqual(playwright(JSON.stringify({ stats })), { passed: 4, failed: 1, skipped: 0 })
})

test('progress is read from a bar of cargo, and from no other line', () => {
  assert.equal(crates('    Building [=======================> ] 56/59: wasmqtt'), '56 of 59 crates')
  assert.equal(crates('   Compiling wasmqtt v0.1.0'), undefined)
})

test('colours, bars and rewritten lines are gone from what is shown', () => {
  const shown = withoutBars(sample('cargo-test.txt'))
  for (const gone of ['Building [', '\r', '\u001b']) assert.ok(!shown.includes(gone))
  assert.match(shown, /^ {4}Finished `test` profile/m)
  assert.equal(plain('10 %\r50 %\rdone\r\nnext'), 'done\nnext')
})
