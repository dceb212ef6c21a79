// The packed package in each bundler: built, opened by a real Chromium, connected to a broker.
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  copyExample,
  installForExamples,
  missing,
  outputOf,
  programOf,
  runIn,
  serve,
  startBroker,
  startBrowser,
  startIn,
} from '../lib/examples.mjs'
import { load } from '../lib/packed.mjs'

const node = process.execPath
const cli = (...names) => (missing ? [] : [node, programOf(...names)])
const vite = { 7: cli('vite-7', 'vite'), 8: cli('vite', 'vite') }
const listens = ['--host', '127.0.0.1']
const listening = /(http:\/\/127\.0\.0\.1:\d+\/)/
const fix = /optimizeDeps: \{ exclude: \['wasmqtt'\] \}.*wasmqtt\/inline/
const policy = `default-src 'none'; connect-src 'self' ws://127.0.0.1:*; script-src 'self'`

/**
 * Rows of the table. `build` is a command; `serve` the folder that is served then, or `dev` the
 * command of a server. `expects` is what the page shows in the place of `hello`.
 */
const rows = [
  { name: 'Vite 7, built', folder: 'vite', build: [...vite[7], 'build'], serve: 'dist' },
  { name: 'Vite 7, served', folder: 'vite', dev: [...vite[7], ...listens] },
  {
    name: 'Vite 7, served, inline',
    folder: 'vite',
    dev: [...vite[7], ...listens],
    suffix: '/inline',
    without: ['vite.config.js'],
  },
  {
    name: 'Vite 7, served, pre-bundled',
    folder: 'vite',
    dev: [...vite[7], ...listens],
    without: ['vite.config.js'],
    expects: fix,
  },
  { name: 'Vite 8, built', folder: 'vite', build: [...vite[8], 'build'], serve: 'dist' },
  { name: 'Vite 8, served', folder: 'vite', dev: [...vite[8], ...listens] },
  {
    name: 'Vite 8, served, without a setting',
    folder: 'vite',
    dev: [...vite[8], ...listens],
    without: ['vite.config.js'],
  },
  { name: 'webpack 5', folder: 'webpack', build: cli('webpack-cli') },
  { name: 'webpack 5, inline', folder: 'webpack', build: cli('webpack-cli'), suffix: '/inline' },
  { name: 'Rspack', folder: 'rspack', build: [...cli('@rspack/cli', 'rspack'), 'build'] },
  { name: 'Next, Turbopack', folder: 'next', build: [...cli('next'), 'build'], serve: 'out' },
  { name: 'Next, webpack', folder: 'next', build: [...cli('next'), 'build', '--webpack'], serve: 'out' },
  {
    name: 'Parcel',
    folder: 'parcel',
    build: [...cli('parcel'), 'build', 'index.html', '--no-cache', '--no-source-maps', '--public-url', '.'],
    serve: 'dist',
  },
  { name: 'esbuild', folder: 'esbuild', build: [node, 'build.mjs'] },
  {
    name: 'esbuild, inline, a classic script',
    folder: 'esbuild',
    build: [node, 'build-script.mjs'],
    suffix: '/inline',
  },
  {
    name: 'esbuild, without the file',
    folder: 'esbuild',
    build: [node, 'build-script.mjs'],
    expects: /import\.meta|Invalid URL|could not be loaded/,
  },
  { name: 'Rollup', folder: 'rollup', build: [...cli('rollup'), '--config'] },
  { name: 'Rollup, inline', folder: 'rollup', build: [...cli('rollup'), '--config'], suffix: '/inline' },
  { name: 'Rolldown', folder: 'rolldown', build: [...cli('rolldown'), '--config'] },
  { name: 'an import map', folder: 'import-map' },
  { name: 'an import map, inline', folder: 'import-map', suffix: '/inline' },
  { name: 'a strict policy', folder: 'esbuild', build: [node, 'build.mjs'], policy: `${policy} 'wasm-unsafe-eval'` },
  {
    name: 'a strict policy, inline',
    folder: 'esbuild',
    build: [node, 'build.mjs'],
    suffix: '/inline',
    policy: `${policy} 'wasm-unsafe-eval'`,
  },
  {
    name: 'a policy without WebAssembly',
    folder: 'esbuild',
    build: [node, 'build.mjs'],
    policy,
    expects: /'wasm-unsafe-eval' in script-src/,
  },
]

const project = missing || installForExamples()
const { url } = missing ? {} : await startBroker(await load(project, 'wasmqtt/broker'))
const browser = missing || (await startBrowser())

for (const { name, folder, suffix, without, build, dev, expects = /^hello$/, ...row } of rows) {
  test(name, { skip: missing, timeout: 300_000 }, async t => {
    const place = copyExample(project, folder, { suffix, without })
    if (folder === 'import-map')
      cpSync(join(project, 'node_modules', 'wasmqtt', 'dist'), join(place, 'wasmqtt'), { recursive: true })
    if (build) await runIn(place, build, { EXAMPLES_ROOT: '../../..' })
    const headers = row.policy ? { 'Content-Security-Policy': row.policy } : {}
    const address = dev
      ? await startIn(t, place, dev, listening)
      : await serve(t, join(place, row.serve ?? '.'), headers)
    assert.match(await outputOf(t, browser, `${address}?broker=${encodeURIComponent(url)}`), expects)
  })
}
