// Every limit of a broker, given by its key and by nothing else: it holds, and the others have
// their default.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { install, load } from './lib/packed.mjs'
import { RawClient } from './lib/peer.mjs'

const { Broker, memory } = await load(install(), 'wasmqtt/broker')

/** Shorter than the defaults of what has a time. */
const timeout = 8_000

/** Resolves with the next event of a type. */
const told = (broker, type) =>
  new Promise(resolve => {
    broker.addEventListener('event', ({ detail }) => detail.type === type && resolve(detail))
  })

async function dial(broker, version) {
  const socket = broker.socket()
  const client = RawClient.overWebSocket(socket, version)
  await new Promise(resolve => socket.addEventListener('open', resolve, { once: true }))
  return client
}

async function join(broker, clientId, { properties, ...more } = {}) {
  const client = await dial(broker)
  const { reasonCode, properties: granted } = await client.connect(clientId, { properties, ...more })
  assert.equal(reasonCode, 0, clientId)
  return Object.assign(client, { granted })
}

const publish = (topic, more = {}) => ({ cmd: 'publish', topic, payload: 'x', qos: 0, messageId: 7, ...more })
const subscribe = (topic, more = {}) => ({
  cmd: 'subscribe',
  messageId: 7,
  subscriptions: [{ topic, qos: 0 }],
  ...more,
})

/** Returns the answer to a 5.0 client that sends these packets. */
async function answer(broker, ...packets) {
  const client = await join(broker, 'me')
  client.send(...packets)
  const { cmd, reasonCode, granted } = await client.next()
  return [cmd, granted?.[0] ?? reasonCode]
}

const disconnected = reasonCode => ['disconnect', reasonCode]

/**
 * One that takes a message at a time is sent `1` to `4` at QoS 1; gives those that came, as it
 * acknowledged them.
 */
async function overflow(broker) {
  const client = await join(broker, 'me', { properties: { receiveMaximum: 1 } })
  await client.subscribe('t', 1)
  for (const payload of '1234') await broker.publish('t', payload, { qos: 1 })
  const [{ inFlight, queued }] = broker.sessions()
  const got = []
  for (let left = inFlight + queued; left > 0; left--) {
    const { payload, messageId } = await client.next('publish')
    got.push(`${payload}`)
    client.send({ cmd: 'puback', messageId })
  }
  assert.equal(broker.counters().droppedBy['queue-full'], 4 - got.length)
  return got.join('')
}

async function retain(broker) {
  for (const topic of ['a', 'b', 'c']) await broker.publish(topic, 'x', { retain: true })
  return broker.retained().map(({ topic }) => topic)
}

