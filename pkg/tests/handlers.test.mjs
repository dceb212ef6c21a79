// Handlers, subscriptions that they share, and loops over messages: against a broker in the page.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const { Broker, ClosedError, connect } = await load(install(), 'wasmqtt/broker')

describe('handlers', { timeout: 20_000 }, () => {
  let broker
  let client
  let packets

  beforeEach(async () => {
    broker = new Broker()
    client = await connect(broker)
    packets = []
    client.addEventListener('packet', ({ packet }) => packets.push(packet))
  })
  afterEach(async () => {
    await client.end()
    broker.close()
  })

  const sent = kind => packets.filter(packet => packet.direction === 'sent' && packet.kind === kind)

  /** The broker has answered all that was sent before. */
  const settled = () => client.publish('settled', '', { qos: 1 })

  test('run in the order in which they were added, each once', async () => {
    const calls = []
    await client.subscribe('a/+', () => calls.push(1))
    await client.subscribe('#', () => calls.push(2))
    await client.subscribe('a/b', () => calls.push(3))
    await broker.publish('a/b', '')
    await settled()
    // The broker sends a message once for each subscription that overlaps, or once for all; the
    // order is the same.
    assert.deepEqual(calls.slice(0, 3), [1, 2, 3])
  })

  test('that throw are reported, and stop nobody', async t => {
    const reported = []
    const error = new Error('thrown by a handler')
    if (typeof reportError === 'function') t.mock.method(globalThis, 'reportError', value => reported.push(value))
    else t.mock.method(console, 'error', value => reported.push(value))
    const got = []
    await client.subscribe('a', () => {
      throw error
    })
    await client.subscribe('a', message => got.push(message.text()))
    await client.publish('a', '1', { qos: 1 })
    await client.publish('a', '2', { qos: 2 })
    await settled()
    assert.deepEqual(got, ['1', '2'])
    assert.deepEqual(reported, [error, error])
    assert.equal(client.status.phase, 'connected')
  })

  test('share one subscription at the broker, which ends with the last', async () => {
    const got = []
    const first = await client.subscribe('a', { qos: 1 }, () => got.push('first'))
    const second = await client.subscribe('a', { qos: 1 }, () => got.push('second'))
    assert.equal(sent('SUBSCRIBE').length, 1)
    await first.unsubscribe()
    assert.equal(sent('UNSUBSCRIBE').length, 0)
    await client.publish('a', '', { qos: 1 })
    await settled()
    assert.deepEqual(got, ['second'])
    await second.unsubscribe()
    await second.unsubscribe()
    await second[Symbol.asyncDispose]?.()
    assert.equal(sent('UNSUBSCRIBE').length, 1)
    assert.deepEqual(broker.sessions()[0].subscriptions, [])
  })

  test('that ask for other options have the filter subscribed anew, never for a lower quality', async () => {
    await client.subscribe('a', { qos: 2 }, () => {})
    const second = await client.subscribe('a', { qos: 1, noLocal: true }, () => {})
    const third = await client.subscribe('a', { qos: 0, noLocal: true }, () => {})
    assert.deepEqual([second.qos, third.qos], [2, 2])
    assert.deepEqual(
      sent('SUBSCRIBE').map(({ bytes }) => bytes.at(-1)),
      [2, 6],
    )
    assert.deepEqual(broker.sessions()[0].subscriptions, [{ filter: 'a', qos: 2 }])
  })

  test('that leave during a message are not called any more, not even with that one', async () => {
    const got = []
    let second
    await client.subscribe('a', () => {
      got.push('first')
      second.unsubscribe()
    })
    second = await client.subscribe('a', () => got.push('second'))
    await client.publish('a', '', { qos: 1 })
    await settled()
    assert.deepEqual(got, ['first'])
  })

  test('may publish, subscribe and end from inside a message', async () => {
    const got = []
    const last = new Promise(resolve => {
      client.subscribe('a/#', { qos: 1 }, async message => {
        got.push(message.topic)
        if (message.topic === 'a/3') return resolve()
        const next = `a/${Number(message.topic.at(-1)) + 1}`
        await client.publish(next, '', { qos: 1 })
      })
    })
    await client.publish('a/0', '', { qos: 2 })
    await last
    assert.deepEqual(got, ['a/0', 'a/1', 'a/2', 'a/3'])
    const ended = new Promise(resolve => {
      client.subscribe('end', () => resolve(client.end()))
    })
    await settled()
    await Promise.all([ended, client.publish('end', '').catch(() => {})])
    assert.equal(client.status.phase, 'closed')
  })

  test('get messages whose payload is their own', async () => {
    const kept = []
    await client.subscribe('a', message => kept.push(message))
    for (let number = 0; number < 200; number++) client.publish('a', new Uint8Array([number, 1, 2, 3]))
    await settled()
    assert.deepEqual(
      kept.map(({ payload }) => payload[0]),
      Array.from({ length: 200 }, (_, number) => number),
    )
    kept[0].payload.fill(9)
    assert.deepEqual(kept[1].payload, new Uint8Array([1, 1, 2, 3]))
  })

  test('read text and JSON', async () => {
    const got = []
    await client.subscribe('a', message => got.push(message))
    await client.publish('a', '{"celsius":21.5,"unit":"°C"}')
    await client.publish('a', 'none')
    await settled()
    assert.deepEqual(got[0].json(), { celsius: 21.5, unit: '°C' })
    assert.equal(got[1].text(), 'none')
    assert.throws(() => got[1].json(), SyntaxError)
    assert.deepEqual(got[0].properties, {})
  })

  test('a signal ends the subscription, before and after it is there', async () => {
    const controller = new AbortController()
    const got = []
    await client.subscribe('a', { signal: controller.signal }, () => got.push('a'))
    await client.publish('a', '', { qos: 1 })
    controller.abort()
    await client.publish('a', '', { qos: 1 })
    await settled()
    assert.deepEqual(got, ['a'])
    assert.deepEqual(broker.sessions()[0].subscriptions, [])

    const other = new AbortController()
    const reason = new Error('no more wanted')
    const subscribed = client.subscribe('b', { signal: other.signal }, () => got.push('b'))
    other.abort(reason)
    await assert.rejects(subscribed, reason)
    await client.publish('b', '', { qos: 1 })
    await settled()
    assert.deepEqual(got, ['a'])
    assert.deepEqual(broker.sessions()[0].subscriptions, [])
    await assert.rejects(
      client.subscribe('c', { signal: AbortSignal.abort(reason) }, () => {}),
      reason,
    )
  })

  test('a loop reads in order, and unsubscribes when it is left', async () => {
    const stream = client.messages('n/#', { qos: 1 })
    for (let number = 0; number < 5; number++) client.publish(`n/${number}`, '', { qos: 1 })
    const topics = []
    for await (const message of stream) {
      topics.push(message.topic)
      if (topics.length === 5) break
    }
    assert.deepEqual(topics, ['n/0', 'n/1', 'n/2', 'n/3', 'n/4'])
    assert.deepEqual(broker.sessions()[0].subscriptions, [])
    assert.deepEqual(await stream.next(), { done: true, value: undefined })
  })

  test('a loop that is too slow loses what its options say, and counts it', async () => {
    const rows = [
      ['drop-oldest', ['3', '4']],
      ['drop-newest', ['0', '1']],
    ]
    for (const [overflow, expected] of rows) {
      const stream = client.messages('n', { limit: 2, overflow })
      for (let number = 0; number < 5; number++) client.publish('n', String(number))
      await settled()
      assert.equal(stream.dropped, 3)
      const texts = [(await stream.next()).value.text(), (await stream.next()).value.text()]
      assert.deepEqual(texts, expected, overflow)
      await stream.return()
    }
  })

  test('a loop ends with the client, behind what waits for it, and throws if a signal ends it', async () => {
    const stream = client.messages('a')
    const controller = new AbortController()
    const aborted = client.messages('a', { signal: controller.signal })
    const reading = client.messages('b').next()
    await client.publish('a', '1', { qos: 1 })
    await settled()
    const reason = new Error('enough')
    controller.abort(reason)
    assert.equal((await aborted.next()).value.text(), '1')
    await assert.rejects(aborted.next(), reason)
    assert.deepEqual(await aborted.next(), { done: true, value: undefined })
    await client.end()
    assert.equal((await stream.next()).value.text(), '1')
    assert.deepEqual(await stream.next(), { done: true, value: undefined })
    assert.deepEqual(await reading, { done: true, value: undefined })
    await assert.rejects(client.messages('a').next(), ClosedError)
  })
})
