// The parts of the broker that are loaded only when they are used: without their files the rest
// runs.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const project = install()
for (const part of ['hooks.js', 'stores.js', 'bridge.js']) rmSync(join(project, 'node_modules/wasmqtt/dist', part))
const { Broker, connect, hashPassword, indexedDb, memory, MqttError, OptionError } = await load(
  project,
  'wasmqtt/broker',
)

test('a broker without hooks, users and store, with an access list, is without the parts', async () => {
  const broker = new Broker({ acl: [{ action: 'all', filter: 'secret/#', allow: false }] })
  const client = await connect(broker)
  await client.publish('a', 'b', { qos: 1 })
  await assert.rejects(client.publish('secret/a', 'b', { qos: 1 }), { reasonCode: 0x87 })
  await client.end()
  await broker.close()
})

test('a broker whose chunk cannot be loaded says so', async () => {
  const missing = error => error instanceof MqttError && /a part of wasmqtt could not be loaded: /.test(error.message)
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
