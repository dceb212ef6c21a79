// Requests and their replies (MQTT 5.0 §4.10).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const { Broker, ClosedError, OptionError, PublishError, SubscribeError, TimeoutError, connect } = await load(
  install(),
  'wasmqtt/broker',
)

const timeout = 20_000

/** A broker with a client that answers `rpc/#`, and one that asks. */
async function home(t, options) {
  const broker = new Broker()
  const server = await connect(broker)
  const client = await connect(broker, options)
  t.after(() => broker.close())
  return { broker, server, client }
}

test('each request gets its own reply, in any order, by one subscription', { timeout }, async t => {
  const { broker, server, client } = await home(t)
  const held = []
  await server.subscribe('rpc/+', message => {
    held.push(message)
    if (held.length < 20) return
    for (const request of held.reverse()) server.reply(request, `${request.text()}!`)
  })
  const replies = await Promise.all(Array.from({ length: 20 }, (_, number) => client.request('rpc/a', String(number))))
  assert.deepEqual(
    replies.map(reply => reply.text()),
    Array.from({ length: 20 }, (_, number) => `${number}!`),
  )
  const own = broker.sessions().find(({ clientId }) => clientId === client.clientId)
  assert.equal(own.subscriptions.length, 1)
  const data = held.map(({ properties }) => String(properties.correlationData))
  assert.equal(new Set(data).size, 20)
  assert.equal(held[0].properties.messageExpiryInterval, 30)
})

test('a host that was stopped reads a reply before it judges', { timeout }, async t => {
  const { server, client } = await home(t, { keepAlive: 0 })
  let ask
  await server.subscribe('rpc', message => ask(message))
  // The part for requests is there.
  await client.request('x', '', { timeout: 1 }).catch(() => {})
  let stopped = 0
  const real = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => real() + stopped)
  for (const replies of [true, false]) {
    const asked = new Promise(resolve => {
      ask = resolve
    })
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const reply = client.request('rpc', '', { timeout: 1000 })
    const request = await asked
    stopped += 3_600_000
    t.mock.timers.tick(1000)
    if (replies) {
      await server.reply(request, 'in time', { qos: 0 })
      assert.equal((await reply).text(), 'in time')
    } else {
      stopped += 3_600_000
      t.mock.timers.tick(1000)
      await assert.rejects(reply, TimeoutError)
    }
    t.mock.timers.reset()
  }
})

test('a request that nobody answers times out, and its late reply is nobody’s', { timeout }, async t => {
  const { server, client } = await home(t)
  let request
  const asked = new Promise(resolve =>
    server.subscribe('rpc', message => {
      request ??= message
      resolve()
    }),
  )
  await server.publish('x', '', { qos: 1 })
  const error = await client.request('rpc', '', { timeout: 50 }).catch(error => error)
  assert(error instanceof TimeoutError, String(error))
  assert.match(error.message, /rpc.*50/)
  await asked
  const next = client.request('rpc', 'second')
  await server.reply(request, 'late', { qos: 1 })
  const other = await server.subscribe('rpc', message => {
    if (message.text() === 'second') server.reply(message, 'right')
  })
  client.request('rpc', 'second').catch(() => {})
  assert.equal((await client.request('rpc', 'second')).text(), 'right')
  await other.unsubscribe()
  await client.end()
  await assert.rejects(next, ClosedError)
})

test('a request ends with its signal and with its client', { timeout }, async t => {
  const { client } = await home(t)
  const controller = new AbortController()
  const aborted = client.request('rpc', '', { signal: controller.signal })
  const waiting = client.request('rpc', '')
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(aborted, reason)
  await assert.rejects(client.request('rpc', '', { signal: controller.signal }), reason)
  await client.end()
  await assert.rejects(waiting, ClosedError)
  await assert.rejects(client.request('rpc', ''), ClosedError)
})

