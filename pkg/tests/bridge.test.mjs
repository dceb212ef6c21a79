// The bridge between two brokers of the process: its rules, its ends and what it cannot pass on.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const project = install()
const { Broker, bridge, Client, connect, MqttError, OptionError, SubscribeError } = await load(
  project,
  'wasmqtt/broker',
)

/** Two brokers, closed after the test. */
function brokers(t, ...options) {
  const both = [new Broker(options[0]), new Broker(options[1])]
  t.after(() => Promise.all(both.map(broker => broker.close())))
  return both
}

test('wrong rules are option errors that name the field', async t => {
  const [local, other] = brokers(t)
  const remote = await connect(other)
  for (const [rules, option] of [
    [undefined, 'rules'],
    [[], 'rules'],
    [[{}], 'rules[0].filter'],
    [[{ filter: '' }], 'rules[0].filter'],
    [[{ filter: 'a' }, { filter: 'a', direction: 'up' }], 'rules[1].direction'],
    [[{ filter: 'a', qos: 3 }], 'rules[0].qos'],
    [[{ filter: 'a', localPrefix: '+/' }], 'rules[0].localPrefix'],
    [[{ filter: 'a', remotePrefix: '#' }], 'rules[0].remotePrefix'],
    [[{ filter: 'a', retain: 1 }], 'rules[0].retain'],
    [[{ filter: 'a', prefix: 'x' }], 'rules[0].prefix'],
  ]) {
    await assert.rejects(bridge(local, remote, rules), error => error instanceof OptionError && error.option === option)
  }
  assert.equal(local.clients().length, 0, 'no client is left')
})

test("a client whose version is 'auto' is refused, since loops are prevented by the version", async t => {
  const [local, other] = brokers(t)
  const remote = await connect(other, { version: 'auto' })
  await assert.rejects(
    bridge(local, remote, [{ filter: 'a' }]),
    error => error instanceof OptionError && error.option === 'version',
  )
  assert.equal(local.clients().length, 0)
})

test('a refused subscription rejects, and leaves none', async t => {
  const [local, other] = brokers(t, undefined, { acl: [{ action: 'subscribe', filter: 'secret/#', allow: false }] })
  const remote = await connect(other)
  const rules = [{ filter: 'open/#' }, { filter: 'secret/#' }]
  await assert.rejects(bridge(local, remote, rules), SubscribeError)
  assert.equal(local.clients().length, 0)
  assert.equal(other.counters().subscriptions, 0)
  assert.equal(remote.status.phase, 'connected')
})

for (const version of [4, 5]) {
  test(`close() ends the subscriptions and passes on what has come, version ${version}`, async t => {
    const [local, other] = brokers(t)
    const remote = await connect(other, { version })
    const joined = await bridge(local, remote, [{ filter: 'a/#' }])
    const got = []
    await other.subscribe('a/#', message => got.push(message.text()))
    await local.publish('a/1', 'one')
    await joined.close()
    await joined.close()
    await local.publish('a/1', 'two')
    assert.deepEqual(got, ['one'])
    assert.equal(local.clients().length, 0)
    assert.equal(other.counters().subscriptions, 1, 'its own alone')
    assert.equal(remote.status.phase, 'connected')
  })

  test(`each side gets a message of the other once, also of the page itself, version ${version}`, async t => {
    const [local, other] = brokers(t)
    const remote = await connect(other, { version })
    const joined = await bridge(local, remote, [{ filter: '#', qos: 2 }])
    const got = [[], []]
    let complete
    const all = new Promise(resolve => {
      complete = resolve
    })
    for (const [at, broker] of [local, other].entries()) {
      await broker.subscribe('#', message => {
        if (got[at].push(message.text()) === 200 && got[1 - at].length === 200) complete()
      })
    }
    for (let number = 0; number < 100; number++) {
      await local.publish('x', `local ${number % 3}`, { qos: number % 3 })
      await other.publish('x', `other ${number % 3}`, { qos: number % 3 })
    }
    await all
    // A message counts once it is acknowledged.
    await joined.close()
    assert.deepEqual(joined.counters, { in: 100, out: 100, dropped: 0 })
    assert.deepEqual(got[0].toSorted(), got[1].toSorted())
  })
}

test('a message that the other side refuses is dropped, counted and told', async t => {
  const [local, other] = brokers(t, undefined, { acl: [{ action: 'publish', filter: 'secret/#', allow: false }] })
  const remote = await connect(other)
  const joined = await bridge(local, remote, [{ filter: '#', direction: 'out' }])
  const dropped = once(joined, 'dropped')
  await local.publish('secret/a', 'x', { qos: 1 })
  const [event] = await dropped
  assert.deepEqual([event.direction, event.message.topic], ['out', 'secret/a'])
  assert.equal(event.error.reasonCode, 0x87)
  assert.deepEqual(joined.counters, { in: 0, out: 0, dropped: 1 })
})

test('properties are kept between brokers of 5.0, but for identifiers', async t => {
  const [local, other] = brokers(t)
  const remote = await connect(other)
  await bridge(local, remote, [{ filter: 'a', direction: 'out' }])
  const properties = { contentType: 'text/plain', responseTopic: 'b', userProperties: [['name', 'value']] }
  const got = new Promise(resolve => void other.subscribe('a', resolve))
  const publisher = await connect(local)
  await publisher.publish('a', 'x', { qos: 1, properties })
  assert.deepEqual((await got).properties, properties)
})

test('a local client in place of a broker stays connected', async t => {
  const [local, other] = brokers(t)
  const own = await connect(local)
  const joined = await bridge(own, await connect(other), [{ filter: 'a' }])
  await joined.close()
  assert.equal(own.status.phase, 'connected')
  const ended = new Client(local)
  await ended.end()
  await assert.rejects(bridge(ended, await connect(other), [{ filter: 'a' }]), MqttError)
})

test('without its file the rest runs, and a bridge says so', async t => {
  const bare = install()
  rmSync(join(bare, 'node_modules/wasmqtt/dist/bridge.js'))
  const api = await load(bare, 'wasmqtt/broker')
  const broker = new api.Broker()
  t.after(() => broker.close())
  const remote = await api.connect(broker)
  await assert.rejects(
    api.bridge(broker, remote, [{ filter: 'a' }]),
    error => error instanceof api.MqttError && /a part of wasmqtt could not be loaded: /.test(error.message),
  )
})
