// A bridge of a real Mosquitto, with its default configuration, to the broker on a port.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { missing, startMosquitto } from '../lib/mosquitto.mjs'
import { install, load } from '../lib/packed.mjs'
import { mqttJs } from './drivers/mqttjs.mjs'

const { Broker } = await load(install(), 'wasmqtt/broker')
const [{ open }] = mqttJs

/** The broker on TCP, closed after the test, and the events that it has told. */
async function serve(t) {
  const broker = new Broker()
  const events = []
  broker.addEventListener('event', ({ detail }) => events.push(detail))
  const server = createServer(socket => broker.accept(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    broker.close()
    server.close()
  })
  return { broker, events, port: server.address().port, tcp: `mqtt://127.0.0.1:${server.address().port}` }
}

/** Resolves once the broker tells such an event, or has told it. */
async function told(broker, events, isIt) {
  while (!events.some(isIt)) await new Promise(resolve => broker.addEventListener('event', resolve, { once: true }))
}

// A private level is refused first, so that the bridge falls back; one of 5.0 has none. It waits 5
// to 30 seconds before it tries again. [3.1.1 MQTT-3.1.2-2]
for (const [protocol, refused] of [
  ['the default', 1],
  ['mqttv31', 1],
  ['mqttv50', 0],
]) {
  test(`a bridge of Mosquitto, ${protocol}`, { skip: missing, timeout: 60_000 }, async t => {
    const { broker, events, port, tcp } = await serve(t)
    const watcher = await open({ tcp }, { version: 5, clientId: 'watcher' })
    t.after(watcher.end)
    await watcher.subscribe('$SYS/broker/connection/+/state', 1)
    await watcher.subscribe('out/#', 2)
    const version = protocol === 'the default' ? [] : [`bridge_protocol_version ${protocol}`]
    const topics = ['topic out/# out 2', 'topic in/# in 2']
    const mosquitto = await startMosquitto(['connection edge', `address 127.0.0.1:${port}`, ...topics, ...version])
    t.after(mosquitto.stop)

    const connected = await watcher.inbox.next()
    assert.match(connected.topic, /^\$SYS\/broker\/connection\/[^/]+\.edge\/state$/)
    assert.equal(connected.payload, '1')
    assert.equal(events.filter(({ type }) => type === 'rejected').length, refused)
    const later = await open({ tcp }, { version: 4, clientId: 'later' })
    t.after(later.end)
    await later.subscribe('$SYS/broker/connection/#', 1)
    assert.deepEqual(await later.inbox.next(), { ...connected, retain: true })

    await told(broker, events, ({ type, filter }) => type === 'subscribed' && filter === 'in/#')
    const local = await open(mosquitto, { version: 4, clientId: 'local' })
    await local.subscribe('in/#', 2)
    for (const qos of [0, 1, 2]) {
      await local.publish(`out/${qos}`, 'there', { qos })
      assert.deepEqual(await watcher.inbox.next(), { topic: `out/${qos}`, payload: 'there', qos, retain: false })
      await watcher.publish(`in/${qos}`, 'back', { qos })
      assert.deepEqual(await local.inbox.next(), { topic: `in/${qos}`, payload: 'back', qos, retain: false })
    }
    await local.end()

    await mosquitto.stop()
    assert.deepEqual(await watcher.inbox.next(), { ...connected, payload: '0' })
  })
}