test('what the broker refuses fails the request', { timeout }, async t => {
  const broker = new Broker({
    authorize: ({ action, topic }) => (action === 'subscribe' ? topic !== 'no/reply' : topic !== 'no/request'),
  })
  t.after(() => broker.close())
  const client = await connect(broker)
  await assert.rejects(
    client.request('no/request', ''),
    error => error instanceof PublishError && error.reasonCode === 0x87,
  )
  await assert.rejects(client.request('rpc', '', { responseTopic: 'no/reply' }), SubscribeError)
  // A refused subscription is asked for again.
  await assert.rejects(client.request('rpc', '', { responseTopic: 'no/reply' }), SubscribeError)
})

test('the response topic is below the broker’s Response Information', { timeout }, async t => {
  const server = await startScript(async peer => {
    const connect = await peer.accept({ properties: { responseInformation: 'for/me/' } })
    const { subscriptions } = await peer.grant()
    const publish = await peer.next('publish')
    peer.send({ cmd: 'puback', messageId: publish.messageId })
    const { responseTopic, correlationData } = publish.properties
    const reply = { cmd: 'publish', topic: responseTopic, qos: 0, retain: false }
    peer.send({ ...reply, payload: 'no data' })
    peer.send({ ...reply, payload: 'other data', properties: { correlationData: Buffer.from('other') } })
    peer.send({ ...reply, payload: 'right', properties: { correlationData } })
    peer.send({ ...reply, payload: 'twice', properties: { correlationData } })
    await peer.closed
    return [connect.properties.requestResponseInformation, subscriptions[0].topic, responseTopic]
  })
  t.after(() => server.stop())
  const client = await connect(server.url, { createWebSocket, requestResponseInformation: true })
  assert.equal((await client.request('rpc', 'x')).text(), 'right')
  await client.end()
  const [[asked, filter, topic]] = await server.finished()
  assert.equal(asked, true)
  assert.equal(filter, topic)
  assert.match(topic, /^for\/me\/[0-9a-z]+$/)
})

test('wrong requests and replies are the caller’s mistake', { timeout }, async t => {
  const { broker, server, client } = await home(t)
  for (const options of [
    { timeout: 0 },
    { qos: 3 },
    { responseTopic: 'a/#' },
    { responseTopic: '' },
    { retain: true },
    { properties: { correlationData: new Uint8Array(1) } },
    { signal: 7 },
  ]) {
    await assert.rejects(client.request('rpc', '', options), OptionError, JSON.stringify(options))
  }
  await assert.rejects(client.request('rpc/#', ''), OptionError)
  await assert.rejects(client.request('rpc', 7), OptionError)
  const old = await connect(broker, { version: 4 })
  await assert.rejects(old.request('rpc', ''), OptionError)
  const plain = new Promise(resolve => server.subscribe('plain', resolve))
  await server.publish('plain', '', { qos: 1 })
  await assert.rejects(server.reply(await plain, 'x'), OptionError)
})

test('the payload of a request is taken at the call', { timeout }, async t => {
  const { server, client } = await home(t)
  await server.subscribe('rpc', message => server.reply(message, message.payload))
  const payload = new Uint8Array([1, 2])
  const reply = client.request('rpc', payload, { qos: 0, properties: { contentType: 'x' } })
  payload.fill(9)
  assert.deepEqual([...(await reply).payload], [1, 2])
})

test('a request waits through a lost connection, and its reply comes on the next', { timeout }, async t => {
  let connections = 0
  const server = await startScript(async peer => {
    connections++
    if (connections === 1) {
      await peer.accept()
      await peer.grant()
      await peer.next('publish')
      // Before PUBACK and the reply.
      peer.socket.terminate()
      return
    }
    await peer.accept({ sessionPresent: true })
    const publish = await peer.next('publish')
    peer.send({ cmd: 'puback', messageId: publish.messageId })
    const { responseTopic, correlationData } = publish.properties
    const reply = { cmd: 'publish', topic: responseTopic, qos: 0, retain: false, payload: 'late but right' }
    peer.send({ ...reply, properties: { correlationData } })
    await peer.closed
  })
  t.after(() => server.stop())
  const client = await connect(server.url, { createWebSocket, sessionExpiry: 60, reconnect: { min: 1, max: 10 } })
  assert.equal((await client.request('rpc', 'x', { timeout: 15_000 })).text(), 'late but right')
  assert.equal(connections, 2)
  await client.end()
})
