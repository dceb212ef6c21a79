// The broker in the page, and clients of both entries over it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const project = install()
const wasmqtt = await load(project, 'wasmqtt')
const larger = await load(project, 'wasmqtt/broker')
const { Broker, explain, load: loadModule } = larger

const timeout = 20_000

/** A broker that is closed after the test. */
function open(t, options) {
  const broker = new Broker(options)
  t.after(() => broker.close())
  return broker
}

for (const [name, { connect }] of Object.entries({ wasmqtt, 'wasmqtt/broker': larger })) {
  for (const version of [4, 5]) {
    test(`${name}, version ${version}: each quality, both ways`, { timeout }, async t => {
      const broker = open(t)
      const near = await connect(broker, { version, clientId: 'near' })
      const far = await connect(broker, { version, clientId: 'far' })
      const got = { near: [], far: [] }
      await near.subscribe('to/near/#', { qos: 2 }, ({ topic, qos }) => got.near.push([topic, qos]))
      await far.subscribe('to/far/#', { qos: 2 }, ({ topic, qos }) => got.far.push([topic, qos]))
      for (const qos of [0, 1, 2]) {
        await near.publish(`to/far/${qos}`, 'x', { qos })
        await far.publish(`to/near/${qos}`, 'x', { qos })
      }
      // The acknowledgement comes after the receivers have all that was sent before.
      await Promise.all([near.publish('sync', '', { qos: 2 }), far.publish('sync', '', { qos: 2 })])
      const rows = to => [0, 1, 2].map(qos => [`to/${to}/${qos}`, qos])
      assert.deepEqual(got, { near: rows('near'), far: rows('far') })
      assert.deepEqual(broker.clients(), [
        { clientId: 'far', version },
        { clientId: 'near', version },
      ])
      await Promise.all([near.end(), far.end()])
      assert.deepEqual(broker.clients(), [])
    })
  }
}

test('a client without an identifier is given one', { timeout }, async t => {
  const broker = open(t)
  const clients = [await larger.connect(broker, { clientId: '' }), await larger.connect(broker, { clientId: '' })]
  const identifiers = clients.map(({ clientId }) => clientId)
  for (const identifier of identifiers) assert.match(identifier, /^auto-[0-9A-F]{16}$/)
  assert.notEqual(...identifiers)
  assert.deepEqual(
    broker.clients().map(({ clientId }) => clientId),
    identifiers.sort(),
  )
})

test('large payloads go through whole', { timeout }, async t => {
  const client = await larger.connect(open(t, { maximumPacketSize: 20_000_000, queue: { bytes: 20_000_000 } }))
  const stream = client.messages('large', { qos: 1 })
  const payload = new Uint8Array(10_000_000).map((_, at) => at % 251)
  await client.publish('large', payload, { qos: 1 })
  const { value } = await stream.next()
  assert.deepEqual(value.payload, payload)
  await client.end()
})

test('a client that is killed has its will published, one that ends has not', { timeout }, async t => {
  const broker = open(t)
  const watcher = await larger.connect(broker)
  const stream = watcher.messages('will/#', { qos: 1 })
  const ended = await larger.connect(broker, { will: { topic: 'will/ended', payload: 'x' } })
  await ended.end()
  const killed = await larger.connect(broker, { will: { topic: 'will/killed', payload: 'gone', qos: 1 } })
  killed.kill()
  const { value } = await stream.next()
  assert.deepEqual([value.topic, value.text(), value.qos], ['will/killed', 'gone', 1])
  await watcher.end()
})

