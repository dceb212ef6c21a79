// Floods: slow handlers, timers and pings beside them, streams of the latest messages.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { startClient } from './lib/script.mjs'

const project = install()
const { connect } = await load(project, 'wasmqtt')
const { Broker, connect: connectTo } = await load(project, 'wasmqtt/broker')

const timeout = 60_000
const COUNT = 50_000

/** A QoS 0 message of topic `f`, as bytes. */
const small = [0x30, 4, 0, 1, 0x66, 0]
const busy = milliseconds => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

const serve = (t, options) => startClient(t, connect, options)

test('a frame of 50,000 messages and slow handlers starve neither timers nor the ping', { timeout }, async t => {
  const { client, peer } = await serve(t, { keepAlive: 1 })
  let count = 0
  let finish
  const all = new Promise(resolve => {
    finish = resolve
  })
  const subscribed = client.subscribe('f', () => {
    busy(0.06)
    count += 1
    if (count === COUNT) finish()
  })
  await peer.grant(0)
  await subscribed
  let longest = 0
  let last = performance.now()
  let ticks = 0
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    ticks += 1
  }, 5)
  const frame = new Uint8Array(COUNT * small.length)
  for (let index = 0; index < COUNT; index++) frame.set(small, index * small.length)
  let ping
  const pinged = new Promise(resolve => {
    ping = resolve
  })
  const answer = async () => {
    for (let packet = await peer.next(); packet; packet = await peer.next()) {
      if (packet.cmd === 'pingreq') peer.send({ cmd: 'pingresp' })
      if (packet.cmd === 'publish') peer.send({ cmd: 'puback', messageId: packet.messageId })
      if (packet.cmd === 'pingreq') ping(count)
    }
  }
  const answered = answer()
  peer.bytes(frame)
  assert.ok((await pinged) < COUNT, 'the ping goes out in between')
  await Promise.all([all, client.publish('own', '', { qos: 1 })])
  clearInterval(timer)
  assert.equal(client.status.phase, 'connected')
  assert.ok(ticks > 50, `${ticks} ticks`)
  peer.socket.close()
  await answered
  t.diagnostic(`${ticks} ticks, at most ${Math.round(longest)} ms apart`)
})

test('the end of the transport comes behind what was received', { timeout }, async t => {
  const { client, peer } = await serve(t, { reconnect: false })
  let count = 0
  const subscribed = client.subscribe('f', () => {
    busy(0.5)
    count += 1
  })
  await peer.grant(0)
  await subscribed
  const frame = new Uint8Array(200 * small.length)
  for (let index = 0; index < 200; index++) frame.set(small, index * small.length)
  peer.bytes(frame)
  peer.socket.close()
  while (client.status.phase !== 'closed') await new Promise(resolve => client.addEventListener('status', resolve))
  assert.equal(count, 200)
})

test('end() inside a slice stops it', { timeout }, async t => {
  const { client, peer } = await serve(t)
  let count = 0
  let ended
  const subscribed = client.subscribe('f', () => {
    busy(1)
    count += 1
    if (count === 30) ended = client.end()
  })
  await peer.grant(0)
  await subscribed
  const frame = new Uint8Array(1000 * small.length)
  for (let index = 0; index < 1000; index++) frame.set(small, index * small.length)
  peer.bytes(frame)
  while (!ended) await new Promise(setImmediate)
  await ended
  assert.equal(count, 30)
})

test('a stream of the latest has one message for each topic', { timeout }, async t => {
  const broker = new Broker()
  const client = await connectTo(broker)
  t.after(async () => {
    await client.end()
    broker.close()
  })
  const stream = client.latest('f/#', { interval: 1 })
  const first = stream.next()
  while (broker.sessions()[0].subscriptions.length === 0) await new Promise(setImmediate)
  for (let round = 0; round < 100; round++) {
    for (let topic = 0; topic < 3; topic++) client.publish(`f/${topic}`, String(round))
  }
  await client.publish('settled', '', { qos: 1 })
  const seen = new Map()
  let results = 0
  const isDone = () => seen.size === 3 && [...seen.values()].every(value => value === '99')
  for (let result = await first; !isDone(); result = await stream.next()) {
    results += 1
    assert.equal(new Set(result.value.map(({ topic }) => topic)).size, result.value.length)
    for (const message of result.value) seen.set(message.topic, message.text())
    if (isDone()) break
  }
  await stream.return()
  assert.equal(seen.size, 3)
  assert.ok(results < 100, `${results} results`)
  assert.deepEqual(broker.sessions()[0].subscriptions, [])
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
  assert.equal(stream.dropped, 0)
})

test('a stream of the latest is bounded, and drops the oldest topic', { timeout }, async t => {
  const broker = new Broker()
  const client = await connectTo(broker)
  t.after(async () => {
    await client.end()
    broker.close()
  })
  const stream = client.latest('f/#', { limit: 2 })
  while (broker.sessions()[0].subscriptions.length === 0) await new Promise(setImmediate)
  for (const topic of ['a', 'b', 'a', 'c']) client.publish(`f/${topic}`, topic)
  await client.publish('settled', '', { qos: 1 })
  const { value } = await stream.next()
  assert.deepEqual(
    value.map(({ topic }) => topic),
    ['f/a', 'f/c'],
  )
  assert.equal(stream.dropped, 1)
  await stream.return()
})

test('a stream of the latest ends with its signal, its client, return() and drain()', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const done = { done: true, value: undefined }
  const client = await connectTo(broker)
  const subscribed = async filter => {
    while (!broker.sessions()[0].subscriptions.some(each => each.filter === filter)) await new Promise(setImmediate)
  }
  const reason = new Error('enough')
  const controller = new AbortController()
  const aborted = client.latest('a', { signal: controller.signal })
  const reads = [aborted.next(), aborted.next()]
  await subscribed('a')
  controller.abort(reason)
  await assert.rejects(reads[0], reason)
  assert.deepEqual(await reads[1], done)
  const returned = client.latest('b', { interval: 60_000 })
  await subscribed('b')
  client.publish('b', '1')
  assert.equal((await returned.next()).value.length, 1)
  // It waits for the next frame, a minute away.
  const waiting = returned.next()
  assert.deepEqual(await returned.return(), done)
  assert.deepEqual(await waiting, done)
  const drained = client.latest('c')
  await subscribed('c')
  client.publish('c', '1')
  await drained.drain()
  assert.equal((await drained.next()).value[0].text(), '1')
  assert.deepEqual(await drained.next(), done)
  const open = client.latest('d')
  const reading = open.next()
  await subscribed('d')
  await client.end()
  assert.deepEqual(await reading, done)
  await assert.rejects(client.latest('e').next(), /ended/)
})

test('a long queue of a stream costs no more for each message', { timeout }, async t => {
  const broker = new Broker()
  const client = await connectTo(broker)
  t.after(async () => {
    await client.end()
    broker.close()
  })
  const stream = client.messages('f', { limit: 60_000 })
  await client.publish('settled', '', { qos: 1 })
  for (let round = 0; round < 80; round++) {
    for (let index = 0; index < 1000; index++) client.publish('f', String(round * 1000 + index))
    await client.publish('settled', '', { qos: 1 })
  }
  assert.equal(stream.dropped, 20_000)
  for (let number = 20_000; number < 80_000; number++) {
    const { value } = await stream.next()
    assert.equal(value.text(), String(number))
  }
  await stream.return()
})
