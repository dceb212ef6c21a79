// The packed package against a real Mosquitto over a real WebSocket, in both versions.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing, startMosquitto } from './lib/mosquitto.mjs'
import { install, load } from './lib/packed.mjs'
import { createWebSocket } from './lib/script.mjs'

const { Client, ConnectError, ConnectionError, PublishError, connect } = await load(install(), 'wasmqtt')

/** A client that is ended after the test. */
async function open(t, url, options) {
  const client = await connect(url, options)
  t.after(() => client.end())
  return client
}

for (const version of [4, 5]) {
  describe(`Mosquitto, version ${version}`, { skip: missing, timeout: 60_000 }, () => {
    let broker
    const options = { version, createWebSocket }

    before(async () => {
      broker = await startMosquitto()
    })
    after(() => broker.stop())

    // [MQTT-4.2-1], [3.1.1 MQTT-7.1.2-1]; and with nothing that Mosquitto does not know
    // [3.1.1 MQTT-7.0.0-2].
    test('messages of each quality come back once and in order', async t => {
      const client = await open(t, broker.url, options)
      assert.deepEqual(client.status, { phase: 'connected', resumed: false, gap: false })
      assert.equal(client.sessionPresent, false)
      const got = []
      let complete
      const all = new Promise(resolve => {
        complete = resolve
      })
      await client.subscribe('test/+', { qos: 2 }, message => {
        got.push([message.topic, message.text(), message.qos])
        if (got.length === 30) complete()
      })
      const expected = []
      const published = []
      for (let number = 0; number < 30; number++) {
        const qos = number % 3
        expected.push([`test/${qos}`, `message ${number}`, qos])
        published.push(client.publish(`test/${qos}`, `message ${number}`, { qos }))
      }
      await Promise.all([...published, all])
      for (const qos of [0, 1, 2]) {
        const of = list => list.filter(row => row[2] === qos)
        assert.deepEqual(of(got), of(expected))
      }
    })

    // Not longer: Mosquitto 2.0 with libwebsockets hangs over a megabyte, whoever the client is.
    test('payloads of all lengths arrive whole, in any kind of buffer', async t => {
      const client = await open(t, broker.url, options)
      const stream = client.messages('length/#', { qos: 1 })
      const expected = []
      for (const length of [0, 1, 63, 64, 65, 126, 127, 128, 4096, 16_383, 70_000]) {
        const bytes = new Uint8Array(length).map((_, at) => (at * 31) & 0xff)
        const view = new DataView(new ArrayBuffer(length + 3), 3)
        new Uint8Array(view.buffer, 3).set(bytes)
        const payload = [bytes, view, bytes.buffer][length % 3]
        expected.push(bytes)
        client.publish(`length/${length}`, payload, { qos: 1 })
      }
      for (const bytes of expected) {
        const { value } = await stream.next()
        assert.equal(value.topic, `length/${bytes.length}`)
        assert.deepEqual(value.payload, bytes)
      }
      await stream.return()
    })

    test('a retained message is there for who comes later, and cleared by an empty one', async t => {
      const client = await open(t, broker.url, options)
      await client.publish('retained/ä', 'kept', { qos: 1, retain: true })
      const later = await open(t, broker.url, options)
      const stream = later.messages('retained/#')
      const { value } = await stream.next()
      assert.deepEqual([value.topic, value.text(), value.retain], ['retained/ä', 'kept', true])
      await client.publish('retained/ä', '', { qos: 1, retain: true })
    })

    test('the will is published when the client is killed, and not when it ends', async t => {
      const watcher = await open(t, broker.url, options)
      const stream = watcher.messages('will/#', { qos: 1 })
      const will = { topic: 'will/of', payload: 'gone', qos: 1 }
      const ended = await connect(broker.url, { ...options, will })
      await ended.end()
      const killed = await connect(broker.url, { ...options, will: { ...will, payload: 'killed' } })
      killed.kill()
      const { value } = await stream.next()
      assert.equal(value.text(), 'killed')
    })

    test('a session goes on where it was left', async t => {
      const session = { ...options, clientId: `keeper-${version}`, cleanStart: false }
      if (version === 5) session.sessionExpiry = 600
      const first = await connect(broker.url, session)
      await first.subscribe('later/#', { qos: 1 }, () => {})
      await first.end()
      const other = await open(t, broker.url, options)
      await other.publish('later/x', 'waited', { qos: 1 })
      const second = new Client(broker.url, session)
      let subscribed
      const got = new Promise(resolve => {
        subscribed = second.subscribe('later/#', { qos: 1 }, resolve)
      })
      await second.ready
      assert.equal(second.sessionPresent, true)
      assert.equal((await got).text(), 'waited')
      await subscribed
      await second.end()
    })

    test('requests made before the connection is there are sent in their order', async () => {
      const client = new Client(broker.url, options)
      assert.equal(client.status.phase, 'connecting')
      const stream = client.messages('early/#')
      const published = [client.publish('early/1', '1'), client.publish('early/2', '2', { qos: 2 })]
      await Promise.all(published)
      const topics = [(await stream.next()).value.topic, (await stream.next()).value.topic]
      assert.deepEqual(topics.toSorted(), ['early/1', 'early/2'])
      await client.end()
    })

    test('every packet is told while somebody listens', async t => {
      const client = await open(t, broker.url, options)
      const packets = []
      const listener = ({ packet }) => packets.push(packet)
      client.addEventListener('packet', listener)
      await client.publish('packets', '12345', { qos: 2 })
      client.removeEventListener('packet', listener)
      await client.publish('packets', 'not told', { qos: 2 })
      assert.deepEqual(
        packets.map(({ direction, kind }) => `${direction} ${kind}`),
        ['sent PUBLISH', 'received PUBREC', 'sent PUBREL', 'received PUBCOMP'],
      )
      const [publish, pubrec] = packets
      assert.equal(publish.topic, 'packets')
      assert.equal(publish.qos, 2)
      assert.equal(publish.retain, false)
      assert.equal(publish.duplicate, false)
      assert.equal(publish.payloadBytes, 5)
      assert.equal(publish.bytes[0], 0x34)
      assert.ok(publish.packetId > 0 && pubrec.packetId === publish.packetId)
      assert.ok(typeof publish.time === 'number')
    })

    test('a broker that is gone is told: the status, the promises, the loop', async () => {
      const doomed = await startMosquitto()
      const client = await connect(doomed.url, { ...options, reconnect: false })
      const stream = client.messages('x')
      await client.subscribe('y', () => {})
      const closed = new Promise(resolve => {
        client.addEventListener('status', ({ status }) => resolve(status), { once: true })
      })
      await doomed.stop()
      const published = assert.rejects(client.publish('a', 'b', { qos: 1 }))
      const { phase, error } = await closed
      assert.equal(phase, 'closed')
      assert.ok(error instanceof ConnectionError, String(error))
      await published
      await assert.rejects(stream.next(), error)
      assert.deepEqual(await stream.next(), { done: true, value: undefined })
    })

    test('no broker: the connection is refused, and what waits for it is told', async () => {
      const gone = await startMosquitto()
      await gone.stop()
      const client = new Client(gone.url, { ...options, reconnect: false })
      const published = client.publish('a', 'b', { qos: 1 })
      await Promise.all([
        assert.rejects(
          client.ready,
          error => error instanceof ConnectError && /ECONNREFUSED/.test(String(error.cause)),
        ),
        assert.rejects(published, error => error instanceof PublishError && error.cause instanceof ConnectError),
      ])
    })
  })
}