test('events tell what happened, while somebody listens', { timeout }, async t => {
  const broker = open(t)
  const events = []
  const listener = ({ detail }) => events.push(detail)
  broker.addEventListener('event', listener)
  const client = await larger.connect(broker, { clientId: 'me', will: { topic: 'will', payload: 'x' } })
  await client.subscribe('a/#', { qos: 1 }, () => {})
  await client.publish('a/b', 'payload', { qos: 1 })
  const subscribers = await broker.publish('a/c', 'x', { retain: true })
  assert.equal(subscribers, 1)
  assert.deepEqual(
    broker.retained().map(({ topic, payload }) => [topic, [...payload]]),
    [['a/c', [120]]],
  )
  client.kill()
  await client.end()
  broker.removeEventListener('event', listener)
  await (await larger.connect(broker)).end()
  const types = events.map(({ type }) => type)
  assert.deepEqual(
    types.filter(type => !['session-ended', 'disconnected'].includes(type)),
    ['connected', 'will', 'subscribed', 'published', 'published', 'will', 'published'],
  )
  assert.deepEqual(
    { ...events.find(({ type }) => type === 'published') },
    { type: 'published', clientId: 'me', topic: 'a/b', qos: 1, retain: false, payloadBytes: 7, subscribers: 1 },
  )
  const disconnected = events.find(({ type }) => type === 'disconnected')
  assert.equal(disconnected.cause.kind, 'transport-closed')
  assert.deepEqual(
    events.filter(({ type }) => type === 'will').map(({ fate }) => fate),
    ['armed', 'fired'],
  )
  const { published, delivered } = broker.counters()
  assert.deepEqual([published, delivered], [3, 2])
})

test('only users with their password may connect', { timeout }, async t => {
  const broker = open(t, { users: [{ username: 'ann', password: 'secret' }] })
  const client = await larger.connect(broker, { credentials: { username: 'ann', password: 'secret' } })
  await client.end()
  for (const credentials of [{}, { username: 'ann' }, { username: 'ann', password: 'Secret' }]) {
    await assert.rejects(
      larger.connect(broker, { credentials }),
      error => error instanceof larger.ConnectError && error.reasonCode >= 0x80,
    )
  }
})

test('a session is kept for a client that is away', { timeout }, async t => {
  const broker = open(t)
  const options = { clientId: 'keeper', cleanStart: false, sessionExpiry: 100 }
  const first = await larger.connect(broker, options)
  await first.subscribe('later', { qos: 1 }, () => {})
  await first.end()
  await broker.publish('later', 'waited', { qos: 1 })
  const [session] = broker.sessions()
  assert.deepEqual(
    [session.clientId, session.connected, session.queued, session.subscriptions],
    ['keeper', false, 1, [{ filter: 'later', qos: 1 }]],
  )
  assert.ok(session.expiresIn > 0 && session.expiresIn <= 100_000)
  const second = new larger.Client(broker, options)
  const stream = second.messages('later', { qos: 1 })
  assert.equal((await stream.next()).value.text(), 'waited')
  assert.equal(second.sessionPresent, true)
  await second.end()
})

// The module hands over the views in parts of some hundred objects.
test('lists of any length have each client, session and message in order', { timeout }, async t => {
  const broker = open(t, { connectionsMaximum: 10_000 })
  const names = Array.from({ length: 1500 }, (_, number) => `${10_000 + number} Größe 🌡 ${'x'.repeat(number % 100)}`)
  await Promise.all(
    names.map(async (clientId, number) => {
      const client = await larger.connect(broker, { clientId, version: number % 2 ? 4 : 5 })
      for (const filter of ['🌡/+', `ä/${number}`].slice(number % 3)) await client.subscribe(filter, () => {})
      await client.publish(`retained/${clientId}`, `payload ${number}`, { retain: true, qos: 1 })
    }),
  )
  assert.deepEqual(
    broker.clients(),
    names.map((clientId, number) => ({ clientId, version: number % 2 ? 4 : 5 })),
  )
  const sessions = broker.sessions()
  const filtersOf = number => [`ä/${number}`, '🌡/+'].slice(0, Math.max(0, 2 - (number % 3)))
  assert.deepEqual(
    sessions.map(({ clientId, subscriptions }) => [clientId, subscriptions]),
    names.map((clientId, number) => [clientId, filtersOf(number).map(filter => ({ filter, qos: 0 }))]),
  )
  assert.ok(sessions.every(session => session.memory > 0 && !('expiresIn' in session)))
  assert.deepEqual(
    broker.retained().map(({ topic, qos, payload }) => [topic, qos, new TextDecoder().decode(payload)]),
    names.map((clientId, number) => [`retained/${clientId}`, 1, `payload ${number}`]),
  )
})

