// Filters: several in one request, the end of any, retained messages for later handlers, messages
// that no handler matches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startClient, startScript } from './lib/script.mjs'

const project = install()
const { Client, ClosedError, connect, OptionError, SubscribeError } = await load(project, 'wasmqtt')
const { Broker, connect: connectTo } = await load(project, 'wasmqtt/broker')

const timeout = 20_000
const REFUSED = 0x87

const serve = (t, { client, connack } = {}) => startClient(t, connect, client, connack)

/** Answers the next UNSUBSCRIBE. */
async function unsubscribed(peer, ...codes) {
  const { messageId, unsubscriptions } = await peer.next('unsubscribe')
  const granted = codes.length > 0 ? codes : unsubscriptions.map(() => 0)
  peer.send({ cmd: 'unsuback', messageId, granted, reasonCodes: granted })
  return unsubscriptions
}

/** Resolves once the client has read what was sent, and all that followed on it has run. */
async function settle({ client, peer }) {
  const published = client.publish('settle', '', { qos: 1 })
  const { messageId } = await peer.next('publish')
  peer.send({ cmd: 'puback', messageId })
  await published
}

const filtersOf = ({ subscriptions }) => subscriptions.map(({ topic }) => topic)
const publish = (peer, topic, more) => peer.send({ cmd: 'publish', topic, payload: topic, qos: 0, ...more })

test('several filters are one SUBSCRIBE, and their handler gets a message once', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const got = []
  const subscribed = client.subscribe(['a', 'b/#', 'b/+', 'a'], { qos: 1 }, message => got.push(message.topic))
  assert.deepEqual(filtersOf(await peer.grant(0, 1, 1)), ['a', 'b/#', 'b/+'])
  const group = await subscribed
  assert.deepEqual(
    group.granted.map(({ filter, qos, acknowledgement }) => [filter, qos, acknowledgement.reasonCode]),
    [
      ['a', 0, 0],
      ['b/#', 1, 1],
      ['b/+', 1, 1],
    ],
  )
  assert.deepEqual(group.refused, [])
  publish(peer, 'a')
  publish(peer, 'b/c')
  await settle({ client, peer })
  assert.deepEqual(got, ['a', 'b/c'])
  // One of them has another handler.
  await client.subscribe('b/#', { qos: 1, retainHandling: 2 }, () => {})
  const ended = group.unsubscribe()
  assert.deepEqual(await unsubscribed(peer), ['a', 'b/+'])
  await ended
  await group.unsubscribe()
})

test('filters that are refused are told one by one; the others are subscribed', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const got = []
  const subscribed = client.subscribe(['a', 'no', 'b', 'never'], message => got.push(message.topic))
  await peer.grant(0, REFUSED, 0, 0x97)
  const { granted, refused, ...group } = await subscribed
  assert.deepEqual(
    granted.map(({ filter }) => filter),
    ['a', 'b'],
  )
  for (const [index, [filter, reasonCode]] of [
    ['no', REFUSED],
    ['never', 0x97],
  ].entries()) {
    assert.ok(refused[index] instanceof SubscribeError)
    assert.deepEqual([refused[index].filter, refused[index].reasonCode], [filter, reasonCode])
  }
  publish(peer, 'no')
  publish(peer, 'b')
  await settle({ client, peer })
  assert.deepEqual(got, ['b'])
  const ended = group.unsubscribe()
  assert.deepEqual(await unsubscribed(peer), ['a', 'b'])
  await ended
})

test('if all filters are refused it rejects, with an error for each', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const rejected = client.subscribe(['a', 'b'], () => {}).catch(error => error)
  await peer.grant(REFUSED, 0x97)
  const error = await rejected
  assert.ok(error instanceof SubscribeError)
  assert.deepEqual([error.filter, error.reasonCode], ['a', REFUSED])
  assert.deepEqual(
    error.errors.map(each => [each instanceof SubscribeError, each.filter, each.reasonCode]),
    [
      [true, 'a', REFUSED],
      [true, 'b', 0x97],
    ],
  )
  const one = client.subscribe(['c'], () => {}).catch(each => each)
  await peer.grant(REFUSED)
  assert.equal((await one).errors, undefined)
})

test('a filter that the broker cannot take is refused alone', { timeout }, async t => {
  const { client, peer } = await serve(t, { connack: { properties: { wildcardSubscriptionAvailable: false } } })
  const subscribed = client.subscribe(['a', 'b/#', 'c'], () => {})
  const filters = [...filtersOf(await peer.grant(0)), ...filtersOf(await peer.grant(0))]
  assert.deepEqual(filters, ['a', 'c'])
  const { granted, refused } = await subscribed
  assert.equal(granted.length, 2)
  assert.deepEqual(
    refused.map(({ filter, reasonCode }) => [filter, reasonCode]),
    [['b/#', 0xa2]],
  )
})

