// A module that has failed: a trap in any entry of it ends its clients and brokers, and every
// promise settles.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { FakeWebSocket } from './lib/fake-web-socket.mjs'
import { install, load } from './lib/packed.mjs'
import { RawClient } from './lib/peer.mjs'
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
const { Broker, connect: connectTo, memory } = await load(folder, 'wasmqtt/broker')
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
  let ask
  const asked = new Promise(resolve => {
    ask = resolve
  })
  const credentials = () => {
    ask()
    return new Promise(resolve => {
      give = resolve
    })
  }
  const client = new Client('ws://nowhere.example', { createWebSocket: never, credentials })
  // The module is loaded, since it has found what is wrong.
  await client.publish('#', '').catch(() => {})
  await asked
  isBroken = true
  give({ username: 'ann' })
  await assert.rejects(client.ready, isTrap)
  await client.end()
})

/**
 * Makes the clock throw at the second look, at which the broker is borrowed. It stays so, as after
 * a panic, and the next call panics. Returns what restores the clock.
 */
function stopClock(t) {
  const { now } = performance
  const restore = () => {
    performance.now = now
  }
  t.after(restore)
  let looks = 0
  performance.now = () => {
    looks += 1
    if (looks === 2) throw new Error('no time')
    return now.call(performance)
  }
  return restore
}

test('a panic ends in an error with its message and its place', { timeout: 20_000 }, async t => {
  const broker = await new Broker().ready
  t.mock.method(console, 'error', () => {})
  const restore = stopClock(t)
  await assert.rejects(broker.publish('a', ''), ({ message }) => /reload the page: Error: no time$/.test(message))
  restore()
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

/** `readyState` of a WebSocket. */
const CLOSING = 2

/** A page whose `document` takes events. */
function openPage(t) {
  const page = new EventTarget()
  globalThis.document = page
  t.after(() => {
    delete globalThis.document
  })
  return () => page.dispatchEvent(new Event('visibilitychange'))
}

/** Callbacks of the browser that enter a client's module. Each breaks it first. */
const clientEntries = {
  'a timer': () => {
    isBroken = true
  },
  'a message': (_, peer) => {
    isBroken = true
    peer.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0 })
  },
  'a text frame': (_, peer) => {
    isBroken = true
    peer.socket.send('x')
  },
  'the close of the socket': (_, peer) => {
    isBroken = true
    peer.socket.terminate()
  },
  'a microtask': client => {
    const sent = client.publish('a', '')
    isBroken = true
    return sent
  },
  'a visibility event': (_1, _2, show) => {
    isBroken = true
    show()
  },
}

for (const [name, enter] of Object.entries(clientEntries)) {
  test(`${name}: a trap in it ends the client at once`, { timeout: 20_000 }, async t => {
    t.after(() => {
      isBroken = false
    })
    const show = openPage(t)
    let peer
    const server = await startScript(async connected => {
      peer = connected
      await peer.accept()
      await peer.grant()
      await peer.closed
    })
    t.after(() => server.stop())
    const client = await connect(server.url, { createWebSocket, keepAlive: 1 })
    await client.subscribe('a', () => {})
    const closed = once(client, 'status')
    const pending = [
      assert.rejects(client.publish('a', '', { qos: 1 }), ({ cause }) => isTrap(cause)),
      assert.rejects(
        client.subscribe('b', () => {}),
        ({ cause }) => isTrap(cause),
      ),
      assert.rejects(client.messages('c').next(), error => error instanceof MqttError),
    ]
    await enter(client, peer, show)
    const [{ status }] = await closed
    assert.equal(status.phase, 'closed')
    isTrap(status.error)
    await Promise.all(pending)
    await assert.rejects(client.publish('a', ''), ClosedError)
    await client.end()
    await server.finished()
  })
}

test('the open of a socket: a trap in it rejects', { timeout: 20_000 }, async t => {
  t.after(() => {
    isBroken = false
  })
  const server = await startScript(peer => peer.closed)
  t.after(() => server.stop())
  const open = (...target) => {
    const socket = createWebSocket(...target)
    socket.addEventListener('open', () => {
      isBroken = true
    })
    return socket
  }
  const client = new Client(server.url, { createWebSocket: open })
  await assert.rejects(client.ready, isTrap)
  isBroken = false
  isTrap(client.status.error)
  await client.end()
  await server.finished()
})

/** A store in memory whose operations wait for `gate`. */
function gatedStore(gates) {
  const store = memory()
  return {
    async *load() {
      await gates.load
      yield* await store.load()
    },
    async write(changes) {
      await gates.write
      return store.write(changes)
    },
    close: () => store.close(),
  }
}

