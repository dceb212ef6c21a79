// The page, or a program of Node, as a subscriber of its own broker.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const { Broker, ClosedError, connect, memory, OptionError } = await load(install(), 'wasmqtt/broker')

describe('the host', { timeout: 20_000 }, () => {
  let broker

  beforeEach(() => {
    broker = new Broker()
  })
  afterEach(() => broker.close())

  /** A handler that keeps what it gets, as `topic payload qos retain`. */
  const collector = () => {
    const got = []
    const handler = message =>
      got.push(`${message.topic} ${message.text()} ${message.qos}${message.retain ? ' retained' : ''}`)
    return { got, handler }
  }

  test('has each message with its quality and its properties, from clients of both versions and from itself', async () => {
    const messages = []
    const subscription = await broker.subscribe('a/+', message => messages.push(message))
    assert.deepEqual([subscription.filter, subscription.qos], ['a/+', 2])
    const properties = { contentType: 'text/plain', userProperties: [['name', 'value']] }
    for (const version of [4, 5]) {
      const client = await connect(broker, { version })
      for (const qos of [0, 1, 2]) await client.publish(`a/${version}`, `${qos}`, { qos })
      if (version === 5) await client.publish('a/5', 'x', { qos: 1, properties })
      await client.publish('b', 'not this', { qos: 1 })
      await client.end()
    }
    assert.equal(await broker.publish('a/host', new Uint8Array([0, 255]), { qos: 2, properties }), 1)
    const seen = messages.map(({ topic, qos, retain, duplicate }) => [topic, qos, retain, duplicate])
    const rows = version => [0, 1, 2].map(qos => [`a/${version}`, qos, false, false])
    assert.deepEqual(seen, [...rows(4), ...rows(5), ['a/5', 1, false, false], ['a/host', 2, false, false]])
    assert.deepEqual([messages[0].properties, messages[6].properties], [{}, properties])
    assert.deepEqual([[...messages[7].payload], messages[7].properties], [[0, 255], properties])
  })

  test('publishes a payload as it was at the call', async () => {
    const { got, handler } = collector()
    await broker.subscribe('a', handler)
    const bytes = new Uint8Array([65])
    const published = broker.publish('a', bytes)
    bytes[0] = 66
    await published
    assert.deepEqual(got, ['a A 0'])
  })

  test('is a subscriber, without a client, a session or an access rule', async t => {
    const strict = new Broker({ acl: [{ action: 'all', filter: '#', allow: false }], maximumQos: 0 })
    t.after(() => strict.close())
    const { got, handler } = collector()
    await strict.subscribe('#', handler)
    assert.equal(await strict.publish('t', 'x', { qos: 2 }), 1)
    assert.deepEqual(
      [got, strict.clients(), strict.sessions(), strict.counters().subscriptions],
      [['t x 2'], [], [], 1],
    )
    const client = await connect(broker)
    const events = []
    broker.addEventListener('event', ({ detail }) => events.push(detail))
    await broker.subscribe('t', () => {})
    await client.publish('t', 'x', { qos: 1 })
    assert.deepEqual(
      events.map(({ type, subscribers }) => [type, subscribers]),
      [['published', 1]],
    )
    await client.end()
  })

  test('is subscribed before what it publishes next, also before the module is loaded', async () => {
    const { got, handler } = collector()
    broker.subscribe('t', handler)
    assert.equal(await broker.publish('t', '1'), 1)
    broker.subscribe('t', handler)
    assert.equal(await broker.publish('t', '2'), 1)
    assert.deepEqual(got, ['t 1 0', 't 2 0', 't 2 0'])
  })

  test('has the retained messages at once, as its options say, with what is left of their interval', async () => {
    await broker.publish('t/1', 'one', { retain: true, qos: 1, properties: { messageExpiryInterval: 100 } })
    await broker.publish('t/2', 'two', { retain: true })
    const [all, none, flagged] = [collector(), collector(), collector()]
    let interval
    await broker.subscribe('t/1', ({ properties }) => {
      interval = properties.messageExpiryInterval
    })
    assert.ok(interval > 90 && interval <= 100, `${interval}`)
    await broker.subscribe('t/#', all.handler)
    await broker.subscribe('t/#', { retainHandling: 2 }, none.handler)
    await broker.subscribe('t/#', { retainHandling: 1, retainAsPublished: true }, flagged.handler)
    await broker.publish('t/3', 'new', { retain: true })
    assert.deepEqual(all.got, ['t/1 one 1 retained', 't/2 two 0 retained', 't/3 new 0'])
    assert.deepEqual(none.got, ['t/3 new 0'])
    assert.deepEqual(flagged.got, ['t/1 one 1 retained', 't/2 two 0 retained', 't/3 new 0 retained'])
  })

  test('has its handlers run in the order in which they were added, also several of one filter', async () => {
    const calls = []
    const first = await broker.subscribe('#', () => calls.push(1))
    await broker.subscribe('a/b', () => calls.push(2))
    await broker.subscribe('a/+', { signal: new AbortController().signal }, () => calls.push(3))
    await broker.subscribe('a/b', () => calls.push(4))
    await broker.publish('a/b', '')
    assert.deepEqual(calls.splice(0), [1, 2, 3, 4])
    await first.unsubscribe()
    await first.unsubscribe()
    assert.equal(await broker.publish('c', ''), 0)
    await broker.publish('a/b', '')
    assert.deepEqual(calls, [2, 3, 4])
  })

  test('that throws is reported, and harms nobody', async t => {
    const reported = []
    const error = new Error('thrown by a handler')
    if (typeof reportError === 'function') t.mock.method(globalThis, 'reportError', value => reported.push(value))
    else t.mock.method(console, 'error', value => reported.push(value))
    await broker.subscribe('a', () => {
      throw error
    })
    const { got, handler } = collector()
    await broker.subscribe('a', handler)
    const client = await connect(broker)
    const stream = client.messages('a', { qos: 1 })
    await client.publish('a', 'x', { qos: 1 })
    await broker.publish('a', 'y', { qos: 1 })
    assert.deepEqual([(await stream.next()).value.text(), (await stream.next()).value.text()], ['x', 'y'])
    assert.deepEqual(
      [got, reported],
      [
        ['a x 1', 'a y 1'],
        [error, error],
      ],
    )
    await client.end()
  })

  test('may publish from a handler: an answer is behind what it answers, and a circle does not grow', async () => {
    const client = await connect(broker)
    const stream = client.messages('#')
    await broker.subscribe('question', async message => {
      await broker.publish('answer', `to ${message.text()}`)
    })
    await client.publish('question', '1')
    const topics = [(await stream.next()).value, (await stream.next()).value].map(message => message.text())
    assert.deepEqual(topics, ['1', 'to 1'])
    await stream.return()
    let rounds = 0
    await new Promise(resolve => {
      broker.subscribe('round', () => {
        rounds += 1
        if (rounds === 20_000) resolve()
        else broker.publish('round', '')
      })
      broker.publish('round', '')
    })
    await broker.subscribe('mine/#', { noLocal: true }, () => assert.fail('the host published it'))
    assert.equal(await broker.publish('mine/too', ''), 0)
    await client.end()
  })

  test('unsubscribes in a handler, by its signal, and by asyncDispose', async () => {
    const { got, handler } = collector()
    const subscription = await broker.subscribe('t', async message => {
      handler(message)
      await subscription.unsubscribe()
    })
    await broker.publish('t', '1')
    await broker.publish('t', '2')
    assert.deepEqual(got.splice(0), ['t 1 0'])
    const controller = new AbortController()
    await broker.subscribe('t', { signal: controller.signal }, handler)
    await broker.publish('t', '3')
    controller.abort()
    assert.equal(await broker.publish('t', '4'), 0)
    assert.deepEqual(got.splice(0), ['t 3 0'])
    const disposed = await broker.subscribe('t', handler)
    await disposed[Symbol.asyncDispose ?? 'unsubscribe']()
    assert.equal(await broker.publish('t', '5'), 0)
    assert.equal(broker.counters().subscriptions, 0)
    assert.deepEqual(got, [])
  })

  test('is refused with the reason of a signal, which also stops the retained messages', async () => {
    const reason = new Error('enough')
    await assert.rejects(broker.subscribe('t', { signal: AbortSignal.abort(reason) }, assert.fail), reason)
    for (const topic of ['t/1', 't/2']) await broker.publish(topic, 'x', { retain: true })
    const controller = new AbortController()
    const got = []
    const handler = ({ topic }) => {
      got.push(topic)
      controller.abort(reason)
    }
    await assert.rejects(broker.subscribe('t/#', { signal: controller.signal }, handler), reason)
    assert.deepEqual([got, broker.counters().subscriptions], [['t/1'], 0])
  })

  test('is told what is wrong', async () => {
    const ignore = () => {}
    const rows = [
      ['filter', /^`a\/#\/b` /, 'a/#/b', ignore],
      ['filter', /^a broker's own subscription cannot be shared; leave out `\$share\/group\/`/, '$share/g/a', ignore],
      ['filter', /it must be a string/, 7, ignore],
      ['handler', /it must be a function: message => …, after the options/, 'a', {}],
      ['handler', /it must be a function/, 'a', ignore, {}],
      [
        'qos',
        /qos is not an option; the options are noLocal, retainAsPublished, retainHandling, signal/,
        'a',
        { qos: 1 },
        ignore,
      ],
      ['retainHandling', /it must be 0 or 1 or 2/, 'a', { retainHandling: 3 }, ignore],
      ['noLocal', /it must be true or false/, 'a', { noLocal: 1 }, ignore],
      ['signal', /it must be an AbortSignal/, 'a', { signal: 1 }, ignore],
    ]
    for (const [option, words, ...call] of rows) {
      const error = await broker.subscribe(...call).then(assert.fail, error => error)
      assert.ok(error instanceof OptionError, `${option}: ${error}`)
      assert.deepEqual([error.option, words.test(error.message)], [option, true], error.message)
    }
    assert.throws(() => broker.messages('a', { qos: 1 }), { option: 'qos' })
    assert.throws(() => broker.messages('a', { limit: 0 }), { option: 'limit' })
    await assert.rejects(broker.messages('$share/g/a').next(), { option: 'filter' })
    assert.equal(broker.counters().subscriptions, 0)
  })

  test('loops over messages: bounded, until it breaks off, the signal aborts, or the broker is closed', async () => {
    const stream = broker.messages('t/#', { limit: 2, overflow: 'drop-newest' })
    for (const text of ['1', '2', '3']) await broker.publish('t/x', text)
    assert.equal(stream.dropped, 1)
    const got = []
    for await (const message of stream) {
      got.push(message.text())
      if (got.length === 2) break
    }
    assert.deepEqual([got, await broker.publish('t/x', '4')], [['1', '2'], 0])
    const controller = new AbortController()
    const aborted = broker.messages('t', { signal: controller.signal })
    const waits = aborted.next()
    controller.abort(new Error('enough'))
    await assert.rejects(waits, /enough/)
    const last = broker.messages('t')
    await broker.publish('t', 'last')
    const closed = broker.close()
    assert.deepEqual([(await last.next()).value.text(), (await last.next()).done], ['last', true])
    await closed
  })

  test('hears the wills of those who are closed with the broker, and no more', async () => {
    const { got, handler } = collector()
    const subscription = await broker.subscribe('#', handler)
    await connect(broker, { will: { topic: 'will', payload: 'gone', qos: 1 } })
    await broker.close()
    assert.deepEqual(got, ['will gone 1'])
    await subscription.unsubscribe()
    await assert.rejects(broker.subscribe('t', handler), ClosedError)
    await assert.rejects(broker.messages('t').next(), ClosedError)
    const early = new Broker()
    const subscribing = early.subscribe('t', handler)
    early.close()
    await assert.rejects(subscribing, ClosedError)
  })

  test('watches $SYS, and keeps nothing in the store', async t => {
    const store = memory()
    const first = new Broker({ store, sysInterval: 1 })
    const values = first.messages('$SYS/broker/clients/connected')
    const value = (await values.next()).value
    assert.deepEqual([value.text(), value.retain], ['0', true])
    const client = await connect(first)
    assert.equal((await values.next()).value.text(), '1')
    await client.end()
    await first.publish('kept', 'x', { retain: true, qos: 1 })
    await first.close()
    const second = new Broker({ store })
    t.after(() => second.close())
    await second.ready
    assert.equal(second.counters().subscriptions, 0)
    const { got, handler } = collector()
    await second.subscribe('#', handler)
    assert.deepEqual(got, ['kept x 1 retained'])
  })
})
