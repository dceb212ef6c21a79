// Publishers that send faster than hooks answer or a store writes: they are slowed down, and lose
// nothing.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import * as mqttJs from 'mqtt'
import { WebSocket, WebSocketServer } from 'ws'
import { told } from './lib/broker-events.mjs'
import { FakeWebSocket } from './lib/fake-web-socket.mjs'
import { install, load } from './lib/packed.mjs'
import { RawClient } from './lib/peer.mjs'
import { closed, dialTcp } from './lib/raw-socket.mjs'

const { Broker, connect, memory, PublishError } = await load(install(), 'wasmqtt/broker')

const timeout = 120_000
const MESSAGES = 5_000
const PAYLOAD_BYTES = 10_000
/**
 * A sixteenth of the default of `inputBytesMaximum` waits in the broker, and some chunks in what
 * brings it.
 */
const BOUND = 1 << 20
/** How long a peer that is closed has to take what it is sent and to close. */
const CLOSE_TIME = 5_000

function open(t, options) {
  const broker = new Broker(options)
  t.after(() => broker.close())
  return broker
}

/** A gate, closed until it is opened. */
function gate() {
  let open
  const opened = new Promise(resolve => {
    open = resolve
  })
  return { opened, open }
}

function payloadOf(number) {
  const payload = Buffer.alloc(PAYLOAD_BYTES)
  payload.writeUint32BE(number)
  return payload
}

/** A client that publishes all in one go, without looking whether its socket takes it. */
function flood(client, qos) {
  for (let number = 0; number < MESSAGES; number++) {
    client.send({ cmd: 'publish', topic: 't', payload: payloadOf(number), qos, messageId: number + 1 })
  }
}

/** Takes all messages, which come in order. */
async function receiver(broker, options) {
  const client = await connect(broker, options)
  const all = gate()
  let next = 0
  await client.subscribe('t', { qos: 1 }, message => {
    const number = Buffer.from(message.payload.buffer, message.payload.byteOffset).readUint32BE()
    if (number !== next) all.open(`${number} came for ${next}`)
    next += 1
    if (next === MESSAGES) all.open('all, in order')
  })
  return { client, all: all.opened }
}

/**
 * Watch on a flood: the bytes of it in the broker, or read for it and not handled, and whether it
 * is held back.
 */
class Watch {
  handled = 0
  most = 0
  readBytes = () => 0
  isHeld = () => false

  look() {
    this.most = Math.max(this.most, this.readBytes() - this.handled * PAYLOAD_BYTES)
  }
}

/**
 * A turn; fails once the test's time is over, so that what waits for something that never comes
 * ends.
 */
const turnOf = t => turn(undefined, { signal: t.signal })

/** Waits until the publisher is held back. */
async function held(t, watch) {
  while (!watch.isHeld()) await turnOf(t)
}

async function listenTcp(t, broker, watch) {
  const server = createServer(socket => {
    watch.server = socket
    watch.readBytes = () => socket.bytesRead
    watch.isHeld = () => socket.isPaused()
    broker.accept(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return server.address().port
}

async function listenWs(t, broker, watch) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (socket, request) => {
    watch.server = socket
    watch.readBytes = () => request.socket.bytesRead
    watch.isHeld = () => socket.isPaused
    broker.accept(socket)
  })
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return server.address().port
}

/** Openers of clients, one for each transport. */
const ways = {
  'a stream of Node': async (t, broker, watch) => {
    const port = await listenTcp(t, broker, watch)
    const socket = dialTcp(t, { port, hostname: '127.0.0.1' })
    return Object.assign(RawClient.overStream(socket), { socket })
  },
  'a WebSocket of ws': async (t, broker, watch) => {
    const port = await listenWs(t, broker, watch)
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'mqtt')
    const client = RawClient.overWebSocket(socket)
    await once(socket, 'open')
    return Object.assign(client, { socket })
  },
  'a socket in the page': async (_, broker, watch) => {
    const socket = broker.socket()
    let sentBytes = 0
    watch.readBytes = () => sentBytes - socket.bufferedAmount
    watch.isHeld = () => socket.bufferedAmount > 0
    const client = RawClient.overWebSocket(socket)
    const send = socket.send.bind(socket)
    socket.send = bytes => {
      sentBytes += bytes.length
      send(bytes)
    }
    await once(socket, 'open')
    return Object.assign(client, { socket })
  },
}

