// Clients that nobody here wrote, against the broker on a port, as the command line starts it, and
// in the page.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { install, load } from '../lib/packed.mjs'
import { mosquitto } from './drivers/mosquitto.mjs'
import { mqttJs } from './drivers/mqttjs.mjs'
import { paho } from './drivers/paho.mjs'
import { pahoPython } from './drivers/paho-python.mjs'
import { u8 } from './drivers/u8.mjs'

const project = install()
const { Broker } = await load(project, 'wasmqtt/broker')
const drivers = [...mqttJs, ...paho, ...u8, ...mosquitto, ...pahoPython]

/**
 * Brokers for the clients. `tcp` and `ws` are addresses of one in a process of its own; `page` is
 * one in this process. `subscribed` resolves with the quality of service that the first grants
 * next.
 */
const broker = { tcp: '', ws: '', page: undefined, subscribed }
let server
const subscriptions = new EventEmitter()

function subscribed(clientId) {
  return new Promise(resolve => subscriptions.once(clientId, resolve))
}

before(async () => {
  broker.page = new Broker()
  const command = join(project, 'node_modules/wasmqtt/dist/cli.js')
  const args = [command, 'broker', '--tcp', '0', '--ws', '0', '--log', 'debug']
  server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  createInterface({ input: server.stderr }).on('line', line => {
    const [, clientId, code] = / subscribed clientId="([^"]*)" .* reasonCode=0x(..)$/.exec(line) ?? []
    if (clientId) subscriptions.emit(clientId, Number.parseInt(code, 16))
  })
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data')
  ;[, broker.tcp, broker.ws] = /listens on (\S+) (\S+)/.exec(line)
})

after(async () => {
  broker.page.close()
  server.kill('SIGTERM')
  assert.deepEqual(await once(server, 'exit'), [0, null])
})

let clients = 0

/** Subscribes, and ends with DISCONNECT. */
async function visit(client, filter, qos) {
  if (client.visit) return client.visit(filter, qos)
  await client.subscribe(filter, qos)
  await client.end()
}

for (const driver of drivers) {
  const { name, versions, qualities, missing = false, open: openClient } = driver
  for (const version of versions) {
    describe(`${name}, version ${version}`, { skip: missing, timeout: 20_000 }, () => {
      /** A client that is ended after the test, if it is not yet. */
      async function open(t, options) {
        clients += 1
        const client = await openClient(broker, { version, clientId: `client-${clients}`, ...options })
        let isOver = false
        const over = end => async () => {
          if (!isOver) await end()
          isOver = true
        }
        const [end, kill] = [over(client.end), over(client.kill)]
        t.after(end)
        return { ...client, end, kill }
      }
      /** The topics of a test, which are nobody else's. */
      const topicOf = t => `${name}/${version}/${t.name}`.replaceAll(/[^\w/]+/g, '-')

      // With nothing that these clients do not know [3.1.1 MQTT-7.0.0-2].
      test('messages of each quality come once and in order', async t => {
        const [from, to] = [await open(t), await open(t)]
        const topic = topicOf(t)
        const highest = Math.max(...qualities)
        assert.equal(await to.subscribe(`${topic}/#`, highest), highest)
        for (let number = 0; number < 10; number++) {
          for (const qos of qualities) await from.publish(`${topic}/${qos}`, `${number}`, { qos })
        }
        const got = new Map(qualities.map(qos => [qos, []]))
        for (let count = 0; count < 10 * qualities.length; count++) {
          const { topic: found, payload, qos, retain } = await to.inbox.next()
          assert.deepEqual([found, retain], [`${topic}/${qos}`, false])
          got.get(qos).push(Number(payload))
        }
        for (const numbers of got.values()) assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      })

      test('a retained message is there for who comes later, and cleared by an empty one', async t => {
        const [from, to, last] = [await open(t), await open(t), await open(t)]
        const topic = topicOf(t)
        await from.publish(`${topic}/kept`, 'kept', { qos: 1, retain: true })
        await to.subscribe(`${topic}/#`, 1)
        assert.deepEqual(await to.inbox.next(), { topic: `${topic}/kept`, payload: 'kept', qos: 1, retain: true })
        await from.publish(`${topic}/kept`, '', { qos: 1, retain: true })
        await last.subscribe(`${topic}/#`, 1)
        await from.publish(`${topic}/other`, 'not kept', { qos: 1 })
        assert.equal((await last.inbox.next()).payload, 'not kept')
      })

      test('the will of who is lost is published, and not of who ends', async t => {
        const watcher = await open(t)
        const topic = topicOf(t)
        await watcher.subscribe(`${topic}/+`, 1)
        const willOf = payload => ({ topic: `${topic}/will`, payload, qos: 1, retain: false })
        const ends = await open(t, { will: willOf('ended') })
        await visit(ends, `${topic}/other/#`, 0)
        const isLost = await open(t, { will: willOf('lost') })
        await isLost.subscribe(`${topic}/other/#`, 0)
        await isLost.kill()
        const { topic: found, payload, qos } = await watcher.inbox.next()
        assert.deepEqual([found, payload, qos], [`${topic}/will`, 'lost', 1])
      })

      test('a session goes on where it was left', async t => {
        const topic = topicOf(t)
        const session = { clientId: `keeper-${clients}`, clean: false }
        const first = await open(t, session)
        await visit(first, topic, 1)
        const other = await open(t)
        await other.publish(topic, 'waited', { qos: 1 })
        const second = await open(t, session)
        // mosquitto_sub connects only now.
        await second.subscribe(topic, 1)
        assert.deepEqual(await second.inbox.next(), { topic, payload: 'waited', qos: 1, retain: false })
        // Not all tell, and 3.1 has no such flag.
        if (version > 3 && 'sessionPresent' in second) {
          assert.deepEqual([first.sessionPresent, second.sessionPresent], [false, true])
        }
      })

      test('the members of a shared subscription take turns', async t => {
        const topic = topicOf(t)
        const [from, ...members] = [await open(t), await open(t), await open(t)]
        for (const member of members) await member.subscribe(`$share/group/${topic}`, 1)
        for (let number = 0; number < 10; number++) await from.publish(topic, `${number}`, { qos: 1 })
        const numbers = []
        for (const member of members) {
          for (let count = 0; count < 5; count++) numbers.push(Number((await member.inbox.next()).payload))
        }
        assert.deepEqual(
          numbers.toSorted((a, b) => a - b),
          [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        )
      })
    })
  }
}

test('all of them understand each other', { timeout: 60_000 }, async t => {
  const present = drivers.filter(({ missing, name }) => !missing && !name.includes('page'))
  const all = []
  for (const driver of present) {
    for (const version of driver.versions) {
      clients += 1
      const client = await driver.open(broker, { version, clientId: `all-${clients}` })
      t.after(() => client.end())
      await client.subscribe('all/+', 1)
      all.push(client)
    }
  }
  for (const [index, client] of all.entries()) await client.publish(`all/${index}`, `from ${index}`, { qos: 1 })
  const expected = all.map((_, index) => `from ${index}`)
  for (const { inbox } of all) {
    for (const payload of expected) assert.equal((await inbox.next()).payload, payload)
  }
})