/** Each option, with its observable effect. */
const rows = {
  async connectionsMaximum(open) {
    const broker = open({ connectionsMaximum: 1 })
    await join(broker, 'a')
    const rejected = told(broker, 'rejected')
    const client = await dial(broker)
    await client.closed
    assert.equal((await rejected).cause.kind, 'too-many-connections')
  },
  async sessionsMaximum(open) {
    const broker = open({ sessionsMaximum: 1 })
    await join(broker, 'a')
    assert.equal((await (await dial(broker)).connect('b')).reasonCode, 0x97)
    assert.equal((await (await dial(broker, 4)).connect('b')).returnCode, 3)
  },
  async connectTimeout(open) {
    const broker = open({ connectTimeout: 20 })
    const rejected = told(broker, 'rejected')
    const client = await dial(broker)
    await client.closed
    assert.equal((await rejected).cause.kind, 'connect-timeout')
  },
  async serverKeepAlive(open) {
    const broker = open({ serverKeepAlive: 1 })
    const gone = told(broker, 'disconnected')
    const client = await join(broker, 'a', { keepalive: 100 })
    assert.equal(client.granted.serverKeepAlive, 1)
    assert.deepEqual([(await client.next()).reasonCode, (await gone).cause.kind], [0x8d, 'keep-alive-timeout'])
  },
  async sessionExpiryMaximum(open) {
    const broker = open({ sessionExpiryMaximum: 1 })
    const ended = told(broker, 'session-ended')
    const client = await join(broker, 'a', { properties: { sessionExpiryInterval: 1000 } })
    assert.equal(client.granted.sessionExpiryInterval, 1)
    client.send({ cmd: 'disconnect', reasonCode: 0 })
    await client.closed
    assert.equal(broker.sessions().length, 1)
    assert.equal((await ended).clientId, 'a')
  },
  async maximumPacketSize(open) {
    const broker = open({ maximumPacketSize: 100 })
    assert.equal((await join(broker, 'a')).granted.maximumPacketSize, 100)
    assert.deepEqual(await answer(broker, publish('t', { payload: 'x'.repeat(100) })), disconnected(0x95))
  },
  async receiveMaximum(open) {
    const broker = open({ receiveMaximum: 2 })
    const client = await join(broker, 'a')
    assert.equal(client.granted.receiveMaximum, 2)
    for (const messageId of [1, 2, 3]) client.send(publish('t', { qos: 2, messageId }))
    const answers = [await client.next('pubrec'), await client.next('pubrec'), await client.next('disconnect')]
    assert.equal(answers[2].reasonCode, 0x93)
  },
  async topicAliasMaximum(open) {
    const broker = open({ topicAliasMaximum: 2 })
    const client = await join(broker, 'a', { properties: { topicAliasMaximum: 10 } })
    assert.equal(client.granted.topicAliasMaximum, 2)
    await client.subscribe('#')
    const aliases = new Set()
    for (const topic of ['a/long', 'b/long', 'c/long', 'a/long', 'b/long', 'c/long']) {
      await broker.publish(topic, 'x')
      const { properties } = await client.next('publish')
      if (properties?.topicAlias) aliases.add(properties.topicAlias)
    }
    assert.equal(aliases.size, 2)
    assert.deepEqual(await answer(broker, publish('t', { properties: { topicAlias: 3 } })), disconnected(0x94))
  },
  async inFlightMaximum(open) {
    const broker = open({ inFlightMaximum: 2 })
    const client = await join(broker, 'a')
    await client.subscribe('t', 1)
    for (let count = 0; count < 5; count++) await broker.publish('t', 'x', { qos: 1 })
    const [{ inFlight, queued }] = broker.sessions()
    assert.deepEqual([inFlight, queued], [2, 3])
  },
  async maximumQos(open) {
    const broker = open({ maximumQos: 1 })
    assert.equal((await join(broker, 'a')).granted.maximumQoS, 1)
    assert.deepEqual(await answer(broker, publish('t', { qos: 2 })), disconnected(0x9b))
    assert.deepEqual(await answer(broker, subscribe([], { subscriptions: [{ topic: 't', qos: 2 }] })), ['suback', 1])
  },
  async retainAvailable(open) {
    const broker = open({ retainAvailable: false })
    assert.equal((await join(broker, 'a')).granted.retainAvailable, false)
    assert.deepEqual(await answer(broker, publish('t', { retain: true })), disconnected(0x9a))
  },
  async wildcardSubscriptionAvailable(open) {
    const broker = open({ wildcardSubscriptionAvailable: false })
    assert.equal((await join(broker, 'a')).granted.wildcardSubscriptionAvailable, false)
    assert.deepEqual(await answer(broker, subscribe('a/+')), disconnected(0xa2))
  },
  async subscriptionIdentifiersAvailable(open) {
    const broker = open({ subscriptionIdentifiersAvailable: false })
    assert.equal((await join(broker, 'a')).granted.subscriptionIdentifiersAvailable, false)
    const properties = { subscriptionIdentifier: 1 }
    assert.deepEqual(await answer(broker, subscribe('a', { properties })), disconnected(0xa1))
  },
  async sharedSubscriptionAvailable(open) {
    const broker = open({ sharedSubscriptionAvailable: false })
    assert.equal((await join(broker, 'a')).granted.sharedSubscriptionAvailable, false)
    assert.deepEqual(await answer(broker, subscribe('$share/g/a')), disconnected(0x9e))
  },
  async responseInformation(open) {
    const broker = open({ responseInformation: 'replies/' })
    const { granted } = await join(broker, 'a', { properties: { requestResponseInformation: true } })
    assert.equal(granted.responseInformation, 'replies/a')
  },
  async redirect(open) {
    for (const [permanent, code] of [
      [undefined, 0x9c],
      [false, 0x9c],
      [true, 0x9d],
    ]) {
      const client = await dial(open({ redirect: { serverReference: 'other.example', permanent } }))
      const { reasonCode, properties } = await client.connect('a')
      assert.deepEqual([reasonCode, properties.serverReference], [code, 'other.example'])
    }
  },
  async topicLevelsMaximum(open) {
    const broker = open({ topicLevelsMaximum: 2 })
    assert.deepEqual(await answer(broker, subscribe('a/b')), ['suback', 0])
    assert.deepEqual(await answer(broker, subscribe('a/b/c')), ['suback', 0x8f])
    assert.deepEqual(await answer(broker, publish('a/b/c')), disconnected(0x90))
  },
  async subscriptionsMaximum(open) {
    const broker = open({ subscriptionsMaximum: 1 })
    const client = await join(broker, 'a')
    const codes = []
    for (const filter of ['a', 'b', 'a']) codes.push((await client.subscribe(filter)).granted[0])
    assert.deepEqual(codes, [0, 0x97, 0])
  },
  async 'queue.messages'(open) {
    assert.equal(await overflow(open({ queue: { messages: 2 } })), '123')
  },
  async 'queue.bytes'(open) {
    // A topic of one byte and a payload of one are two.
    assert.equal(await overflow(open({ queue: { bytes: 5 } })), '123')
  },
  async 'queue.overflow'(open) {
    assert.equal(await overflow(open({ queue: { messages: 2, overflow: 'drop-newest' } })), '123')
    assert.equal(await overflow(open({ queue: { messages: 2, overflow: 'drop-oldest' } })), '134')
    const broker = open({ queue: { messages: 2, overflow: 'disconnect' } })
    const gone = told(broker, 'disconnected')
    const client = await join(broker, 'me', { properties: { receiveMaximum: 1 } })
    await client.subscribe('t', 1)
    for (const payload of '1234') await broker.publish('t', payload, { qos: 1 })
    await client.next('publish')
    assert.deepEqual([(await client.next('disconnect')).reasonCode, (await gone).cause.kind], [0x97, 'queue-full'])
  },
  async transmitBytesMaximum(open) {
    const broker = open({ transmitBytesMaximum: 100 })
    const client = await join(broker, 'a')
    await client.subscribe('t')
    const publisher = await join(broker, 'b')
    // In one turn, so that all would wait: two frames of more than 50 bytes do.
    publisher.send(...Array(10).fill(publish('t', { payload: 'x'.repeat(60) })), { cmd: 'pingreq' })
    await publisher.next('pingresp')
    assert.equal(broker.counters().droppedBy['transmit-full'], 8)
  },
  async 'retained.messages'(open) {
    assert.deepEqual(await retain(open({ retained: { messages: 2 } })), ['a', 'b'])
  },
  async 'retained.bytes'(open) {
    // A topic of one byte and a payload of one are two.
    assert.deepEqual(await retain(open({ retained: { bytes: 5 } })), ['a', 'b'])
  },
  async sysInterval(open) {
    const broker = open({ sysInterval: 1 })
    const client = await join(broker, 'a')
    await client.subscribe('$SYS/broker/clients/connected')
    assert.equal(`${(await client.next('publish')).payload}`, '1')
    await join(broker, 'b')
    assert.equal(`${(await client.next('publish')).payload}`, '2')
    const silent = await join(open({ sysInterval: 0 }), 'a')
    await silent.subscribe('$SYS/#')
    silent.send({ cmd: 'pingreq' })
    await silent.next('pingresp')
  },
  async storeBytesMaximum(open) {
    const store = memory()
    let release
    const released = new Promise(resolve => {
      release = resolve
    })
    let isSlow = false
    const slow = {
      load: () => store.load(),
      close: () => store.close(),
      async write(changes) {
        if (isSlow) await released
        await store.write(changes)
      },
    }
    const broker = open({ store: slow, storeBytesMaximum: 150 })
    const client = await join(broker, 'a')
    isSlow = true
    for (let messageId = 1; messageId <= 10; messageId++) {
      client.send(publish(`t/${messageId}`, { qos: 1, messageId, retain: true, payload: 'x'.repeat(90) }))
    }
    // Without the limit all are handled by then.
    for (let count = 0; count < 20; count++) await turn()
    // Two of about 100 bytes are above it: those that are written, and those that are handled
    // meanwhile.
    const handled = broker.counters().received.publishes[1]
    assert.ok(handled <= 4, `${handled} were handled`)
    release()
    for (let count = 0; count < 10; count++) await client.next('puback')
  },
  async answerTimeout(open) {
    const broker = open({ authorize: () => new Promise(() => {}), answerTimeout: 20 })
    assert.deepEqual(await answer(broker, publish('t', { qos: 1 })), ['puback', 0x80])
  },
  async memoryMaximum(open) {
    const broker = open({ memoryMaximum: 1 << 20, queue: { messages: 1_000_000, bytes: 1 << 30 } })
    const client = await join(broker, 'me', { properties: { receiveMaximum: 1 } })
    await client.subscribe('t', 1)
    const publisher = await join(broker, 'p')
    const codes = new Set()
    for (let number = 0; number < 300; number++) {
      publisher.send(publish('t', { qos: 1, payload: 'x'.repeat(10_000) }))
      codes.add((await publisher.next('puback')).reasonCode)
    }
    assert.deepEqual([...codes], [0, 0x97])
    const { memory, queued } = broker.counters()
    assert.ok(memory.highest < 1 << 20 && queued.bytes > 300_000, `${memory.highest} ${queued.bytes}`)
  },
}

for (const [name, holds] of Object.entries(rows)) {
  test(`${name} holds`, { timeout }, async t => {
    await holds(options => {
      const broker = new Broker(options)
      t.after(() => broker.close())
      return broker
    })
  })
}

test('no option is forgotten here', () => {
  const options = given => {
    try {
      new Broker(given)
    } catch ({ message }) {
      return /; the options are (.*)$/.exec(message)[1].split(/, | and /)
    }
  }
  const nested = ['queue', 'retained'].flatMap(key => options({ [key]: { x: 1 } }).map(name => `${key}.${name}`))
  const all = [...options({ x: 1 }).filter(name => name !== 'queue' && name !== 'retained'), ...nested]
  // Access, storage, and the one limit of a flood, which pressure.test.mjs tests.
  const elsewhere = ['store', 'users', 'acl', 'authenticate', 'authenticateEnhanced', 'authorize', 'authorizeReceive']
  assert.deepEqual(all.sort(), [...Object.keys(rows), ...elsewhere, 'inputBytesMaximum'].sort())
})
