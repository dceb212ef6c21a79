// Acknowledgement by hand: against a broker that keeps its own count, and across lost connections.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { install, load } from './lib/packed.mjs'
import { startClient } from './lib/script.mjs'

const project = install()
const { Client, connect, MqttError, OptionError } = await load(project, 'wasmqtt')
const { Broker, connect: connectTo } = await load(project, 'wasmqtt/broker')

const timeout = 20_000

/** A server that the test plays, and a client of it with a manual subscription to `m/#`. */
async function serve(t, options) {
  const { client, peer, server } = await startClient(t, connect, options)
  const messages = []
  const waiting = []
  const subscribed = client.subscribe('m/#', { qos: 2, acknowledge: 'manual' }, message => {
    messages.push(message)
    waiting.shift()?.()
  })
  await peer.grant(2)
  const subscription = await subscribed
  const send = (topic, qos, messageId) => peer.send({ cmd: 'publish', topic, payload: 'x', qos, messageId })
  const arrived = async count => {
    while (messages.length < count) await new Promise(resolve => waiting.push(resolve))
    return messages[count - 1]
  }
  return { client, peer, server, subscription, messages, send, arrived }
}

const ids = async (peer, cmd, count) => {
  const all = []
  for (let index = 0; index < count; index++) all.push((await peer.next(cmd)).messageId)
  return all
}

// [MQTT-4.6.0-2], [MQTT-4.6.0-3]
test('PUBACKs and PUBRECs wait for ack(), and keep the order of their messages', { timeout }, async t => {
  const { client, peer, send, arrived } = await serve(t)
  for (const [qos, cmd] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ]) {
    const first = qos === 1 ? 0 : 3
    for (const messageId of [1, 2, 3]) send(`m/${messageId}`, qos, messageId)
    await arrived(first + 3)
    assert.equal((await arrived(first + 3)).ack(), true)
    assert.equal((await arrived(first + 2)).ack(), true)
    // Nothing has left: the next packet is the client's own.
    const published = client.publish('own', '', { qos: 1 })
    const { messageId } = await peer.next('publish')
    peer.send({ cmd: 'puback', messageId })
    await published
    assert.equal((await arrived(first + 1)).ack(), true)
    assert.deepEqual(await ids(peer, cmd, 3), [1, 2, 3])
    for (let index = 1; index <= 3; index++) {
      const message = await arrived(first + index)
      assert.deepEqual([message.ack(), message.reject()], [false, false], 'once')
    }
  }
})

test('reject() says its reason, and takes no other', { timeout }, async t => {
  const { peer, send, arrived } = await serve(t)
  send('m/1', 1, 1)
  const message = await arrived(1)
  for (const code of [0, 1, 0x10, 0x91, 0x95, 256, '0x80', null]) {
    assert.throws(
      () => message.reject(code),
      error => error instanceof OptionError && error.option === 'reasonCode' && error.value === code,
    )
  }
  assert.equal(message.reject(0x97), true)
  assert.equal((await peer.next('puback')).reasonCode, 0x97)
  send('m/2', 2, 2)
  assert.equal((await arrived(2)).reject(), true)
  assert.equal((await peer.next('pubrec')).reasonCode, 0x80)
  send('m/3', 0)
  assert.equal((await arrived(3)).ack(), false, 'nothing to acknowledge')
})

test('in 3.1.1 a refusal is an acknowledgement', { timeout }, async t => {
  const { peer, send, arrived } = await serve(t, { version: 4 })
  send('m/1', 2, 9)
  assert.equal((await arrived(1)).reject(0x87), true)
  assert.equal((await peer.next('pubrec')).messageId, 9)
  peer.send({ cmd: 'pubrel', messageId: 9 })
  assert.equal((await peer.next('pubcomp')).messageId, 9)
})

test('a message of several handlers is acknowledged once all that do it by hand have', { timeout }, async t => {
  const { client, peer, send, arrived } = await serve(t)
  const other = []
  const subscribed = client.subscribe('m/+', { qos: 2, acknowledge: 'manual' }, message => other.push(message))
  await peer.grant(2)
  const automatic = client.subscribe('#', { qos: 2 }, message => assert.equal(message.ack(), false))
  await peer.grant(2)
  await Promise.all([subscribed, automatic])
  send('m/1', 1, 1)
  const message = await arrived(1)
  while (other.length === 0) await new Promise(setImmediate)
  assert.equal(message.ack(), true)
  assert.equal(message.ack(), false)
  const published = client.publish('own', '', { qos: 1 })
  const { messageId } = await peer.next('publish')
  peer.send({ cmd: 'puback', messageId })
  await published
  assert.equal(other[0].reject(0x83), true)
  const puback = await peer.next('puback')
  assert.deepEqual([puback.messageId, puback.reasonCode], [1, 0x83])
})