for (const [name, dial] of Object.entries(ways)) {
  for (const qos of [0, 1]) {
    test(`${name}: 50 MB at QoS ${qos} go through an async hook`, { timeout }, async t => {
      const watch = new Watch()
      const { opened, open: go } = gate()
      const broker = open(t, {
        authorize: async ({ clientId, action }) => {
          if (clientId !== 'fast' || action !== 'publish') return true
          await opened
          watch.look()
          // Most hooks ask somebody.
          await turn()
          watch.handled += 1
          return true
        },
      })
      const { client, all } = await receiver(broker)
      const publisher = await dial(t, broker, watch)
      await publisher.connect('fast')
      flood(publisher, qos)
      await held(t, watch)
      go()
      assert.equal(await all, 'all, in order')
      assert.ok(watch.most < BOUND, `${watch.most} bytes`)
      assert.deepEqual([watch.isHeld(), broker.counters().dropped], [false, 0])
      if (qos) for (let number = 1; number <= MESSAGES; number++) await publisher.next('puback')
      assert.equal(publisher.isClosed, undefined)
      await client.end()
    })
  }

  test(`${name}: 50 MB go through a slow store`, { timeout }, async t => {
    const watch = new Watch()
    const { opened, open: go } = gate()
    const store = memory()
    const slow = {
      load: () => store.load(),
      close: () => store.close(),
      async write(changes) {
        await turn()
        if (watch.isFlooded) await opened
        await store.write(changes)
      },
    }
    const broker = open(t, { store: slow, storeBytesMaximum: 1 << 18, queue: { messages: MESSAGES, bytes: 1 << 30 } })
    const { client, all } = await receiver(broker, { clientId: 'keeper', cleanStart: false, sessionExpiry: 1000 })
    const publisher = await dial(t, broker, watch)
    await publisher.connect('fast')
    watch.isFlooded = true
    flood(publisher, 1)
    await held(t, watch)
    assert.ok(watch.readBytes() < BOUND, `${watch.readBytes()} bytes`)
    go()
    assert.equal(await all, 'all, in order')
    assert.deepEqual([watch.isHeld(), broker.counters().dropped], [false, 0])
    for (let number = 1; number <= MESSAGES; number++) await publisher.next('puback')
    await client.end()
  })

  test(`${name}: who says goodbye while it is held back has said all before`, { timeout }, async t => {
    const watch = new Watch()
    const { opened, open: go } = gate()
    const broker = open(t, { authorize: ({ action, topic }) => action !== 'publish' || topic !== 't' || opened })
    const { client, all } = await receiver(broker)
    const publisher = await dial(t, broker, watch)
    const gone = told(broker, 'disconnected')
    await publisher.connect('fast', { will: { topic: 'will', payload: 'no', qos: 0 } })
    flood(publisher, 0)
    await held(t, watch)
    publisher.send({ cmd: 'disconnect' })
    if (publisher.socket.end) publisher.socket.end()
    else publisher.socket.close()
    await turn()
    assert.equal(broker.clients().length, 2)
    go(true)
    assert.equal(await all, 'all, in order')
    assert.equal((await gone).cause.kind, 'client')
    assert.equal(broker.counters().published, MESSAGES)
    await publisher.closed
    await client.end()
  })

  test(`${name}: who dies while it is held back is found dead, and its will published`, { timeout }, async t => {
    const watch = new Watch()
    const { opened, open: go } = gate()
    const broker = open(t, { authorize: ({ action, topic }) => action !== 'publish' || topic === 'will' || opened })
    const watcher = await connect(broker)
    const wills = watcher.messages('will')
    const publisher = await dial(t, broker, watch)
    await publisher.connect('fast', { will: { topic: 'will', payload: 'dead', qos: 0 } })
    flood(publisher, 0)
    await held(t, watch)
    const gone = told(broker, 'disconnected')
    if (publisher.socket.destroy) publisher.socket.destroy()
    else publisher.socket.terminate()
    await publisher.closed
    go(true)
    assert.equal((await gone).cause.kind, 'transport-closed')
    assert.equal((await wills.next()).value.text(), 'dead')
    assert.equal(broker.clients().length, 1)
    await watcher.end()
  })

  test(`${name}: who is held back can be disconnected, and taken over`, { timeout }, async t => {
    for (const isTakenOver of [false, true]) {
      const watch = new Watch()
      const broker = open(t, { authorize: ({ clientId }) => clientId !== 'fast' || new Promise(() => {}) })
      const publisher = await dial(t, broker, watch)
      await publisher.connect('fast')
      flood(publisher, 0)
      await held(t, watch)
      const other = isTakenOver ? await connect(broker, { clientId: 'fast' }) : undefined
      if (!isTakenOver) assert.ok(broker.disconnect('fast'))
      assert.equal((await publisher.next('disconnect')).reasonCode, isTakenOver ? 0x8e : 0x98)
      await publisher.closed
      await other?.end()
      broker.close()
    }
  })
}