function defer() {
  let resolve
  const promise = new Promise(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

const connectBytes = new RawClient(() => {}).bytes(new RawClient(() => {}).connectPacket('raw'))

/** Callbacks of the browser that enter a broker's module. Each breaks it first. */
const brokerEntries = {
  'a timer': {
    options: { connectTimeout: 50 },
    enter: () => {
      isBroken = true
    },
  },
  "a peer's bytes": {
    enter: ({ socket }) => {
      isBroken = true
      socket.give(connectBytes)
    },
  },
  "a peer's flush": {
    enter: ({ socket }) => {
      socket.give(connectBytes)
      isBroken = true
    },
  },
  "a peer's close": {
    enter: ({ socket }) => {
      isBroken = true
      socket.dispatchEvent(new Event('close'))
    },
  },
  "a hook's answer": {
    enter: async ({ socket, asked, answer }) => {
      socket.give(connectBytes)
      await asked.promise
      isBroken = true
      answer.resolve(true)
    },
  },
  'a visibility event': {
    enter: ({ show }) => {
      isBroken = true
      show()
    },
  },
  'a view': {
    enter: ({ broker }) => {
      isBroken = true
      assert.throws(() => broker.clients(), isTrap)
    },
  },
  "a store's promise": {
    enter: async ({ broker, gates }) => {
      const gate = defer()
      gates.write = gate.promise
      const stored = broker.publish('kept', 'x', { retain: true, qos: 1 })
      await Promise.resolve()
      isBroken = true
      gate.resolve()
      await assert.rejects(stored, isTrap)
    },
  },
}

for (const [name, { options, enter }] of Object.entries(brokerEntries)) {
  test(`${name}: a trap in it ends the broker at once`, { timeout: 20_000 }, async t => {
    t.after(() => {
      isBroken = false
    })
    const show = openPage(t)
    const gates = {}
    const store = gatedStore(gates)
    const [asked, answer] = [defer(), defer()]
    const authenticate = ({ clientId }) => {
      if (clientId !== 'raw') return true
      asked.resolve()
      return answer.promise
    }
    const broker = await new Broker({ store, authenticate, ...options }).ready
    const failed = once(broker, 'error')
    const errors = []
    broker.addEventListener('error', event => {
      event.preventDefault()
      errors.push(event.error)
    })
    const socket = new FakeWebSocket()
    broker.accept(socket)
    const client = await connectTo(broker)
    const closed = once(client, 'status')
    const message = assert.rejects(broker.messages('a').next(), isTrap)
    await enter({ broker, socket, gates, show, asked, answer })
    await failed
    isTrap(errors[0])
    assert.equal(errors.length, 1)
    const [{ status }] = await closed
    isTrap(status.error)
    await message
    assert.equal(socket.readyState, CLOSING)
    await assert.rejects(broker.publish('a', ''), error => {
      assert.ok(error instanceof ClosedError)
      return isTrap(error.cause)
    })
    await assert.rejects(connectTo(broker), /reload the page/)
    assert.deepEqual(broker.clients(), [])
    await broker.close()
    isBroken = false
    // The store is free for the next one.
    await (await new Broker({ store }).ready).close()
  })
}

test('a trap while a store is restored rejects, and frees the store', { timeout: 20_000 }, async t => {
  t.after(() => {
    isBroken = false
  })
  const load = defer()
  const store = gatedStore({ load: load.promise })
  const broker = new Broker({ store })
  broker.addEventListener('error', event => event.preventDefault())
  const published = assert.rejects(broker.publish('a', ''), isTrap)
  const connected = assert.rejects(connectTo(broker), /reload the page/)
  await (await new Broker().ready).close()
  isBroken = true
  load.resolve()
  await assert.rejects(broker.ready, isTrap)
  await published
  await connected
  await broker.close()
  isBroken = false
  await (await new Broker({ store }).ready).close()
})

test("a panic in a timer ends the broker with the panic's text", { timeout: 20_000 }, async t => {
  // A module of its own, since only the first panic has a text.
  const { Broker, connect } = await load(install(), 'wasmqtt/broker')
  const broker = await new Broker({ connectTimeout: 50 }).ready
  t.mock.method(console, 'error', () => {})
  const failed = once(broker, 'error')
  broker.accept(new FakeWebSocket())
  // Its timer is set by then.
  await connect(broker)
  const restore = stopClock(t)
  await assert.rejects(broker.publish('a', ''))
  restore()
  const [{ error }] = await failed
  assert.match(error.message, /reload the page: RuntimeError: panicked at src\/wasm\/\S+\.rs:\d+:\d+:\n.*borrowed/)
  // By the hook alone.
  assert.equal(console.error.mock.callCount(), 1)
})
