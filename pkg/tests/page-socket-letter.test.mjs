// The look-alike beside real WebSockets: both run the same cases. A browser's is beside it in
// www/tests/websocket.spec.ts.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import { startBroker } from './lib/cli.mjs'
import { install, load } from './lib/packed.mjs'
import { cases, nodeCases, results } from './lib/websocket-cases.mjs'

const { Broker } = await load(install(), 'wasmqtt/broker')
const timeout = 60_000

function own(t) {
  const broker = new Broker()
  t.after(() => broker.close())
  return (url, protocols) => broker.socket(url ?? 'ws://127.0.0.1:1/', protocols)
}

test('it is as one of the package ws', { timeout }, async t => {
  const { urls } = await startBroker(t, '--ws', '0')
  const real = (url = urls[0].href, protocols = 'mqtt') => new WebSocket(url, protocols)
  assert.deepEqual(await results(nodeCases, own(t)), await results(nodeCases, real))
})

test('it is as one of Node', { timeout }, async t => {
  const { urls } = await startBroker(t, '--ws', '0')
  const script = fileURLToPath(new URL('lib/websocket-of-node.mjs', import.meta.url))
  const flags = globalThis.WebSocket ? [] : ['--experimental-websocket', '--no-warnings']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, urls[0].href])
  const [found, real] = [await results(cases, own(t)), JSON.parse(stdout)]
  for (const [name, result] of Object.entries(real)) {
    // A case that fails has a text.
    assert.ok(typeof result !== 'string', result)
    assert.deepEqual(found[name], result, name)
  }
})

// Web IDL §3.2.4.9. Chromium cuts the fraction.
test('a code is rounded to the nearest, and of two to the even', { timeout }, async t => {
  const make = own(t)
  for (const [given, code] of [
    [999.5, 1000],
    [1000.5, 1000],
    [2999.5, 3000],
    [3000.5, 3000],
    [3001.5, 3002],
    [4999.4, 4999],
    [4999.5, undefined],
    [1001.5, undefined],
  ]) {
    const socket = make()
    await new Promise(resolve => socket.addEventListener('open', resolve))
    if (code === undefined) assert.throws(() => socket.close(given), { name: 'InvalidAccessError' })
    else {
      socket.close(given)
      const event = await new Promise(resolve => socket.addEventListener('close', resolve))
      assert.equal(event.code, code, `${given}`)
    }
  }
})
