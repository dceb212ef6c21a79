// The oldest browsers that README names, held against the built files.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { transform } from 'esbuild'
import { root } from './lib/packed.mjs'

const dist = join(root, 'dist')

/** Versions that README promises, as esbuild names them: `chrome103`. */
const promised = Object.fromEntries(
  [
    ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(
      /\| (Chrome|Edge|Firefox|Safari)[^|]*\| (\d+(?:\.\d+)?) \|/g,
    ),
  ].map(([, name, version]) => [name.toLowerCase(), Number(version)]),
)

/**
 * Features of WebAssembly by their names in binaryen, with the first versions that have them. Two
 * features that come together are one row.
 */
const features = [
  { names: ['NontrappingFPToInt'], chrome: 75, firefox: 64, safari: 15 },
  { names: ['SignExt'], chrome: 74, firefox: 62, safari: 14.1 },
  { names: ['BulkMemory', 'BulkMemoryOpt'], chrome: 75, firefox: 79, safari: 15 },
  { names: ['ReferenceTypes', 'CallIndirectOverlong'], chrome: 96, firefox: 79, safari: 15 },
  { names: ['Multivalue'], chrome: 85, firefox: 78, safari: 13.1 },
]

/** Interfaces of the platform that are newer than the promise, or have to be looked for first. */
const newer = [
  'AbortSignal.any',
  'Array.fromAsync',
  'Iterator.',
  'Map.groupBy',
  'Object.groupBy',
  'Promise.try',
  'Promise.withResolvers',
  'URL.canParse',
  'Uint8Array.from(Base64|Hex)',
  '\\.(findLastIndex|isDisjointFrom|isSubsetOf|isWellFormed|symmetricDifference|toBase64|toHex)\\(',
  '\\.(toReversed|toSorted|toSpliced|toWellFormed|transferToFixedLength|waitAsync)\\(',
  '\\bscheduler\\.(yield|postTask)',
  '\\bDecompressionStream|\\bCompressionStream',
]

const files = readdirSync(dist)
  .filter(name => name.endsWith('.js') && !['cli.js', 'node.js'].includes(name))
  .map(name => [name, readFileSync(join(dist, name), 'utf8')])

/** Loads binaryen, which prints what it finds, without its output. */
async function quietBinaryen() {
  const { log, error, warn } = console
  try {
    console.log = console.error = console.warn = () => {}
    return (await import('binaryen')).default
  } finally {
    Object.assign(console, { log, error, warn })
  }
}

test('README names a version of each browser', () => {
  assert.deepEqual(Object.keys(promised), ['chrome', 'edge', 'firefox', 'safari'])
  assert.equal(promised.edge, promised.chrome)
})

test('the modules need the known features of WebAssembly and no other', async () => {
  const binaryen = await quietBinaryen()
  const bits = names => names.reduce((all, name) => all | binaryen.Features[name], 0)
  const all = bits(features.flatMap(({ names }) => names))
  for (const folder of ['client', 'client-full', 'broker']) {
    const module = binaryen.readBinary(new Uint8Array(readFileSync(join(dist, folder, 'wasmqtt_bg.wasm'))))
    const isValidWith = set => {
      module.setFeatures(set)
      return Boolean(module.validate())
    }
    assert.ok(isValidWith(all), `${folder}: it has a feature that is not in the table`)
    for (const { names } of features) assert.ok(!isValidWith(all & ~bits(names)), `${folder}: ${names} is not needed`)
    module.dispose()
  }
})

test('the browsers of README have these features', () => {
  for (const { names, ...first } of features) {
    for (const [browser, version] of Object.entries(first))
      assert.ok(promised[browser] >= version, `${names}: ${browser}`)
  }
})

test('the browsers of README have the syntax of each file', async () => {
  const target = Object.entries(promised).map(([name, version]) => name + version)
  const options = { format: 'esm', minify: true, charset: 'utf8' }
  for (const [name, text] of files) {
    // esbuild knows no browser with all properties of Unicode, of which one old one is used.
    const supported = { 'regexp-unicode-property-escapes': true }
    const [{ code }, old] = await Promise.all([
      transform(text, { ...options, target: 'esnext' }),
      transform(text, { ...options, target, supported }),
    ])
    assert.ok(code === old.code, `${name} has syntax that esbuild would rewrite for ${target}`)
    const properties = [...text.matchAll(/\\p\{(\w+)\}/g)].map(([, property]) => property)
    assert.ok(
      properties.every(property => property === 'Cs'),
      `${name}: ${properties}`,
    )
  }
})

test('the files use no interface that is newer than these browsers', () => {
  for (const [name, text] of files) {
    // Without the module, which is text in the inline entries.
    const code = text.replaceAll(/"[A-Za-z0-9+/=]{999,}"/g, '""')
    for (const pattern of newer) {
      const found = new RegExp(`.{0,40}${pattern.replace(/^(\w+)\.(?=\w|$)/, '\\b$1\\.')}.{0,40}`).exec(code)
      assert.equal(found, null, `${name}: ${pattern}: ${found?.[0]}`)
    }
  }
})
