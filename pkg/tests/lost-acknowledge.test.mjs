// Acknowledgement by hand and subscriptions, over a connection that is lost and made again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const { Client, SubscribeError } = await load(install(), 'wasmqtt')

const timeout = 20_000

/**
 * A server that the test plays, connection by connection, and a client that connects again at once.
 */
async function serve(t, sessionPresent) {
  const peers = []
  const waiting = []
  const server = await startScript(async peer => {
    await peer.accept({ sessionPresent: peers.length > 0 && sessionPresent })
    peers.push(peer)
    for (const wake of waiting.splice(0)) wake()
    await peer.closed
  })
  const options = { createWebSocket, cleanStart: false, sessionExpiry: 60, reconnect: { min: 1, max: 5 } }
  const client = new Client(server.url, { clientId: 'again', ...options })
  t.after(async () => {
    await client.end()
    await server.stop()
  })
  /** Returns the peer of a connection. */
  const peer = async index => {
    while (peers.length <= index) await new Promise(resolve => waiting.push(resolve))
    return peers[index]
  }
  return { client, peer }
}

/** A handler whose messages can be awaited. */
function collect() {
  const messages = []
  const waiting = []
  const handler = message => {
    messages.push(message)
    for (const wake of waiting.splice(0)) wake()
  }
  const arrived = async count => {
    while (messages.length < count) await new Promise(resolve => waiting.push(resolve))
    return messages[count - 1]
  }
  return { messages, handler, arrived }
}

const publish = (peer, messageId, qos, dup = false) =>
  peer.send({ cmd: 'publish', topic: 'm', payload: String(messageId), qos, messageId, dup })

// [MQTT-4.4.0-1], [MQTT-4.3.3-10]
test('a lost connection voids ack() at QoS 1, and keeps it at QoS 2', { timeout }, async t => {
  const { client, peer } = await serve(t, true)
  const { messages, handler, arrived } = collect()
  const subscribed = client.subscribe('m', { qos: 2, acknowledge: 'manual' }, handler)
  const first = await peer(0)
  await first.grant(2)
  await subscribed
  publish(first, 1, 1)
  publish(first, 2, 2)
  await arrived(2)
  first.socket.terminate()
  const second = await peer(1)
  assert.equal(messages[0].ack(), false, 'the broker sends it again')
  assert.equal(messages[1].ack(), true, 'it is handed over once')
  publish(second, 1, 1, true)
  publish(second, 2, 2, true)
  assert.equal((await second.next('pubrec')).messageId, 2)
  const again = await arrived(3)
  assert.deepEqual([again.text(), again.duplicate, again.ack()], ['1', true, true])
  assert.equal((await second.next('puback')).messageId, 1)
  assert.equal(messages.length, 3)
})

test('a subscription that a new session does not take is asked for again by the next handler', { timeout }, async t => {
  const { client, peer } = await serve(t, false)
  const { handler } = collect()
  const subscribed = client.subscribe('m', { qos: 1 }, handler)
  const first = await peer(0)
  await first.grant(1)
  await subscribed
  const noticed = new Promise(resolve => client.addEventListener('notice', resolve, { once: true }))
  first.socket.terminate()
  const second = await peer(1)
  await second.grant(0x87)
  const { notice } = await noticed
  assert.deepEqual([notice.kind, notice.filter], ['unsubscribed', 'm'])
  assert.ok(notice.error instanceof SubscribeError)
  const other = client.subscribe('m', { qos: 1 }, () => {})
  await second.grant(1)
  assert.equal((await other).qos, 1)
})
