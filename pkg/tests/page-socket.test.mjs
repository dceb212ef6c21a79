// The WebSocket look-alike of a broker in the page.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWebSocketStream } from 'ws'
import { install, load } from './lib/packed.mjs'
import { RawClient } from './lib/peer.mjs'

const { Broker, connect, OptionError } = await load(install(), 'wasmqtt/broker')

const timeout = 20_000

/** A broker that is closed after the test. */
function open(t, options) {
  const broker = new Broker(options)
  t.after(() => broker.close())
  return broker
}

/** An event of a socket, as a page has it. */
const once = (socket, type) => new Promise(resolve => socket.addEventListener(type, resolve, { once: true }))

/** The events of a socket, as they come. */
function eventsOf(socket) {
  const events = []
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, event => events.push([type, socket.readyState, event.code]))
  }
  return events
}

test('it has what a WebSocket has', { timeout }, async t => {
  const socket = open(t).socket('wss://broker.example/mqtt', ['mqtt'])
  assert.ok(socket instanceof EventTarget)
  assert.deepEqual([socket.readyState, socket.url, socket.protocol], [0, 'wss://broker.example/mqtt', ''])
  assert.deepEqual([socket.binaryType, socket.bufferedAmount, socket.extensions], ['blob', 0, ''])
  for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
    assert.equal(socket[name], value)
    assert.equal(socket.constructor[name], value)
  }
  assert.deepEqual([socket.onopen, socket.onmessage, socket.onerror, socket.onclose], [null, null, null, null])
  await once(socket, 'open')
  assert.deepEqual([socket.readyState, socket.protocol], [1, 'mqtt'])
})

// [MQTT-6.0.0-4], [3.1.1 MQTT-6.0.0-4]
test('the subprotocol is mqtt, unless mqttv3.1 alone is asked for', { timeout }, async t => {
  const broker = open(t)
  const rows = [
    [undefined, 'mqtt'],
    ['mqttv3.1', 'mqttv3.1'],
    [['mqttv3.1', 'mqtt'], 'mqtt'],
  ]
  for (const [protocols, protocol] of rows) {
    const socket = broker.socket(undefined, protocols)
    await once(socket, 'open')
    assert.equal(socket.protocol, protocol)
  }
})

test('events come in turns of their own, never within a call', { timeout }, async t => {
  const broker = open(t)
  await broker.ready
  const socket = broker.socket()
  const events = eventsOf(socket)
  const client = RawClient.overWebSocket(socket)
  await null
  assert.deepEqual(events, [])
  await once(socket, 'open')
  client.send(client.connectPacket('a'))
  client.send({ cmd: 'pingreq' })
  await null
  assert.deepEqual(events, [['open', 1, undefined]])
  await client.next('connack')
  await client.next('pingresp')
  socket.close()
  assert.equal(socket.readyState, 2)
  assert.equal(events.length, 2)
  assert.deepEqual(broker.clients(), [])
  await once(socket, 'close')
  assert.deepEqual(events.slice(1), [
    ['message', 1, undefined],
    // Without a code there is none in the frame (RFC 6455 §7.1.5).
    ['close', 3, 1005],
  ])
})

test('a slot holds one listener, which can be replaced and emptied', { timeout }, async t => {
  const socket = open(t).socket()
  const calls = []
  socket.onopen = () => calls.push('first')
  socket.onopen = () => calls.push('second')
  socket.onclose = () => calls.push('close')
  socket.onclose = null
  assert.equal(socket.onclose, null)
  socket.addEventListener('open', () => calls.push('listener'))
  await once(socket, 'open')
  socket.close()
  await once(socket, 'close')
  assert.deepEqual(calls, ['second', 'listener'])
})

test('messages are of the type that is asked for', { timeout }, async t => {
  const broker = open(t)
  for (const [binaryType, type] of [
    ['blob', Blob],
    ['arraybuffer', ArrayBuffer],
  ]) {
    const socket = broker.socket()
    await once(socket, 'open')
    socket.binaryType = binaryType
    const { connectPacket, bytes } = RawClient.prototype
    socket.send(bytes.call(new RawClient(), connectPacket.call(new RawClient(), binaryType)))
    const { data } = await once(socket, 'message')
    assert.ok(data instanceof type)
    assert.equal(new Uint8Array(await new Response(data).arrayBuffer())[0], 0x20)
  }
})

