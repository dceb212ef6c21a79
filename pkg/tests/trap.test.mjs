// A module that has failed: a trap in a call of a client ends that client, and every promise
// settles.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

let isBroken = false
const { instantiate, RuntimeError } = WebAssembly
// As a panic does, since that leaves everything borrowed: each call traps from then on.
WebAssembly.instantiate = async (...args) => {
  const { exports } = await instantiate(...args)
  const trap = call =>
    function (...given) {
      if (isBroken) throw new RuntimeError('unreachable')
      return call.apply(this, given)
    }
  const entries = Object.entries(exports)
  return {
    exports: Object.fromEntries(
      entries.map(([name, value]) => [name, typeof value === 'function' ? trap(value) : value]),
    ),
  }
}

const folder = install()
const { Client, ClosedError, MqttError, connect } = await load(folder, 'wasmqtt')
const never = () => new Promise(() => {})

const calls = {
  end: client => client.end(),
  kill: client => client.kill(),
  signal: (_, controller) => controller.abort(),
  publish: client => assert.rejects(client.publish('late', ''), isTrap),
  subscribe: client =>
    assert.rejects(
      client.subscribe('late', () => {}),
      isTrap,
    ),
  unsubscribe: (_1, _2, subscription) => subscription.unsubscribe(),
  watch: client => client.addEventListener('packet', () => {}),
}

function isTrap(error) {
  assert.equal(error.constructor, MqttError)
  assert.match(error.message, /reload the page/)
  assert.ok(error.cause instanceof RuntimeError)
  return true
}

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: a trap in it settles all`, { timeout: 20_000 }, async t => {
    t.after(() => {
      isBroken = false
    })
    let arrive
    const arrived = new Promise(resolve => {
      arrive = resolve
    })
    const server = await startScript(async peer => {
      await peer.accept()
      await peer.grant()
      await peer.next('publish')
      await peer.next('subscribe')
      arrive()
      await peer.closed
    })
    t.after(() => server.stop())
    const controller = new AbortController()
    const client = await connect(server.url, { createWebSocket, keepAlive: 0, signal: controller.signal })
    const subscription = await client.subscribe('a', () => {})
    const published = assert.rejects(client.publish('a', '', { qos: 1 }), ({ cause }) => isTrap(cause))
    const message = assert.rejects(client.messages('b').next(), error => error instanceof MqttError)
    // The module's queued callbacks have run.
    await arrived
    isBroken = true
    await call(client, controller, subscription)
    assert.equal(client.status.phase, 'closed')
    isTrap(client.status.error)
    await published
    await message
    await assert.rejects(client.publish('a', ''), ClosedError)
    client.kill()
    // The socket closes, by which the server ends.
    await client.end()
    await subscription.unsubscribe()
    await server.finished()
  })
}

test('a trap while connecting rejects', { timeout: 20_000 }, async t => {
  t.after(() => {
    isBroken = false
  })
  let give
  const credentials = () =>
    new Promise(resolve => {
      give = resolve
    })
  const client = new Client('ws://nowhere.example', { createWebSocket: never, credentials })
  // The module is loaded, since it has found what is wrong.
  await client.publish('#', '').catch(() => {})
  isBroken = true
  give({ username: 'ann' })
  await assert.rejects(client.ready, isTrap)
  await client.end()
})

test('a panic ends in an error with its message and its place', { timeout: 20_000 }, async t => {
  const { Broker } = await load(folder, 'wasmqtt/broker')
  const broker = await new Broker().ready
  const { now } = performance
  t.after(() => {
    performance.now = now
  })
  t.mock.method(console, 'error', () => {})
  // It leaves the broker borrowed, as a panic does. The next call finds that and panics.
  performance.now = () => {
    throw new Error('no time')
  }
  await assert.rejects(broker.publish('a', ''), ({ message }) => /reload the page: Error: no time$/.test(message))
  performance.now = now
  await assert.rejects(broker.publish('a', ''), error => {
    assert.equal(error.constructor, MqttError)
    assert.match(
      error.message,
      /reload the page: RuntimeError: panicked at src\/wasm\/\S+\.rs:\d+:\d+:\n.*already.*borrowed/,
    )
    // The class by which a client, too, knows that the module cannot be called again.
    assert.ok(error.cause instanceof RuntimeError)
    assert.equal(console.error.mock.callCount(), 1)
    assert.match(console.error.mock.calls[0].arguments[0], /^panicked at src\//)
    return true
  })
})