test('a client of the page that is held back is gone when the broker is', { timeout }, async t => {
  const broker = open(t, { authorize: () => new Promise(() => {}) })
  const client = await connect(broker)
  const held = []
  for (let number = 0; number < 100; number++) {
    held.push(client.publish('t', payloadOf(number)))
    await turn()
  }
  broker.close()
  const settled = await Promise.allSettled(held)
  assert.equal(settled[0].status, 'fulfilled')
  assert.equal(settled.at(-1).status, 'rejected')
  assert.ok(settled.at(-1).reason instanceof PublishError)
})

test('a client of the page that waits for what it publishes is slowed down by a hook', { timeout }, async t => {
  for (const qos of [0, 1]) {
    let handled = 0
    const broker = open(t, {
      authorize: async ({ action }) => {
        if (action !== 'publish') return true
        await turn()
        handled += 1
        return true
      },
    })
    const { client, all } = await receiver(broker)
    const publisher = await connect(broker)
    let most = 0
    for (let number = 0; number < MESSAGES; number++) {
      await publisher.publish('t', payloadOf(number), { qos })
      most = Math.max(most, (number - handled) * PAYLOAD_BYTES)
    }
    assert.equal(await all, 'all, in order')
    assert.ok(most < BOUND, `${most} bytes`)
    await publisher.end()
    await client.end()
  }
})

test('messages that a client of the page publishes at once arrive, though it ends without waiting', {
  timeout,
}, async t => {
  const broker = open(t, { authorize: async () => true })
  const { client, all } = await receiver(broker)
  const gone = told(broker, 'disconnected')
  const queue = { messages: MESSAGES, bytes: 1 << 30 }
  const publisher = await connect(broker, { queue, will: { topic: 't', payload: 'no' } })
  const sent = Array.from({ length: MESSAGES }, (_, number) => publisher.publish('t', payloadOf(number)))
  await Promise.all(sent)
  await publisher.end()
  assert.equal(await all, 'all, in order')
  assert.equal((await gone).cause.kind, 'client')
  assert.equal(broker.counters().dropped, 0)
  await client.end()
})

test('a WebSocket of a page, which cannot be held back, has a bound', { timeout }, async t => {
  const broker = open(t, { authorize: () => new Promise(() => {}), inputBytesMaximum: 1 << 20 })
  const socket = new FakeWebSocket()
  const client = new RawClient(bytes => socket.give(bytes))
  socket.received = bytes => client.received(bytes)
  broker.accept(socket)
  await client.connect('fast')
  let sent = 0
  const disconnected = told(broker, 'disconnected')
  while (socket.readyState === 1) {
    client.send({ cmd: 'publish', topic: 't', payload: payloadOf(sent), qos: 0 })
    sent += 1
    await turnOf(t)
  }
  assert.equal((await client.next('disconnect')).reasonCode, 0x97)
  assert.equal((await disconnected).cause.reasonCode, 0x97)
  const bytes = sent * PAYLOAD_BYTES
  assert.ok(bytes > 1 << 20 && bytes < (1 << 20) * 1.2, `${bytes}`)
})

/** Openers of MQTT.js's clients, for Node or for pages. */
const { navigator } = globalThis
globalThis.navigator ??= { userAgent: 'none' }
globalThis.window = { document: {} }
const { default: forPages } = await import('mqtt/dist/mqtt.esm')
delete globalThis.window
if (!navigator) delete globalThis.navigator