describe('Mosquitto, version 5 only', { skip: missing, timeout: 60_000 }, () => {
  let broker
  before(async () => {
    broker = await startMosquitto()
  })
  after(() => broker.stop())

  test('properties go there and back', async t => {
    const client = await open(t, broker.url, { createWebSocket })
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 60,
      contentType: 'text/plain',
      responseTopic: 'reply/here',
      correlationData: new Uint8Array([1, 2, 3]),
      userProperties: [
        ['name', 'value'],
        ['name', 'another'],
      ],
    }
    const stream = client.messages('properties', { qos: 1, subscriptionIdentifier: 268_435_455 })
    await client.publish('properties', 'x', { qos: 1, properties })
    const { value } = await stream.next()
    assert.deepEqual(value.properties, { ...properties, subscriptionIdentifiers: [268_435_455] })
    assert.equal(value.properties, value.properties)
  })

  test('noLocal, retainAsPublished and retainHandling do as they say', async t => {
    const client = await open(t, broker.url, { createWebSocket })
    await client.publish('kept/retained', 'r', { qos: 1, retain: true })
    const got = []
    await client.subscribe('kept/#', { noLocal: true, retainHandling: 2 }, message => got.push(message.text()))
    await client.publish('kept/own', 'own', { qos: 1 })
    const other = await open(t, broker.url, { createWebSocket })
    const stream = client.messages('flag/#', { retainAsPublished: true })
    // The answer shows that the broker has read the SUBSCRIBE before it.
    await client.publish('sync', '', { qos: 1 })
    await other.publish('kept/other', 'other', { qos: 1 })
    await other.publish('flag/other', 'flagged', { qos: 1, retain: true })
    const { value } = await stream.next()
    assert.deepEqual([value.text(), value.retain], ['flagged', true])
    assert.deepEqual(got, ['other'])
    for (const topic of ['kept/retained', 'flag/other']) await other.publish(topic, '', { qos: 1, retain: true })
  })

  test('the broker assigns an identifier to who has none', async t => {
    const client = await open(t, broker.url, { createWebSocket, clientId: '' })
    assert.ok(client.clientId.length > 0)
    assert.equal(client.connackProperties.assignedClientIdentifier, client.clientId)
  })
})
