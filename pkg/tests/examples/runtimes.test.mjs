// The packed package in each runtime that npm has, and in Vitest.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  copyExample,
  installForExamples,
  missing,
  platform,
  programOf,
  runIn,
  runtimeOf,
  startBroker,
  startIn,
} from '../lib/examples.mjs'
import { load } from '../lib/packed.mjs'

const project = missing || installForExamples()
const { url } = missing ? {} : await startBroker(await load(project, 'wasmqtt/broker'))

const nodes = Object.fromEntries([20, 22, 26].map(major => [major, runtimeOf(`node-${major}-${platform}/bin/node`)]))
const arm = process.arch === 'arm64'
const deno = runtimeOf(`@deno/linux-${arm ? 'arm64' : 'x64'}-glibc/deno`)
const bun = runtimeOf(`@oven/bun-linux-${arm ? 'aarch64' : 'x64'}/bin/bun`)

/** Rows of the table: a program that prints what it receives. */
const rows = [
  { name: 'Node 20, with ws', runtime: nodes[20], args: ['node-20.js'] },
  { name: 'Node 20, require()', runtime: nodes[20], args: ['required.cjs'] },
  { name: 'Node 22', runtime: nodes[22], args: ['main.js'] },
  { name: 'Node 22, inline', runtime: nodes[22], args: ['main.js'], suffix: '/inline' },
  { name: 'Node 22, require()', runtime: nodes[22], args: ['required.cjs'] },
  { name: 'Node 26', runtime: nodes[26], args: ['main.js'] },
  { name: 'Node 26, require()', runtime: nodes[26], args: ['required.cjs'] },
  { name: 'Deno', runtime: deno, args: ['run', '--allow-all', '--no-config', '--node-modules-dir=manual', 'main.js'] },
  {
    name: 'Deno, inline',
    runtime: deno,
    args: ['run', '--allow-net', '--node-modules-dir=manual', 'main.js'],
    suffix: '/inline',
  },
  { name: 'Bun', runtime: bun, args: ['main.js'] },
  { name: 'Bun, inline', runtime: bun, args: ['main.js'], suffix: '/inline' },
]

for (const { name, runtime, args, suffix } of rows) {
  const skip = missing || (runtime ? false : `npm has no ${name.split(/[, ]/)[0]} of that version for ${platform}`)
  test(name, { skip, timeout: 60_000 }, async () => {
    const folder = copyExample(project, 'runtime', { suffix })
    assert.equal(await runIn(folder, [runtime, ...args, url]), 'hello\n')
  })
}

for (const environment of ['node', 'jsdom']) {
  const skip = missing || (nodes[22] ? false : `npm has no Node 22 for ${platform}, which Vitest needs`)
  test(`Vitest, ${environment}`, { skip, timeout: 120_000 }, async () => {
    const folder = copyExample(project, 'vitest')
    const run = [nodes[22], programOf('vitest'), 'run', '--environment', environment]
    assert.match(await runIn(folder, run, { BROKER: url }), /Tests\s+2 passed \(2\)/)
  })
}

test('Vitest, a dashboard in a simulated world', { skip: missing || !nodes[22], timeout: 120_000 }, async () => {
  const folder = copyExample(project, 'dashboard')
  assert.match(await runIn(folder, [nodes[22], programOf('vitest'), 'run']), /Tests\s+4 passed \(4\)/)
})

test('workerd', { skip: missing, timeout: 60_000 }, async t => {
  const workerd = runtimeOf(`@cloudflare/workerd-linux-${arm ? 'arm64' : '64'}/bin/workerd`)
  if (!workerd) return t.skip(`npm has no workerd for ${platform}`)
  const folder = copyExample(project, 'workerd')
  await runIn(folder, [process.execPath, 'build.mjs'])
  // The control socket tells the port.
  const command = [workerd, 'serve', 'config.capnp', '--control-fd=1', '--verbose']
  const port = await startIn(t, folder, command, /"event":"listen","socket":"http","port":(\d+)/)
  const response = await fetch(`http://127.0.0.1:${port}/?broker=${encodeURIComponent(url)}`)
  assert.equal(await response.text(), 'hello')
})