const mqttJsWays = {
  'over TCP': async (t, broker, watch, options) =>
    mqttJs.connect(`mqtt://127.0.0.1:${await listenTcp(t, broker, watch)}`, options),
  'over a WebSocket': async (t, broker, watch, options) =>
    mqttJs.connect(`ws://127.0.0.1:${await listenWs(t, broker, watch)}`, options),
  'for Node in the page': async (_, broker, watch, options) =>
    mqttJs.connect('ws://page', { ...options, createWebsocket: () => watched(broker.socket(), watch) }),
  // It looks at `bufferedAmount`, and by default again in a second.
  'for pages in the page': async (_, broker, watch, options) =>
    forPages.connect('ws://page', {
      ...options,
      browserBufferTimeout: 1,
      createWebsocket: () => watched(broker.socket(), watch),
    }),
}

function watched(socket, watch) {
  watch.isHeld = () => socket.bufferedAmount > 0
  return socket
}

for (const [name, dial] of Object.entries(mqttJsWays)) {
  for (const qos of [0, 1]) {
    test(`MQTT.js ${name}: a flood at QoS ${qos} goes through an async hook`, { timeout }, async t => {
      const watch = new Watch()
      const { opened, open: go } = gate()
      const broker = open(t, {
        authorize: async ({ action }) => {
          if (action !== 'publish') return true
          await opened
          await turn()
          return true
        },
      })
      const { client, all } = await receiver(broker)
      const publisher = await dial(t, broker, watch, { protocolVersion: 5, reconnectPeriod: 0, timerVariant: 'native' })
      await once(publisher, 'connect')
      // It waits for each message apart.
      publisher.stream.setMaxListeners(0)
      const sent = []
      for (let number = 0; number < MESSAGES; number++) {
        sent.push(publisher.publishAsync('t', payloadOf(number), { qos }))
        // Packets of one task may share a frame.
        if (number % 20 === 0) await turn()
      }
      await held(t, watch)
      go()
      assert.equal(await all, 'all, in order')
      await Promise.all(sent)
      assert.deepEqual([watch.isHeld(), broker.counters().dropped], [false, 0])
      await publisher.endAsync()
      await client.end()
    })
  }
}

// A transport whose other side does not read.
const states = {
  'while it is idle': async () => {},
  'with more than it takes': async (t, broker) => {
    const payload = Buffer.alloc(1 << 19)
    // QoS 0 is lost once its socket takes no more.
    while (broker.counters().dropped === 0) {
      await broker.publish('much', payload)
      await turnOf(t)
    }
  },
  'while it is held back': async (t, _, { watch, publisher }) => {
    flood(publisher, 0)
    await held(t, watch)
  },
}

for (const name of ['a stream of Node', 'a WebSocket of ws']) {
  for (const [state, reach] of Object.entries(states)) {
    test(`${name} that does not read is closed in a bounded time ${state}`, { timeout }, async t => {
      t.mock.timers.enable({ apis: ['setTimeout'] })
      const watch = new Watch()
      const broker = open(t, {
        authorize: ({ clientId, action }) => clientId !== 'fast' || action !== 'publish' || new Promise(() => {}),
      })
      const publisher = await ways[name](t, broker, watch)
      await publisher.connect('fast')
      await publisher.subscribe('much')
      const near = publisher.socket._socket ?? publisher.socket
      near.pause()
      await reach(t, broker, { watch, publisher })
      const ended = closed(watch.server)
      assert.ok(broker.disconnect('fast'))
      // The broker's turn, in which it begins to close.
      await turn()
      t.mock.timers.tick(CLOSE_TIME)
      await ended
    })
  }

  test(`${name} that does not read is closed in a bounded time before the module is loaded`, { timeout }, async t => {
    // Every broker of a package but its first finds the module loaded.
    const fresh = await load(install(), 'wasmqtt/broker')
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const watch = new Watch()
    const broker = new fresh.Broker()
    const closing = gate()
    const accept = broker.accept.bind(broker)
    const late = {
      accept(socket) {
        accept(socket)
        broker.close()
        closing.open(closed(socket))
      },
    }
    const publisher = await ways[name](t, late, watch)
    const near = publisher.socket._socket ?? publisher.socket
    near.pause()
    const ended = closing.opened
    // Until the module is there, or is found not to be wanted.
    await assert.rejects(broker.ready)
    await turn()
    t.mock.timers.tick(CLOSE_TIME)
    await ended
  })
}