test('a wrong filter among several is named, and nothing is sent', { timeout }, async t => {
  const { client, peer } = await serve(t)
  for (const [call, option, value] of [
    [() => client.subscribe(['a', 'b/#/c'], () => {}), 'filter', 'b/#/c'],
    [() => client.subscribe([], () => {}), 'filters', undefined],
    [() => client.subscribe(['a', 7], () => {}), 'filters[1]', 7],
    [() => client.subscribe([['a']], () => {}), 'filters[0]', undefined],
    [() => client.unsubscribe(['a', '#/b']), 'filter', '#/b'],
    [() => client.unsubscribe([]), 'filters', undefined],
    [() => client.unsubscribe(''), 'filter', ''],
    [() => client.unsubscribe(), 'filter', undefined],
    [() => client.unsubscribe(['a\0b']), 'filters[0]', 'a\0b'],
    [() => client.unsubscribe('a', { timeout: 1 }), 'timeout', 1],
    [() => client.latest('a', { acknowledge: 'manual' }), 'acknowledge', 'manual'],
    [() => client.latest('a', { limit: 0 }), 'limit', 0],
    [() => client.latest('a', { interval: -1 }), 'interval', -1],
    [() => client.subscribe('a', { acknowledge: 'hand' }, () => {}), 'acknowledge', 'hand'],
    [() => client.drain({ wait: 1 }), 'wait', 1],
  ]) {
    await assert.rejects(
      async () => call(),
      error => {
        assert.ok(error instanceof OptionError, String(error))
        assert.equal(error.option, option)
        if (value !== undefined) assert.deepEqual(error.value, value)
        return true
      },
      String(call),
    )
  }
  await settle({ client, peer })
})

test('unsubscribe() ends any filter, in one packet, with its handlers and streams', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const got = []
  const subscribed = client.subscribe(['a', 'b'], message => got.push(message.topic))
  await peer.grant(0, 0)
  const group = await subscribed
  const stream = client.messages('c')
  await peer.grant(0)
  const reading = stream.next()
  publish(peer, 'a')
  await settle({ client, peer })
  // One that nobody here subscribed, and one twice.
  const ended = client.unsubscribe(['a', 'c', 'of/a/former/page', 'c'])
  publish(peer, 'a')
  publish(peer, 'b')
  publish(peer, 'c')
  assert.deepEqual(await unsubscribed(peer, 0, 0, 0x11), ['a', 'c', 'of/a/former/page'])
  await ended
  await settle({ client, peer })
  assert.deepEqual(got, ['a', 'b'])
  assert.deepEqual(await reading, { done: true, value: undefined })
  const rest = group.unsubscribe()
  assert.deepEqual(await unsubscribed(peer), ['b'])
  await rest
})

test('an UNSUBSCRIBE of several filters says which were refused', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const rejected = client.unsubscribe(['a', 'b', 'c']).catch(error => error)
  await unsubscribed(peer, REFUSED, 0, 0x80)
  const error = await rejected
  assert.ok(error instanceof SubscribeError)
  assert.deepEqual(
    error.errors.map(({ filter, reasonCode }) => [filter, reasonCode]),
    [
      ['a', REFUSED],
      ['c', 0x80],
    ],
  )
  const again = client.unsubscribe('a')
  assert.deepEqual(await unsubscribed(peer), ['a'])
  await again
})

test('unsubscribe() waits for the connection in order, and knows signals', { timeout }, async t => {
  let peer
  const server = await startScript(async connected => {
    peer = connected
    await peer.accept()
    await peer.closed
  })
  const client = new Client(server.url, { createWebSocket })
  t.after(async () => {
    await client.end()
    await server.stop()
  })
  const reason = new Error('enough')
  const controller = new AbortController()
  const subscribed = client.subscribe('a', () => {})
  const ended = client.unsubscribe('a')
  const gone = assert.rejects(client.unsubscribe('b', { signal: controller.signal }), reason)
  await assert.rejects(client.unsubscribe('b', { signal: AbortSignal.abort(reason) }), reason)
  controller.abort(reason)
  await gone
  await client.ready
  await peer.grant(0)
  assert.deepEqual(await unsubscribed(peer), ['a'])
  await Promise.all([subscribed, ended])
  await client.end()
  await assert.rejects(client.unsubscribe('a'), ClosedError)
})