test('bytes are taken in any kind of buffer, and as they are when they are sent', { timeout }, async t => {
  const broker = open(t)
  const watcher = await connect(broker)
  const stream = watcher.messages('kinds')
  const socket = broker.socket()
  await once(socket, 'open')
  const client = RawClient.overWebSocket(socket)
  await client.connect('kinds')
  const packet = text => Uint8Array.from(client.bytes({ cmd: 'publish', topic: 'kinds', payload: text, qos: 0 }))
  const reused = packet('array')
  socket.send(reused)
  reused.fill(0)
  socket.send(packet('buffer').buffer)
  socket.send(new DataView(Uint8Array.from([0, ...packet('view')]).buffer, 1))
  for (const text of ['array', 'buffer', 'view']) assert.equal((await stream.next()).value.text(), text)
  assert.throws(() => socket.send(Symbol('x')), TypeError)
  await watcher.end()
})

test('to send before it is open is an error, and afterwards none', { timeout }, async t => {
  const broker = open(t)
  const socket = broker.socket()
  assert.throws(() => socket.send(new Uint8Array()), { name: 'InvalidStateError' })
  assert.throws(() => socket.close(1001), { name: 'InvalidAccessError' })
  for (const protocols of [7, null, {}]) assert.throws(() => broker.socket('ws://page', protocols), OptionError)
  await once(socket, 'open')
  socket.close(3000, 'done')
  socket.send(new Uint8Array())
  const { code, reason, wasClean } = await once(socket, 'close')
  assert.deepEqual([code, reason, wasClean], [3000, 'done', true])
  socket.close()
  socket.send(new Uint8Array())
})

test('one that is closed before it is open fails, as does one to a broker that is closed', { timeout }, async t => {
  const broker = open(t)
  const early = broker.socket()
  early.close()
  const earlyEvents = eventsOf(early)
  await once(early, 'close')
  broker.close()
  const late = broker.socket()
  const lateEvents = eventsOf(late)
  await once(late, 'close')
  for (const events of [earlyEvents, lateEvents]) {
    assert.deepEqual(events, [
      ['error', 3, undefined],
      ['close', 3, 1006],
    ])
  }
})

test('a paused socket fills its queue alone, and gets the rest later', { timeout }, async t => {
  const broker = open(t, { queue: { messages: 10, bytes: 1 << 30 } })
  const socket = broker.socket()
  await once(socket, 'open')
  const client = RawClient.overWebSocket(socket)
  await client.connect('slow')
  await client.subscribe('much', 1)
  socket.pause()
  const payload = new Uint8Array(1 << 19)
  for (let at = 0; at < 30; at++) await broker.publish('much', payload, { qos: 1 })
  const [{ queued }] = broker.sessions()
  assert.equal(queued, 10)
  const { dropped } = broker.counters()
  assert.ok(dropped > 0)
  socket.resume()
  for (let at = dropped; at < 30; at++) {
    const { messageId } = await client.next('publish')
    client.send({ cmd: 'puback', messageId })
  }
})

test('ws makes a stream of it', { timeout }, async t => {
  const broker = open(t)
  const stream = createWebSocketStream(broker.socket())
  const client = RawClient.overStream(stream)
  await client.connect('stream')
  await client.subscribe('a')
  client.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0 })
  assert.equal(String((await client.next('publish')).payload), 'x')
  stream.end()
  await client.closed
  assert.deepEqual(broker.clients(), [])
})

test('our own client takes it for a WebSocket', { timeout }, async t => {
  const broker = open(t)
  const createWebSocket = (url, protocols) => broker.socket(url, protocols)
  const client = await connect('ws://page', { createWebSocket })
  const stream = client.messages('a', { qos: 2 })
  await client.publish('a', 'x', { qos: 2 })
  assert.equal((await stream.next()).value.text(), 'x')
  await client.end()
  assert.deepEqual(broker.clients(), [])
})
