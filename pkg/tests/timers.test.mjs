// Timers of a broker in a page that was hidden.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { RawClient } from './lib/peer.mjs'

const { Broker } = await load(install(), 'wasmqtt/broker')

const timeout = 20_000

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
    [['visibilitychange', false]],
  )
  const [lively, silent] = await Promise.all(
    ['lively', 'silent'].map(async clientId => {
      const client = RawClient.overWebSocket(broker.socket())
      await new Promise(resolve => broker.ready.then(() => setTimeout(resolve)))
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