test('a later handler has the retained messages, and earlier ones do not have them twice', { timeout }, async t => {
  for (const version of [4, 5]) {
    const broker = new Broker()
    const client = await connectTo(broker, { version })
    t.after(async () => {
      await client.end()
      broker.close()
    })
    const settled = () => client.publish('settled', '', { qos: 1 })
    const logs = Array.from({ length: 4 }, () => [])
    const join = index => client.subscribe('r/#', message => logs[index].push(`${message.text()}${+message.retain}`))
    await broker.publish('r/old', 'old', { retain: true })
    await join(0)
    await settled()
    await broker.publish('r/new', 'new', { retain: true })
    await join(1)
    await settled()
    assert.deepEqual(logs[0], ['old1', 'new0'], `version ${version}`)
    assert.deepEqual(logs[1].slice().sort(), ['new1', 'old1'])
    await broker.publish('r/old', 'newer', { retain: true })
    await Promise.all([join(2), join(3)])
    await settled()
    assert.deepEqual(logs[0], ['old1', 'new0', 'newer0'])
    assert.deepEqual(logs[1].slice(2), ['newer0'])
    for (const log of logs.slice(2)) assert.deepEqual(log.slice().sort(), ['new1', 'newer1'])
    // And live ones come to all.
    await broker.publish('r/live', 'live')
    await settled()
    for (const log of logs) assert.equal(log.at(-1), 'live0')
  }
})

test('the same filter twice is one SUBSCRIBE, unless messages may have been missed', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const got = [[], []]
  const first = client.subscribe('a', message => got[0].push(message.text()))
  const second = client.subscribe('a', message => got[1].push(message.text()))
  await peer.grant(0)
  await Promise.all([first, second])
  publish(peer, 'a', { retain: true })
  await settle({ client, peer })
  assert.deepEqual(got, [['a'], ['a']])
  // One that wants no retained messages needs no SUBSCRIBE.
  await client.subscribe('a', { retainHandling: 2 }, () => {})
  await client.subscribe('a', { retainHandling: 1 }, () => {})
  const late = []
  const third = client.subscribe('a', message => late.push(message.text()))
  publish(peer, 'a', { retain: true })
  await peer.grant(0)
  await third
  await settle({ client, peer })
  assert.deepEqual([...got, late], [['a'], ['a'], ['a']])
  // A broker that sends another copy for no reason is not held back.
  publish(peer, 'a', { retain: true })
  await settle({ client, peer })
  assert.deepEqual(
    [...got, late],
    [
      ['a', 'a'],
      ['a', 'a'],
      ['a', 'a'],
    ],
  )
})

test('live messages with Retain As Published reach all handlers', { timeout }, async t => {
  const broker = new Broker()
  const client = await connectTo(broker)
  t.after(async () => {
    await client.end()
    broker.close()
  })
  const got = [[], []]
  await broker.publish('r', 'one', { retain: true })
  const options = { retainAsPublished: true }
  await client.subscribe('r', options, message => got[0].push(message.text()))
  await client.subscribe('r', options, message => got[1].push(message.text()))
  await broker.publish('r', 'two', { retain: true })
  await broker.publish('r', 'three', { retain: true })
  await client.publish('settled', '', { qos: 1 })
  for (const log of got) assert.deepEqual(log.slice(-2), ['two', 'three'])
})

test('messages that no handler matches are told as unhandled', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const options = { clientId: 'dash', cleanStart: false, sessionExpiry: 60 }
  const former = await connectTo(broker, options)
  await former.subscribe('a/#', { qos: 2 }, () => {})
  await former.subscribe('b', { qos: 1 }, () => {})
  await former.end()
  for (const [topic, qos] of [
    ['a/1', 1],
    ['b', 1],
    ['a/2', 2],
  ]) {
    await broker.publish(topic, topic, { qos })
  }
  // Code behind `await connect()` is early enough, whatever came right behind CONNACK.
  const client = await connectTo(broker, options)
  t.after(() => client.end())
  assert.equal(client.sessionPresent, true)
  const unhandled = []
  client.addEventListener('unhandled', event => unhandled.push(`${event.message.text()} ${event.message.qos}`))
  const handled = []
  const subscribed = client.subscribe('b', { qos: 1, retainHandling: 2 }, message => handled.push(message.text()))
  await subscribed
  await client.publish('settled', '', { qos: 1 })
  assert.deepEqual(unhandled, ['a/1 1', 'a/2 2'])
  assert.deepEqual(handled, ['b'])
  await client.unsubscribe(['a/#', 'b'])
  assert.deepEqual(broker.sessions().find(({ clientId }) => clientId === 'dash').subscriptions, [])
})