test('a handler that leaves keeps no acknowledgement', { timeout }, async t => {
  const { client, peer, send, arrived, subscription } = await serve(t)
  // Called before it is the one that ends it, for the same message.
  const first = client.subscribe('#', { qos: 1 }, () => {})
  await peer.grant(1)
  await first
  send('m/1', 1, 1)
  await arrived(1)
  const ended = subscription.unsubscribe()
  const { messageId } = await peer.next('unsubscribe')
  peer.send({ cmd: 'unsuback', messageId, granted: [0], reasonCodes: [0] })
  await ended
  send('m/2', 1, 2)
  const published = client.publish('own', '', { qos: 1 })
  const publish = await peer.next('publish')
  peer.send({ cmd: 'puback', messageId: publish.messageId })
  await published
  // The message that it has is still its own to answer, and the later one waits behind it.
  assert.equal((await arrived(1)).ack(), true)
  assert.deepEqual(await ids(peer, 'puback', 2), [1, 2])
})

test('the window of a manual subscription holds the broker back', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const client = await connectTo(broker, { receiveMaximum: 3 })
  t.after(() => client.end())
  const held = []
  let peak = 0
  let count = 0
  let finish
  const all = new Promise(resolve => {
    finish = resolve
  })
  await client.subscribe('m', { qos: 1, acknowledge: 'manual' }, message => {
    held.push(message)
    peak = Math.max(peak, held.length)
    count += 1
    if (count === 50) finish()
    // Answered later, the newest first.
    if (held.length === 3 || count === 50)
      setImmediate(() =>
        held
          .splice(0)
          .reverse()
          .map(each => each.ack()),
      )
  })
  for (let number = 0; number < 50; number++) await broker.publish('m', String(number), { qos: 1 })
  await all
  assert.equal(peak, 3)
})

test('a message that is gone without an answer is reported', { timeout }, async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const { client, send, arrived, messages } = await serve(t)
  const errors = []
  client.addEventListener('error', event => {
    event.preventDefault()
    errors.push(event.error)
  })
  send('m/kept', 1, 1)
  send('m/gone', 1, 2)
  await arrived(2)
  messages.pop()
  while (errors.length === 0) {
    await new Promise(setImmediate)
    collect()
  }
  assert.ok(errors[0] instanceof MqttError)
  assert.match(errors[0].message, /m\/gone .*ack\(\) or reject\(\)/)
  assert.equal(messages[0].ack(), true)
  messages.length = 0
  for (let round = 0; round < 5; round++) {
    await new Promise(setImmediate)
    collect()
  }
  assert.equal(errors.length, 1, 'an answered one is not')
})

test('a stream with manual acknowledgement loses nothing, and holds the broker back', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const client = await connectTo(broker, { receiveMaximum: 2 })
  t.after(() => client.end())
  const stream = client.messages('m', { qos: 1, acknowledge: 'manual', limit: 1 })
  await client.publish('settled', '', { qos: 1 })
  for (let number = 0; number < 20; number++) await broker.publish('m', String(number), { qos: 1 })
  const got = []
  for await (const message of stream) {
    got.push(message.text())
    assert.equal(message.ack(), true)
    if (got.length === 20) break
  }
  assert.deepEqual(
    got,
    Array.from({ length: 20 }, (_, number) => String(number)),
  )
  assert.equal(stream.dropped, 0)
})

test('an answer after the end does nothing', { timeout }, async t => {
  const { client, send, arrived } = await serve(t)
  send('m/1', 1, 1)
  const message = await arrived(1)
  await client.end()
  assert.equal(message.ack(), false)
  assert.equal(message.reject(), false)
})

test('a message that nobody acknowledged comes again in a resumed session', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const options = { clientId: 'again', cleanStart: false, sessionExpiry: 60 }
  const first = await connectTo(broker, options)
  const lost = new Promise(resolve => {
    first.subscribe('m', { qos: 1, acknowledge: 'manual' }, resolve)
  })
  await first.publish('m', 'x', { qos: 1 })
  const message = await lost
  first.kill()
  while (first.status.phase !== 'closed') await once(first, 'status')
  assert.equal(message.ack(), false)
  const second = new Client(broker.socket ? 'ws://page' : '', {
    ...options,
    createWebSocket: (url, protocols) => broker.socket(url, protocols),
  })
  t.after(() => second.end())
  const event = await new Promise(resolve => second.addEventListener('unhandled', resolve, { once: true }))
  assert.equal(event.message.text(), 'x')
  assert.equal(event.message.duplicate, true)
})
