/** The memory of a broker in WebAssembly: counted bytes against those that the module grows by. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

// The module's memory, as its loader gets it.
let memory
const instantiate = WebAssembly.instantiate
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args)
  memory = Object.values(result.exports).find(value => value instanceof WebAssembly.Memory)
  return result
}
const { Broker, load } = await import('wasmqtt/broker')
await load()

const timeout = 60_000
const MIB = 1 << 20

/** A PUBLISH of QoS 1 with packet identifier 9, a topic of one byte and no properties. */
function publish(topic, payload) {
  const length = []
  for (let rest = payload.length + 6; rest > 0; rest >>= 7) length.push((rest & 127) | (rest > 127 ? 128 : 0))
  return new Uint8Array([0x32, ...length, 0, 1, topic.charCodeAt(0), 0, 9, 0, ...payload])
}

/** A client on a socket of the broker: its packets' first bytes and reasons are kept. */
async function join(broker, clientId) {
  const socket = broker.socket()
  socket.binaryType = 'arraybuffer'
  const client = { socket, frames: [], closed: false, wake: undefined }
  socket.onmessage = ({ data }) => {
    client.frames.push(new Uint8Array(data).slice(0, 8))
    client.wake?.()
  }
  socket.onclose = () => {
    client.closed = true
    client.wake?.()
  }
  await new Promise(resolve => (socket.onopen = resolve))
  const name = new TextEncoder().encode(clientId)
  const rest = [0, 4, 77, 81, 84, 84, 5, 0, 0, 0, 5, 0x11, 255, 255, 255, 255, 0, name.length, ...name]
  socket.send(new Uint8Array([0x10, rest.length, ...rest]))
  await heard(client)
  return client
}

async function heard(client) {
  while (client.frames.length === 0 && !client.closed) await new Promise(resolve => (client.wake = resolve))
  return client.frames.shift()
}

/** A client that is away, with a subscription of QoS 1. */
async function sleeper(broker, clientId, topic) {
  const client = await join(broker, clientId)
  client.socket.send(new Uint8Array([0x82, 7, 0, 1, 0, 0, 1, topic.charCodeAt(0), 1]))
  await heard(client)
  client.socket.close()
}

test('what is counted is what the memory grows by', { timeout }, async t => {
  const broker = new Broker({ queue: { messages: 1_000_000, bytes: 1 << 30 } })
  t.after(() => broker.close())
  await sleeper(broker, 'small', 's')
  await sleeper(broker, 'large', 'l')
  const publisher = await join(broker, 'publisher')
  for (const [topic, bytes, count] of [
    ['l', 10_000, 6_000],
    ['s', 100, 150_000],
  ]) {
    const [before, counted] = [memory.buffer.byteLength, broker.counters().memory.bytes]
    const packet = publish(topic, new Uint8Array(bytes))
    for (let number = 0; number < count; number++) {
      publisher.socket.send(packet)
      assert.equal((await heard(publisher))[0], 0x40)
    }
    const grown = memory.buffer.byteLength - before
    const share = (broker.counters().memory.bytes - counted) / grown
    t.diagnostic(`${count} messages of ${bytes} bytes: grown by ${grown}, counted ${(share * 100).toFixed(0)} %`)
    assert.ok(share > 0.8 && share < 1.2, `${share}`)
  }
})

test('20 unfinished packets of 15 MiB leave room for others', { timeout }, async t => {
  const broker = new Broker({ maximumPacketSize: 16 * MIB, memoryMaximum: 256 * MIB, inputBytesMaximum: 64 * MIB })
  t.after(() => broker.close())
  await sleeper(broker, 'sleeper', 'i')
  const innocent = await join(broker, 'innocent')
  const hostile = []
  for (let number = 0; number < 20; number++) hostile.push(await join(broker, `hostile${number}`))
  const before = memory.buffer.byteLength
  const chunk = new Uint8Array(MIB)
  const header = new Uint8Array([0x32, 0x80, 0x80, 0xc0, 7, 0, 1, 120, 0, 9, 0])
  for (const { socket } of hostile) socket.send(header)
  for (let part = 0; part < 14; part++) {
    for (const client of hostile) if (!client.closed) client.socket.send(chunk)
    innocent.socket.send(publish('i', new Uint8Array(1_000)))
    const answer = await heard(innocent)
    assert.deepEqual([...answer.subarray(0, 4)], [0x40, 2, 0, 9], `${answer}`)
  }
  const { memory: held } = broker.counters()
  const ended = hostile.filter(({ closed }) => closed)
  const grown = memory.buffer.byteLength - before
  t.diagnostic(`held ${held.highest}, grown by ${grown}, ${ended.length} closed`)
  assert.ok(grown < held.highest * 1.25)
  assert.ok(held.highest <= held.maximum && ended.length > 0 && ended.length < 20)
  for (const { frames } of ended) assert.deepEqual([frames[0][0], frames[0][2]], [0xe0, 0x97])
})

test('sessions() lists the memory of each client', { timeout }, async t => {
  const broker = await new Broker().ready
  t.after(() => broker.close())
  await sleeper(broker, 'a', 'a')
  await sleeper(broker, 'b', 'b')
  const held = () => Object.fromEntries(broker.sessions().map(({ clientId, memory }) => [clientId, memory]))
  const before = held()
  assert.ok(before.a > 0 && before.a < 10_000, `${before.a}`)
  await broker.publish('a', 'x'.repeat(50_000), { qos: 1 })
  const after = held()
  assert.ok(after.a >= before.a + 50_000 && after.a < before.a + 60_000, `${after.a}`)
  assert.equal(after.b, before.b)
})
