// The elements as published: their sizes, their licence, and no module that they would need.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { install } from './lib/packed.mjs'

const dist = join(install(), 'node_modules', 'wasmqtt', 'dist')
const folder = join(dist, 'elements')
const scripts = readdirSync(folder).filter(name => name.endsWith('.js'))
const entries = scripts.filter(name => !name.startsWith('chunk-'))

/** Returns the files that a page loads for one. */
function reached(name, found = new Set()) {
  if (found.has(name)) return found
  found.add(name)
  const text = readFileSync(join(folder, name), 'utf8')
  for (const [, next] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) reached(next, found)
  return found
}

const bytesOf = names =>
  [...names].reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0)

test('each element takes at most 12 KB gzip beyond what all share', t => {
  assert.equal(entries.length, 8)
  const all = entries.map(name => reached(name))
  const shared = [...all[0]].filter(file => all.every(files => files.has(file)))
  t.diagnostic(`shared runtime: ${bytesOf(shared)} bytes`)
  assert.ok(bytesOf(shared) > 5_000 && bytesOf(shared) < 9_000, `${bytesOf(shared)}`)
  for (const [index, name] of entries.entries()) {
    const own = bytesOf([...all[index]].filter(file => !shared.includes(file)))
    t.diagnostic(`${name}: ${own} bytes`)
    assert.ok(own > 0 && own <= 12_000, `${name}: ${own}`)
  }
})

test('the elements load no WebAssembly, and tell whose code they contain', () => {
  for (const name of scripts) {
    const text = readFileSync(join(folder, name), 'utf8')
    assert.doesNotMatch(text, /WebAssembly|\.wasm/, name)
    assert.match(text, /^\/\* Contains Lit: elements\/LICENSE-lit\.txt \*\//, name)
  }
  assert.match(readFileSync(join(folder, 'LICENSE-lit.txt'), 'utf8'), /BSD 3-Clause License/)
})

test('the types name no package that a user would have to install', () => {
  const types = readFileSync(join(dist, 'types', 'elements.d.ts'), 'utf8')
  assert.match(types, /export declare function define\(\): void/)
  assert.doesNotMatch(types, /from 'lit/)
})
