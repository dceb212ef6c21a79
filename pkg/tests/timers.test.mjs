// Timers of a broker in a page that was hidden, and clocks that are set.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { RawClient } from './lib/peer.mjs'

const { Broker, memory } = await load(install(), 'wasmqtt/broker')

const timeout = 20_000

/** Returns a client whose socket is open. */
async function dial(broker) {
  const socket = broker.socket()
  const client = RawClient.overWebSocket(socket)
  await new Promise(resolve => socket.addEventListener('open', resolve))
  return client
}

test('a broker looks at its timers when the page is resumed, until it is closed', { timeout }, async t => {
  const page = new EventTarget()
  const added = []
  const add = page.addEventListener.bind(page)
  t.mock.method(page, 'addEventListener', (type, listener, options) => {
    added.push({ type, signal: options.signal })
    add(type, listener, options)
  })
  globalThis.document = page
  let asleep = 0
  const real = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => real() + asleep)
  t.after(() => {
    delete globalThis.document
  })
  const broker = new Broker()
  t.after(() => broker.close())
  await broker.ready
  assert.deepEqual(
    added.map(({ type, signal }) => [type, signal.aborted]),
    [
      ['visibilitychange', false],
      ['resume', false],
    ],
  )
  const [lively, silent] = await Promise.all(
    ['lively', 'silent'].map(async clientId => {
      const client = await dial(broker)
      await client.connect(clientId, { keepalive: 60 })
      return client
    }),
  )
  const resume = async milliseconds => {
    asleep += milliseconds
    page.dispatchEvent(new Event('visibilitychange'))
    await new Promise(resolve => setTimeout(resolve))
  }
  const ping = async () => {
    lively.send({ cmd: 'pingreq' })
    await lively.next('pingresp')
  }
  // Each client is read before it is judged, and the silent one is judged then.
  await resume(3_600_000)
  await ping()
  assert.deepEqual(
    broker.clients().map(client => client.clientId),
    ['lively', 'silent'],
  )
  await resume(5_000)
  assert.equal((await silent.next('disconnect')).reasonCode, 0x8d)
  await silent.closed
  await ping()
  await broker.close()
  assert.equal(added[0].signal.aborted, true)
})

test('a clock that is set right while a broker runs ends no session at the next start', { timeout }, async t => {
  const [day, now] = [Date.now.bind(Date), performance.now.bind(performance)]
  let [setForward, begunLater] = [0, 0]
  t.mock.method(Date, 'now', () => day() + setForward)
  t.mock.method(performance, 'now', () => now() + begunLater)
  const store = memory()
  const connect = async broker => {
    const client = await dial(broker)
    const connack = await client.connect('a', { clean: false, properties: { sessionExpiryInterval: 3600 } })
    client.send({ cmd: 'disconnect' })
    await client.closed
    return connack.sessionPresent
  }
  const first = new Broker({ store })
  assert.equal(await connect(first), false)
  setForward = 3 * 86_400_000
  assert.equal(await connect(first), true)
  await first.close()
  // The clock of the next process is right from its start.
  begunLater = setForward
  const second = new Broker({ store })
  t.after(() => second.close())
  assert.equal(await connect(second), true)
})