test('disconnect ends one client with its reason, close all of them', { timeout }, async t => {
  const broker = open(t)
  const closed = client =>
    new Promise(resolve => {
      client.addEventListener('status', ({ status }) => resolve(status.error))
    })
  const [one, two] = await Promise.all(['one', 'two'].map(clientId => larger.connect(broker, { clientId })))
  const ends = [closed(one), closed(two)]
  assert.equal(broker.disconnect('nobody'), false)
  assert.equal(broker.disconnect('one', 0x97), true)
  const error = await ends[0]
  assert.ok(error instanceof larger.ConnectionError)
  assert.equal(error.reasonCode, 0x97)
  assert.deepEqual(broker.clients(), [{ clientId: 'two', version: 5 }])
  broker.close()
  broker.close()
  assert.equal((await ends[1]).reasonCode, 0x8b)
  await assert.rejects(larger.connect(broker), larger.ConnectError)
  await assert.rejects(broker.publish('a', 'b'), larger.ClosedError)
})

test('a broker that is closed before its module is loaded', { timeout }, async () => {
  const broker = new Broker()
  broker.close()
  assert.deepEqual([broker.clients(), broker.sessions(), broker.retained()], [[], [], []])
  const { published, sent } = broker.counters()
  assert.deepEqual([published, sent.bytes, sent.packets.CONNACK], [0, 0, 0])
  assert.equal(broker.disconnect('a'), false)
  await assert.rejects(broker.publish('a', 'b'), larger.ClosedError)
  await assert.rejects(larger.connect(broker), larger.ConnectError)
})

test('one client takes over from another with its identifier', { timeout }, async t => {
  const broker = open(t)
  const first = await larger.connect(broker, { clientId: 'same' })
  const closed = new Promise(resolve => {
    first.addEventListener('status', ({ status }) => resolve(status))
  })
  const second = await larger.connect(broker, { clientId: 'same' })
  const { error } = await closed
  assert.equal(error.reasonCode, 0x8e)
  await second.end()
})

test('explain says level by level why a filter matches', { timeout }, async () => {
  await loadModule()
  assert.deepEqual(explain('a/+/#', 'a/b/c/d'), {
    matches: true,
    levels: [
      { filter: 'a', topic: 'a', verdict: 'equal' },
      { filter: '+', topic: 'b', verdict: 'plus' },
      { filter: '#', topic: 'c/d', verdict: 'hash' },
    ],
  })
  assert.equal(explain('+/a', '$SYS/a').levels[0].verdict, 'dollar-hidden')
})

test('options hold: CONNACK tells them, and what exceeds them is refused or lost', { timeout }, async t => {
  const broker = open(t, {
    serverKeepAlive: 60,
    sessionExpiryMaximum: 10,
    maximumPacketSize: 1000,
    receiveMaximum: 20,
    topicAliasMaximum: 4,
    maximumQos: 1,
    retainAvailable: false,
    sessionsMaximum: 2,
    topicLevelsMaximum: 2,
    subscriptionsMaximum: 1,
    queue: { messages: 1, overflow: 'drop-oldest' },
  })
  const options = { clientId: 'me', keepAlive: 0, sessionExpiry: 100, cleanStart: false }
  const client = await larger.connect(broker, options)
  const told = {
    serverKeepAlive: 60,
    sessionExpiryInterval: 10,
    maximumPacketSize: 1000,
    receiveMaximum: 20,
    topicAliasMaximum: 4,
    maximumQos: 1,
    retainAvailable: false,
  }
  const { connackProperties } = client
  for (const [name, value] of Object.entries(told)) assert.equal(connackProperties[name], value, name)
  await assert.rejects(
    client.subscribe('a/b/c', () => {}),
    { reasonCode: 0x8f },
  )
  const { qos } = await client.subscribe('a/b', { qos: 2 }, () => {})
  assert.equal(qos, 1)
  await assert.rejects(
    client.subscribe('b', () => {}),
    { reasonCode: 0x97 },
  )
  await larger.connect(broker)
  await assert.rejects(larger.connect(broker), { reasonCode: 0x97 })
  await client.end()
  for (const payload of ['lost', 'kept']) await broker.publish('a/b', payload, { qos: 1 })
  assert.equal(broker.sessions().find(({ clientId }) => clientId === 'me').queued, 1)
  assert.equal(broker.counters().dropped, 1)
})

test('features that are turned off are announced and refused', { timeout }, async t => {
  const broker = open(t, {
    wildcardSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: false,
    responseInformation: 'replies/',
  })
  const client = await larger.connect(broker, { clientId: 'me' })
  const { connackProperties } = client
  for (const name of ['wildcardSubscription', 'subscriptionIdentifier', 'sharedSubscription']) {
    assert.equal(connackProperties[`${name}Available`], false, name)
  }
  await assert.rejects(client.subscribe('a/+', () => {}))
  const old = await larger.connect(broker, { version: 4 })
  await assert.rejects(
    old.subscribe('a/+', () => {}),
    { reasonCode: 0x80 },
  )
})

