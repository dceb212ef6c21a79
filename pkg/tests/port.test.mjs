// The broker on a port: streams of Node, and WebSockets.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { told } from './lib/broker-events.mjs'
import { FakeWebSocket } from './lib/fake-web-socket.mjs'
import { install, load } from './lib/packed.mjs'
import { pair } from './lib/pair.mjs'
import { RawClient } from './lib/peer.mjs'
import { dialTcp } from './lib/raw-socket.mjs'

const { Broker, OptionError, connect } = await load(install(), 'wasmqtt/broker')

const timeout = 20_000

/** A broker that is closed after the test, with what it tells. */
function open(t, options) {
  const broker = new Broker(options)
  t.after(() => broker.close())
  return broker
}

/** Listens on TCP for the broker; gives what makes a client. */
async function listenTcp(t, broker, options = {}) {
  const server = createServer(options, socket => broker.accept(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return version => {
    const socket = dialTcp(t, { port: server.address().port, hostname: '127.0.0.1', noDelay: true })
    return Object.assign(RawClient.overStream(socket, version), { socket })
  }
}

/** Listens on a WebSocket for the broker; gives what makes a client that is open. */
async function listenWs(t, broker) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', socket => broker.accept(socket))
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return async version => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`, 'mqtt')
    const client = RawClient.overWebSocket(socket, version)
    await once(socket, 'open')
    return Object.assign(client, { socket })
  }
}

/** Openers of clients, one for each transport. */
const ways = {
  'a stream of Node': async (t, broker) => listenTcp(t, broker),
  'a WebSocket of ws': listenWs,
  'a socket in the page': async (_, broker) => async version => {
    const socket = broker.socket()
    const client = RawClient.overWebSocket(socket, version)
    await once(socket, 'open')
    return Object.assign(client, { socket })
  },
}

for (const [name, listen] of Object.entries(ways)) {
  for (const version of [4, 5]) {
    // [MQTT-4.2-1], [3.1.1 MQTT-7.1.1-1]
    test(`${name}, version ${version}: messages go both ways`, { timeout }, async t => {
      const broker = open(t)
      const dial = await listen(t, broker)
      const [one, other] = [await dial(version), await dial(version)]
      for (const [client, id] of [
        [one, 'one'],
        [other, 'other'],
      ]) {
        await client.connect(id)
        await client.subscribe(`to/${id}`)
      }
      assert.deepEqual(broker.clients(), [
        { clientId: 'one', version },
        { clientId: 'other', version },
      ])
      one.send({ cmd: 'publish', topic: 'to/other', payload: 'there', qos: 0 })
      assert.equal(String((await other.next('publish')).payload), 'there')
      other.send({ cmd: 'publish', topic: 'to/one', payload: 'back', qos: 0 })
      assert.equal(String((await one.next('publish')).payload), 'back')
      const gone = told(broker, 'disconnected')
      one.send({ cmd: 'disconnect' })
      assert.deepEqual((await gone).cause.kind, 'client')
      await one.closed
    })
  }

  test(`${name}: what a client is told reaches it before the close`, { timeout }, async t => {
    const broker = open(t, { users: [{ username: 'ann', password: 'secret' }] })
    const dial = await listen(t, broker)
    const refused = await dial()
    assert.equal((await refused.connect('refused', { username: 'ann', password: 'wrong' })).reasonCode, 0x86)
    await refused.closed
    const malformed = await dial()
    await malformed.connect('malformed', { username: 'ann', password: 'secret' })
    malformed.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0, properties: { topicAlias: 65_535 } })
    assert.equal((await malformed.next('disconnect')).reasonCode, 0x94)
    await malformed.closed
    const last = await dial()
    await last.connect('last', { username: 'ann', password: 'secret' })
    broker.close()
    assert.equal((await last.next('disconnect')).reasonCode, 0x8b)
    await last.closed
  })

  test(`${name}: a client that is gone has its will published`, { timeout }, async t => {
    const broker = open(t)
    const dial = await listen(t, broker)
    const watcher = await connect(broker)
    const stream = watcher.messages('will', { qos: 1 })
    const client = await dial()
    await client.connect('doomed', { will: { topic: 'will', payload: 'gone', qos: 1 } })
    if (client.socket.destroy) client.socket.destroy()
    else client.socket.terminate()
    assert.equal((await stream.next()).value.text(), 'gone')
    await watcher.end()
  })

  test(`${name}: what one turn has for a client is one frame`, { timeout }, async t => {
    const broker = open(t)
    const dial = await listen(t, broker)
    const [from, to] = [await dial(), await dial()]
    await from.connect('from')
    await to.connect('to')
    await to.subscribe('many')
    const framesBefore = to.frames.length
    from.send(...Array.from({ length: 100 }, (_, at) => ({ cmd: 'publish', topic: 'many', payload: `${at}`, qos: 0 })))
    for (let at = 0; at < 100; at++) assert.equal(String((await to.next('publish')).payload), `${at}`)
    assert.equal(to.frames.length - framesBefore, 1)
  })
}

/** A client over a socket of a page, whose bytes reach the broker within the call of `send`. */
async function dialPage(broker, clientId) {
  const page = new FakeWebSocket()
  const client = new RawClient(bytes => page.give(bytes))
  page.received = bytes => client.received(bytes)
  broker.accept(page)
  await client.connect(clientId)
  return client
}

/** The tasks that are due now are over, and those that they ask for. */
async function settled() {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}

test('a lone message and its acknowledgement leave in the task that it came in', { timeout }, async t => {
  const broker = await open(t).ready
  const [from, to] = [await dialPage(broker, 'from'), await dialPage(broker, 'to')]
  await to.subscribe('alone', 1)
  await settled()
  const order = []
  setImmediate(() => order.push('next task'))
  from.send({ cmd: 'publish', topic: 'alone', payload: 'now', qos: 1, messageId: 9 })
  to.next('publish').then(() => order.push('publish'))
  from.next('puback').then(() => order.push('puback'))
  await settled()
  assert.deepEqual(order.toSorted(), ['next task', 'puback', 'publish'])
  assert.equal(order.at(-1), 'next task')
})

test('messages from many sockets share a frame, though each comes in its own task', { timeout }, async t => {
  const broker = await open(t).ready
  const to = await dialPage(broker, 'to')
  await to.subscribe('many')
  const from = []
  for (let at = 0; at < 5; at++) from.push(await dialPage(broker, `from ${at}`))
  // The first turn tells the broker that many come.
  for (const frames of [2, 1]) {
    await settled()
    const before = to.frames.length
    for (const client of from) {
      client.send({ cmd: 'publish', topic: 'many', payload: '', qos: 0 })
      for (let microtask = 0; microtask < 5; microtask++) await undefined
    }
    for (const _ of from) await to.next('publish')
    assert.equal(to.frames.length - before, frames)
  }
})

test('bytes that come before the module is loaded are kept in their order', { timeout }, async t => {
  // Every broker of a package but its first finds the module loaded.
  const { Broker } = await load(install(), 'wasmqtt/broker')
  const [far, near] = pair()
  const page = new FakeWebSocket()
  const clients = [RawClient.overStream(near), new RawClient(bytes => page.give(bytes))]
  page.received = bytes => clients[1].received(bytes)
  const broker = new Broker()
  t.after(() => broker.close())
  broker.accept(far)
  broker.accept(page)
  for (const [index, client] of clients.entries()) {
    client.send(client.connectPacket(`early ${index}`))
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `${index}`, qos: 0 }] })
    for (let at = 0; at < 10; at++) client.send({ cmd: 'publish', topic: `${index}`, payload: `${at}`, qos: 0 })
  }
  for (const client of clients) {
    await client.next('connack')
    await client.next('suback')
    for (let at = 0; at < 10; at++) assert.equal(String((await client.next('publish')).payload), `${at}`)
  }
})

test('a peer that sends without end before the module is loaded is closed', { timeout }, async t => {
  const { Broker } = await load(install(), 'wasmqtt/broker')
  const broker = new Broker()
  t.after(() => broker.close())
  const socket = new FakeWebSocket()
  broker.accept(socket)
  for (let at = 0; at < 9; at++) socket.give(new Uint8Array(1 << 17))
  assert.equal(socket.readyState, 2)
})

// [MQTT-6.0.0-1], [3.1.1 MQTT-6.0.0-1]
test('a text frame ends the connection, and nobody else', { timeout }, async t => {
  for (const listen of [ways['a WebSocket of ws'], ways['a socket in the page']]) {
    for (const version of [4, 5]) {
      const broker = open(t)
      const dial = await listen(t, broker)
      const client = await dial(version)
      await client.connect('writer')
      const disconnected = told(broker, 'disconnected')
      client.socket.send('text')
      const { cause } = await disconnected
      assert.deepEqual([cause.kind, cause.rule], ['fault', 'MQTT-6.0.0-1'])
      if (version === 5) assert.equal((await client.next('disconnect')).reasonCode, 0x82)
      assert.ok([1000, 1003].includes(await client.closed))
    }
  }
})

test('a value that is not a socket is an OptionError that names it', { timeout }, t => {
  const broker = open(t)
  const text = new Duplex({ read() {}, write() {} }).setEncoding('utf8')
  const rows = [
    [undefined, 'undefined'],
    [null, 'null'],
    ['ws://127.0.0.1', '"ws://127.0.0.1"'],
    [{}, 'an object (Object)'],
    [new EventTarget(), 'an object (EventTarget)'],
    [[], 'an array'],
    [text, 'reads text (utf8)'],
  ]
  for (const [socket, shown] of rows) {
    assert.throws(
      () => broker.accept(socket),
      error => error instanceof OptionError && error.option === 'socket' && error.message.includes(shown),
      shown,
    )
  }
})

test('a socket that is closed already, or a broker that is, is nobody’s error', { timeout }, async t => {
  const broker = open(t)
  const [far, near] = pair()
  far.destroy()
  broker.accept(far)
  const closed = new FakeWebSocket()
  closed.readyState = 3
  broker.accept(closed)
  near.destroy()
  broker.close()
  const [late, other] = pair()
  broker.accept(late)
  other.resume()
  await once(other, 'end')
})

test('errors of a socket end its connection, and are not thrown', { timeout }, async t => {
  const broker = open(t)
  const [far, near] = pair()
  broker.accept(far)
  const client = RawClient.overStream(near)
  await client.connect('fails')
  const gone = told(broker, 'disconnected')
  far.destroy(new Error('of the socket'))
  assert.equal((await gone).cause.kind, 'transport-closed')
  assert.deepEqual(broker.clients(), [])
})

test('a client that closes its half is answered by the close of the other', { timeout }, async t => {
  const broker = open(t)
  const dial = await listenTcp(t, broker, { allowHalfOpen: true })
  const client = await dial()
  await client.connect('half')
  client.socket.end()
  await client.closed
  assert.deepEqual(broker.clients(), [])
})

test('a client that does not read fills its queue alone, and gets the rest once it reads', { timeout }, async t => {
  const broker = open(t, { queue: { messages: 10, bytes: 1 << 30 } })
  const dial = await listenTcp(t, broker)
  const slow = await dial()
  await slow.connect('slow', { properties: { receiveMaximum: 65_535 } })
  await slow.subscribe('much', 1)
  slow.socket.pause()
  const dropped = told(broker, 'dropped')
  let isDropping = false
  dropped.then(() => {
    isDropping = true
  })
  let sent = 0
  const payload = new Uint8Array(100_000)
  const publisher = await connect(broker)
  // At most what waits in the two sockets, and the queue.
  while (!isDropping && sent < 1000) {
    await publisher.publish('much', payload, { qos: 1 })
    sent += 1
    // The socket has its turn.
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.equal((await dropped).cause, 'queue-full')
  assert.equal(broker.sessions().find(({ clientId }) => clientId === 'slow').queued, 10)
  slow.socket.resume()
  let got = 0
  while (got < sent - 1) {
    const { messageId } = await slow.next('publish')
    slow.send({ cmd: 'puback', messageId })
    got += 1
  }
  await publisher.end()
})
