// Requests that wait, are given up, or are answered in unusual ways.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const project = install()
const { Broker, Client: PageClient, connect: connectInPage } = await load(project, 'wasmqtt/broker')
const { Client, IndeterminateError, PublishError, TimeoutError, connect } = await load(project, 'wasmqtt')

const timeout = 20_000
const never = () => new Promise(() => {})
const nowhere = 'ws://127.0.0.1:9'

async function serve(t, script) {
  const server = await startScript(script)
  t.after(() => server.stop())
  return server
}

/** Resolves when the queue holds so many requests, which it does once the module is loaded. */
async function queued(client, messages) {
  while (client.queue.messages !== messages) await new Promise(resolve => setImmediate(resolve))
}

test('what waits is in the queue, and a signal takes it out', { timeout }, async () => {
  const client = new Client(nowhere, { createWebSocket: never })
  assert.deepEqual(client.queue, { messages: 0, bytes: 0, inFlight: 0 })
  assert.equal(client.server, undefined)
  const controllers = [0, 1, 2].map(() => new AbortController())
  const options = controllers.map(({ signal }, qos) => ({ qos, signal }))
  const published = options.map(option => client.publish('a', 'bc', option))
  assert.deepEqual(client.queue, { messages: 3, bytes: 9, inFlight: 0 })
  const late = options.map(option => client.publish('late', '', option))
  await queued(client, 6)
  for (const controller of controllers) controller.abort()
  for (const promise of [...published, ...late]) await assert.rejects(promise, { name: 'AbortError' })
  assert.deepEqual(client.queue, { messages: 0, bytes: 0, inFlight: 0 })
  await client.end()
})

test('a full offline queue drops by its policy', { timeout }, async () => {
  for (const [overflow, dropped] of [
    ['reject', 2],
    ['drop-newest', 2],
    ['drop-oldest', 0],
  ]) {
    const client = new Client(nowhere, { createWebSocket: never, offline: { limit: 2, overflow } })
    const all = [client.publish('a', '0', { qos: 1 }), client.publish('a', '1'), client.publish('a', '2', { qos: 2 })]
    const rest = Promise.allSettled(all)
    await assert.rejects(all[dropped], error => error instanceof PublishError && error.reasonCode === 0x97)
    assert.equal(client.queue.messages, 2)
    await client.end()
    await rest
  }
})

test('the limits of the broker are told, with their defaults', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept({ properties: { receiveMaximum: 5, maximumQoS: 1, serverKeepAlive: 7 } })
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket, sessionExpiry: 9 })
  assert.deepEqual(client.server, {
    version: 5,
    receiveMaximum: 5,
    maximumQos: 1,
    retainAvailable: true,
    maximumPacketSize: Number.POSITIVE_INFINITY,
    topicAliasMaximum: 0,
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifierAvailable: true,
    sharedSubscriptionAvailable: true,
    keepAlive: 7,
    sessionExpiry: 9,
  })
  assert.ok(Object.isFrozen(client.server))
  await client.end()
})

test('a request without an answer in time is a TimeoutError, and the client goes on', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    for (let packet = await peer.next(); packet; packet = await peer.next()) {
      if (packet.topic === 'answered') peer.send({ cmd: 'puback', messageId: packet.messageId })
    }
  })
  const client = await connect(server.url, { createWebSocket, requestTimeout: 50 })
  for (const request of [client.publish('a', '', { qos: 1 }), client.subscribe('b', () => {})]) {
    await assert.rejects(request, error => error instanceof TimeoutError && !(error instanceof IndeterminateError))
  }
  await client.publish('answered', '', { qos: 1 })
  assert.equal(client.status.phase, 'connected')
  await client.end()
})

test('PUBACK for QoS 2 is a notice, and an error if strict', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    const { messageId } = await peer.next('publish')
    peer.send({ cmd: 'puback', messageId })
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket })
  const notices = []
  client.addEventListener('notice', ({ notice }) => notices.push(notice))
  await client.publish('a', 'b', { qos: 2 })
  assert.deepEqual(notices, [{ kind: 'downgraded', topic: 'a' }])
  await client.end()
  const strict = await connect(server.url, { createWebSocket, strict: true })
  await assert.rejects(strict.publish('a', 'b', { qos: 2 }))
})

/** [MQTT-3.1.3-9]. The will of a page that does not come back is the clock. */
test('a reload with a session and a will delay publishes no will', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const wills = []
  let gone
  const last = new Promise(resolve => {
    gone = resolve
  })
  await broker.subscribe('will/#', message => {
    wills.push(message.topic)
    if (message.topic === 'will/gone') gone()
  })
  const options = name => ({
    clientId: name,
    cleanStart: false,
    sessionExpiry: 60,
    will: { topic: `will/${name}`, payload: 'gone', qos: 1, delay: 1 },
  })
  const reloaded = await connectInPage(broker, options('reloaded'))
  const away = await connectInPage(broker, options('gone'))
  reloaded.kill()
  away.kill()
  const again = new PageClient(broker, options('reloaded'))
  await again.ready
  assert.equal(again.sessionPresent, true)
  await last
  assert.deepEqual(wills, ['will/gone'])
  await again.end()
})