test('clients are sent to another server', { timeout }, async t => {
  const broker = open(t, { redirect: { serverReference: 'other.example', permanent: true } })
  await assert.rejects(larger.connect(broker), { reasonCode: 0x9d })
  const here = open(t)
  const client = await larger.connect(here, { clientId: 'me' })
  const closed = new Promise(resolve => {
    client.addEventListener('status', ({ status }) => resolve(status))
  })
  assert.throws(() => here.disconnect('me', 0x98, 'other.example'), { option: 'reasonCode' })
  assert.equal(here.disconnect('me', 0x9c, 'other.example'), true)
  const { error } = await closed
  assert.equal(error.reasonCode, 0x9c)
  await client.end()
})

test('counters tell what passed and what there is', { timeout }, async t => {
  const broker = open(t, { queue: { messages: 1 } })
  assert.equal(broker.counters().received.packets.CONNECT, 0, 'it is not there yet')
  const client = await larger.connect(broker, { clientId: 'me', cleanStart: false, sessionExpiry: 100 })
  await client.subscribe('a', { qos: 2 }, () => {})
  await client.subscribe('$share/g/a', () => {})
  await client.publish('b', 'x', { qos: 1, retain: true })
  await client.end()
  for (const payload of ['kept', 'lost']) await broker.publish('a', payload, { qos: 1 })
  const { received, sent, uptime, memory, ...others } = broker.counters()
  assert.ok(uptime >= 0 && uptime < 20)
  assert.ok(memory.bytes > 1_000 && memory.bytes <= memory.highest && memory.highest < 1_000_000, `${memory.bytes}`)
  assert.equal(memory.maximum, 1 << 30)
  assert.deepEqual(others, {
    clients: { connected: 0, disconnected: 1, total: 1, maximum: 1 },
    connects: { accepted: 1, rejected: 0 },
    subscriptions: 2,
    sharedSubscriptions: 1,
    retained: { messages: 1, bytes: 2 },
    queued: { messages: 1, bytes: 5 },
    inFlight: 0,
    published: 3,
    delivered: 0,
    dropped: 1,
    droppedBy: {
      'queue-full': 1,
      'transmit-full': 0,
      'not-writable': 0,
      'packet-too-large': 0,
      expired: 0,
      'retained-full': 0,
      'not-authorized': 0,
    },
  })
  const counted = Object.entries(received.packets).filter(([, count]) => count > 0)
  assert.deepEqual(counted, [
    ['CONNECT', 1],
    ['PUBLISH', 1],
    ['SUBSCRIBE', 2],
    ['DISCONNECT', 1],
  ])
  assert.deepEqual([received.messages, received.publishes, received.publishBytes], [5, [0, 1, 0], 9])
  assert.deepEqual([sent.messages, sent.packets.PUBACK, sent.packets.SUBACK, sent.publishes], [4, 1, 2, [0, 0, 0]])
  assert.ok(received.bytes > 40 && sent.bytes > 20)
})

test('$SYS tells a subscriber at once, and what changes at each interval; nobody else publishes there', {
  timeout,
}, async t => {
  const broker = open(t, { sysInterval: 1 })
  const client = await larger.connect(broker, { clientId: 'me' })
  await assert.rejects(client.publish('$SYS/broker/version', 'mine', { qos: 1 }), { reasonCode: 0x87 })
  const stream = client.messages('$SYS/broker/clients/connected')
  const first = (await stream.next()).value
  assert.deepEqual([first.text(), first.retain], ['1', true])
  const other = await larger.connect(broker)
  assert.equal((await stream.next()).value.text(), '2')
  await other.end()
  assert.equal((await stream.next()).value.text(), '1')
  await stream.return()
  const version = client.messages('$SYS/broker/version')
  assert.match((await version.next()).value.text(), /^wasmqtt version \d/)
  const off = open(t, { sysInterval: 0 })
  const watcher = await larger.connect(off)
  const heard = []
  await watcher.subscribe('$SYS/#', message => heard.push(message.topic))
  await watcher.publish('x', 'x', { qos: 1 })
  assert.deepEqual(heard, [])
})
