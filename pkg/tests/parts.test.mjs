// The parts that are loaded only when they are used: without their files the rest runs.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const project = install()
const ofBroker = ['hooks.js', 'stores.js', 'bridge.js']
const ofClient = [
  'streams.js',
  'requests.js',
  'authentication.js',
  'limits.js',
  'redirects.js',
  'share.js',
  'fixes.js',
  'full.js',
]
for (const part of [...ofBroker, ...ofClient]) rmSync(join(project, 'node_modules/wasmqtt/dist', part))
const {
  Broker,
  Client,
  connect,
  ConnectError,
  hashPassword,
  indexedDb,
  load: loadModule,
  LoadError,
  memory,
  MqttError,
  OptionError,
} = await load(project, 'wasmqtt/broker')

const missing = error => error instanceof MqttError && /a part of wasmqtt could not be loaded: /.test(error.message)

test('a module that cannot be loaded is told without the part that names the fix', async () => {
  const bytes = new TextEncoder().encode('<html>')
  await assert.rejects(
    loadModule({ bytes }),
    error => error instanceof LoadError && /a page of HTML; nor could another part/.test(error.message),
  )
  await loadModule({ url: new URL('node_modules/wasmqtt/dist/broker/wasmqtt_bg.wasm', `file://${project}/`) })
})

test('a broker without hooks, users and store, with an access list, is without the parts', async () => {
  const broker = new Broker({ acl: [{ action: 'all', filter: 'secret/#', allow: false }] })
  const client = await connect(broker)
  await client.publish('a', 'b', { qos: 1 })
  await assert.rejects(client.publish('secret/a', 'b', { qos: 1 }), { reasonCode: 0x87 })
  await client.end()
  await broker.close()
})

test('a broker whose chunk cannot be loaded says so', async () => {
  for (const options of [
    { users: [] },
    { authenticate: () => true },
    { authenticateEnhanced: () => true },
    { authorize: () => true },
    { store: memory() },
  ]) {
    const broker = new Broker(options)
    await assert.rejects(broker.ready, missing, Object.keys(options)[0])
    await assert.rejects(connect(broker), missing)
    await broker.close()
  }
  await assert.rejects(hashPassword('secret'), missing)
  await assert.rejects(indexedDb('a').load().next(), missing)
})

test('wrong users and passwords are found before a chunk is loaded', async () => {
  assert.throws(() => new Broker({ users: [{ username: 'ann', passwordHash: 'plain' }] }), OptionError)
  await assert.rejects(hashPassword(7), OptionError)
})

test('a client connects, subscribes, publishes and ends without its parts', async () => {
  const broker = new Broker()
  const client = await connect(broker, { will: { topic: 'will' }, credentials: { username: 'a' } })
  const received = new Promise(resolve => {
    client.subscribe('a/#', { qos: 1 }, resolve).then(() => client.publish('a/b', 'c', { qos: 2 }))
  })
  assert.equal((await received).text(), 'c')
  await client.unsubscribe('a/#')
  await client.drain()
  await client.end()
  await broker.close()
})

test('a client whose option needs a missing part does not connect, and says so', async () => {
  const broker = new Broker()
  const needs = error => error instanceof ConnectError && /a part of wasmqtt could not be loaded: /.test(error.message)
  await assert.rejects(connect(broker, { limits: 'aws-iot' }), needs)
  await assert.rejects(connect(broker, { authenticationMethod: 'x', authenticate: () => undefined }), needs)
  await broker.close()
})

test('a redirect that cannot be read for want of its part is a failed attempt', async () => {
  const broker = new Broker({ redirect: { serverReference: 'other.example' } })
  const client = new Client(broker, { reconnect: true })
  client.ready.catch(() => {})
  while (!missing(client.status.error?.cause)) await once(client, 'status')
  assert.equal(client.status.phase, 'waiting')
  await client.end()
  await broker.close()
})

test('a stream whose part is missing throws in its loop, and leaves no subscription', { timeout: 10_000 }, async () => {
  const broker = new Broker()
  const client = await connect(broker)
  for (const stream of [client.messages('a'), client.latest('a'), broker.messages('a')]) {
    await assert.rejects(stream.next(), missing)
    await assert.rejects(stream.drain(), missing)
  }
  await assert.rejects(client.request('a', 'b'), missing)
  while (broker.counters().subscriptions > 0) await new Promise(setImmediate)
  assert.equal(await broker.publish('a', 'nobody takes it'), 0)
  await client.end()
  await broker.close()
})
