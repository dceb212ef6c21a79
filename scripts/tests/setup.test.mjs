// Set-up: pinned versions agree, stale outputs are told from fresh ones, and a page's downloads are
// found.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryFile, references } from '../lib/size.mjs'
import { forget, hashOf, isFresh, stamp } from '../lib/stamp.mjs'
import { pinnedToolchain } from '../lib/toolchain.mjs'
import { checkBindgen } from '../lib/tools.mjs'

test('the toolchain file is read', () => {
  const text =
    '[toolchain]\nchannel = "1.95.0"\ncomponents = ["rustfmt", "clippy"]\ntargets = ["wasm32-unknown-unknown"]\n'
  assert.deepEqual(pinnedToolchain(text), {
    channel: '1.95.0',
    components: ['rustfmt', 'clippy'],
    targets: ['wasm32-unknown-unknown'],
  })
  assert.ok(pinnedToolchain().channel, 'the one of the checkout, too')
})

test('wasm-bindgen and its program are pinned to one version, and a mismatch is told', () => {
  checkBindgen()
  const other = '[[package]]\nname = "wasm-bindgen"\nversion = "0.2.1"\n'
  assert.throws(() => checkBindgen(other), /wasm-bindgen 0\.2\.1, but scripts\/tools\.json has wasm-bindgen-cli/)
})

test('a hash tells contents, missing files and flags apart', () => {
  const hash = hashOf(['scripts/tools.json'])
  assert.equal(hashOf(['scripts/tools.json']), hash)
  assert.notEqual(hashOf(['scripts/tools.json'], ['--release']), hash)
  assert.notEqual(hashOf(['scripts/tools.json', 'no/such/file']), hash)
  assert.notEqual(hashOf(['scripts/lib']), hashOf(['scripts/tests']))
})

test('what was made is fresh until its inputs change, its outputs go, or it is being made anew', t => {
  const name = `test-${process.pid}`
  t.after(() => forget(name))
  const outputs = ['scripts/tools.json']
  assert.ok(!isFresh(name, 'a', outputs), 'never made')
  stamp(name, 'a')
  assert.ok(isFresh(name, 'a', outputs))
  assert.ok(!isFresh(name, 'b', outputs), 'from other inputs')
  assert.ok(!isFresh(name, 'a', ['no/such/file']), 'without its output')
  forget(name)
  assert.ok(!isFresh(name, 'a', outputs), 'interrupted')
})

test('the modules and the WebAssembly of an entry are found, those of others are not', () => {
  const module = `
    import { a } from './a.js'
    export * from "../b.js"
    import './c.js'
    const d = await import('./d.js')
    const wasm = new URL('wasmqtt_bg.wasm', import.meta.url)
    import fs from 'node:fs'
    // import './comment.js'
    /** import { e } from './example.js' */
  `
  const { atOnce, later } = references(module)
  assert.deepEqual(atOnce.sort(), ['../b.js', './a.js', './c.js', 'wasmqtt_bg.wasm'])
  assert.deepEqual(later, ['./d.js'], 'what is imported by a call')
  assert.deepEqual(references('import{a as b}from"./a.js";let c=()=>import("./c.js");export{d}from"./d.js"'), {
    atOnce: ['./a.js', './d.js'],
    later: ['./c.js'],
  })
})

test('the file for browsers is taken from nested conditions', () => {
  assert.equal(entryFile('./dist/index.js'), './dist/index.js')
  assert.equal(entryFile({ types: './t.d.ts', node: './n.js', default: './dist/index.js' }), './dist/index.js')
  assert.equal(entryFile({ node: './n.js', import: { types: './t.d.ts', default: './i.js' } }), './i.js')
  assert.throws(() => entryFile({ node: './n.js' }), /no file for a browser/)
})
