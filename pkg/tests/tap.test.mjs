// The tap without a browser: packets of frames, their facts, secrets and bounds.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generate, parser } from 'mqtt-packet'
import { install, load } from './lib/packed.mjs'

const { Capture, tap } = await load(install(), 'wasmqtt/tap')

/** A WebSocket that is open at once, and whose peer is the test. */
class FakeSocket extends EventTarget {
  static OPEN = 1
  readyState = 1
  sent = []

  constructor(url, protocols) {
    super()
    Object.assign(this, { url, protocols })
  }

  send(data) {
    this.sent.push(data)
  }

  receive(data) {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  close() {
    this.readyState = 3
    this.dispatchEvent(new Event('close'))
  }
}

const buffer = bytes => Uint8Array.from(bytes).buffer
const packetsOf = tapped => tapped.view().packets.filter(Boolean)
const hexOf = bytes => Buffer.from(bytes).toString('hex')

function open(options) {
  const tapped = tap(FakeSocket, options)
  return { tapped, socket: new tapped.WebSocket('ws://broker.example', ['mqtt']) }
}

const connect = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId: 'dash', keepalive: 60, clean: true }

/** Packets of both versions, of each kind that has facts. */
const packets = version => {
  const properties = value => (version === 5 ? { properties: value } : {})
  const will = { topic: 'gone', payload: Buffer.from('x'), qos: 1, ...properties({ willDelayInterval: 5 }) }
  const login = { username: 'ann', password: Buffer.from('sesame') }
  return [
    { ...connect, protocolVersion: version, will, ...login, ...properties({ sessionExpiryInterval: 9 }) },
    { cmd: 'publish', topic: 'a/b', payload: Buffer.from('one'), qos: 0, retain: true, dup: false },
    { cmd: 'publish', topic: 'ä/€', payload: Buffer.from('two'), qos: 1, retain: false, dup: true, messageId: 258 },
    {
      ...{ cmd: 'publish', topic: 'c', payload: Buffer.alloc(300, 7), qos: 2, retain: false, dup: false, messageId: 3 },
      ...properties({
        ...{ payloadFormatIndicator: true, messageExpiryInterval: 9, topicAlias: 2, responseTopic: 'r' },
        ...{ correlationData: Buffer.from([1, 2]), userProperties: { a: 'b' }, contentType: 't' },
      }),
    },
    ...['puback', 'pubrec', 'pubrel', 'pubcomp'].map(cmd => ({ cmd, messageId: 3 })),
    {
      cmd: 'subscribe',
      messageId: 4,
      subscriptions: [{ topic: 'a/#', qos: 1 }],
      ...properties({ subscriptionIdentifier: 7 }),
    },
    { cmd: 'unsubscribe', messageId: 5, unsubscriptions: ['a/#'] },
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  ].map(packet => generate(packet, { protocolVersion: version }))
}

/** Facts of packets by mqtt-packet. */
function facts(bytes, version) {
  const found = []
  const reading = parser({ protocolVersion: version })
  reading.on('packet', ({ cmd, messageId, qos, dup, retain, topic, payload }) => {
    const isPublish = cmd === 'publish'
    found.push({
      kind: cmd.toUpperCase(),
      packetId: messageId,
      ...(isPublish ? { qos, duplicate: dup, retain, topic, payloadBytes: payload.length } : {}),
    })
  })
  reading.parse(bytes)
  return found
}

for (const version of [4, 5]) {
  test(`facts of packets are those that mqtt-packet reads, version ${version}`, () => {
    const all = packets(version)
    const expected = facts(Buffer.concat(all), version)
    assert.equal(expected.length, all.length)
    const { tapped, socket } = open()
    for (const bytes of all) socket.send(bytes)
    const found = packetsOf(tapped).map(({ kind, packetId, qos, duplicate, retain, topic, payloadBytes }) => ({
      kind,
      packetId,
      ...(kind === 'PUBLISH' ? { qos, duplicate, retain, topic, payloadBytes } : {}),
    }))
    assert.deepEqual(found, expected)
    assert.deepEqual(tapped.view().trace.clients, ['dash'])
  })
}

test('facts of packets are those of our codec, on the recorded traces', () => {
  let compared = 0
  for (const name of ['flows', 'half-open', 'twice', 'will']) {
    const text = readFileSync(new URL(`../../www/src/traces/${name}.json`, import.meta.url), 'utf8')
    const entries = JSON.parse(text).entries.filter(({ type }) => type === 'packet')
    for (const link of new Set(entries.map(entry => entry.link))) {
      const all = entries.filter(entry => entry.link === link)
      const { tapped, socket } = open()
      for (const { bytes, direction } of all) {
        const data = buffer(Buffer.from(bytes, 'hex'))
        if (direction === 'up') socket.send(data)
        else socket.receive(data)
      }
      const shown = ({ client, direction, kind, packetId, qos, dup = false, retain = false, topic }) =>
        JSON.stringify({ client, direction, kind, packetId, qos, dup, retain, topic })
      const found = tapped.view().trace.entries.filter(({ type }) => type === 'packet')
      assert.deepEqual(found.map(shown), all.map(shown), name)
      compared += found.length
    }
  }
  assert.ok(compared > 40, `${compared}`)
})

test('packets come out of any split and any joining of frames', () => {
  const all = packets(5)
  const whole = Buffer.concat(all)
  for (const size of [1, 2, 3, 7, 100, whole.length]) {
    const { tapped, socket } = open()
    for (let at = 0; at < whole.length; at += size) {
      socket.send(whole.subarray(at, at + size))
      socket.receive(buffer(whole.subarray(at, at + size)))
    }
    for (const direction of ['sent', 'received']) {
      const found = packetsOf(tapped).filter(packet => packet.direction === direction)
      assert.deepEqual(
        found.slice(1).map(({ bytes }) => hexOf(bytes)),
        all.slice(1).map(hexOf),
        `${size} ${direction}`,
      )
    }
  }
})

test('a packet with a malformed length ends the stream, and nothing is thrown', () => {
  const { tapped, socket } = open()
  socket.receive(buffer([0xd0, 0x00, 0x30, 0xff, 0xff, 0xff, 0xff, 0x01, 0xd0, 0x00]))
  assert.deepEqual(
    packetsOf(tapped).map(({ kind }) => kind),
    ['PINGRESP'],
  )
  assert.equal(socket.dispatchEvent(new MessageEvent('message', { data: 'text' })), true)
})

test('passwords and authentication data are stars, and nothing else is changed', () => {
  for (const version of [4, 5]) {
    const [sent] = packets(version)
    const { tapped, socket } = open()
    socket.send(sent)
    const [{ bytes }] = packetsOf(tapped)
    assert.equal(Buffer.from(bytes).toString('latin1'), sent.toString('latin1').replace('sesame', '******'))
    assert.equal(hexOf(socket.sent[0]), hexOf(sent), 'the client sends its password')
  }
  const properties = { authenticationMethod: 'm', authenticationData: Buffer.from('sesame') }
  for (const packet of [
    { ...connect, properties },
    { cmd: 'auth', reasonCode: 0x18, properties },
    { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties },
  ]) {
    const sent = generate(packet, { protocolVersion: 5 })
    const { tapped, socket } = open()
    socket.send(sent)
    const [{ bytes }] = packetsOf(tapped)
    assert.equal(Buffer.from(bytes).toString('latin1'), sent.toString('latin1').replace('sesame', '******'))
  }
})

test('of a malformed CONNECT everything may be a secret', () => {
  const { tapped, socket } = open()
  socket.send(buffer([0x10, 0x0a, 0xff, 0xff, ...Buffer.from('sesame!!')]))
  const [{ bytes }] = packetsOf(tapped)
  assert.equal(hexOf(bytes), `100a${'2a'.repeat(10)}`)
})

test('a CONNACK of 5.0 names a client that has no name', () => {
  const { tapped, socket } = open()
  socket.send(generate({ ...connect, clientId: '' }, { protocolVersion: 5 }))
  assert.deepEqual(tapped.view().trace.clients, ['client 1'])
  const properties = { assignedClientIdentifier: 'auto-7' }
  const answer = { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties }
  socket.receive(buffer(generate(answer, { protocolVersion: 5 })))
  assert.deepEqual(tapped.view().trace.clients, ['auto-7'])
  const { entries } = tapped.view().trace
  assert.equal(entries.at(-1).event, 'connected')
  assert.equal(entries.filter(({ type }) => type === 'packet')[1].cause, 2, 'CONNACK answers CONNECT')
})

test('the ring is bounded, and tells what it has dropped', () => {
  const { tapped, socket } = open({ packetsMax: 10, bytesMax: 1_000_000 })
  socket.send(generate(connect, { protocolVersion: 5 }))
  for (let i = 0; i < 99; i += 1)
    socket.send(generate({ cmd: 'publish', topic: `t/${i}`, payload: '', qos: 0 }, { protocolVersion: 5 }))
  const shown = packetsOf(tapped)
  assert.equal(shown.length, 10)
  assert.equal(shown.at(-1).topic, 't/98')
  assert.equal(tapped.packets, 100)
  assert.ok(tapped.dropped >= 87, `${tapped.dropped}`)
  // Its connection is still drawn.
  assert.deepEqual(tapped.view().trace.entries[0], {
    ...tapped.view().trace.entries[0],
    type: 'link',
    event: 'opening',
  })
  const large = Buffer.alloc(5_000_000)
  socket.send(generate({ cmd: 'publish', topic: 'large', payload: large, qos: 0 }, { protocolVersion: 5 }))
  socket.send(generate({ cmd: 'pingreq' }))
  assert.equal(tapped.packets, 102)
  assert.equal(packetsOf(tapped).at(-1).kind, 'PINGREQ')
  tapped.clear()
  assert.deepEqual([tapped.packets, packetsOf(tapped).length], [0, 0])
})

test('frames stay in order although a Blob is read later', async () => {
  const { tapped, socket } = open()
  const all = packets(5)
  socket.send(new Blob([all[0]]))
  socket.send(all[1])
  socket.receive(buffer([0x20, 0x03, 0x00, 0x00, 0x00]))
  const three = new Promise(resolve => {
    tapped.addEventListener('change', () => tapped.packets === 3 && resolve())
  })
  await three
  assert.deepEqual(
    packetsOf(tapped).map(({ kind }) => kind),
    ['CONNECT', 'PUBLISH', 'CONNACK'],
  )
})

test('the class is one like its base, and other sockets are left alone', () => {
  const { tapped, socket } = open()
  assert.ok(socket instanceof FakeSocket)
  assert.equal(tapped.WebSocket.OPEN, 1)
  const other = new tapped.WebSocket('ws://chat.example', 'chat')
  other.send(generate({ cmd: 'pingreq' }))
  assert.equal(other.sent.length, 1)
  assert.equal(tapped.packets, 0)
  socket.readyState = 2
  socket.send(generate({ cmd: 'pingreq' }))
  assert.equal(tapped.packets, 0, 'a socket that is closing sends nothing')
})

test('the global class is replaced, and given back', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  Object.defineProperty(globalThis, 'WebSocket', { value: FakeSocket, configurable: true, writable: true })
  try {
    const tapped = tap(WebSocket)
    assert.equal(globalThis.WebSocket, tapped.WebSocket)
    tapped.stop()
    assert.equal(globalThis.WebSocket, FakeSocket)
    assert.notEqual(tap(class extends FakeSocket {}).WebSocket, globalThis.WebSocket)
    assert.equal(globalThis.WebSocket, FakeSocket, 'another class replaces nothing')
  } finally {
    if (before) Object.defineProperty(globalThis, 'WebSocket', before)
    else Reflect.deleteProperty(globalThis, 'WebSocket')
  }
})

test('a connection that ends with DISCONNECT is closed, and any other is lost', () => {
  const events = isEnded => {
    const { tapped, socket } = open()
    socket.send(generate(connect, { protocolVersion: 5 }))
    if (isEnded) socket.send(generate({ cmd: 'disconnect' }, { protocolVersion: 5 }))
    socket.close()
    return tapped
      .view()
      .trace.entries.filter(({ type }) => type === 'client')
      .map(({ event }) => event)
  }
  assert.deepEqual(events(true), ['closed'])
  assert.deepEqual(events(false), ['lost'])
})

test('a capture takes the packets of a client, and shows those that are wanted', () => {
  const capture = new Capture()
  const client = capture.client('dash')
  client.note('opening')
  const packet = { direction: 'sent', kind: 'PINGREQ', bytes: Uint8Array.of(0xc0, 0), time: performance.now() }
  client.add(packet)
  client.add({ ...packet, direction: 'received', kind: 'PINGRESP', bytes: Uint8Array.of(0xd0, 0) })
  const kinds = view => view.packets.filter(Boolean).map(({ kind }) => kind)
  assert.deepEqual(kinds(capture.view()), ['PINGREQ', 'PINGRESP'])
  assert.deepEqual(kinds(capture.view({ isShown: ({ kind }) => kind === 'PINGRESP' })), ['PINGRESP'])
})

test('under a flood the latest message of a topic stands for all, and nothing else is left out', () => {
  const capture = new Capture()
  const client = capture.client('dash')
  const publish = (topic, qos, time) =>
    client.add({ direction: 'received', kind: 'PUBLISH', bytes: Uint8Array.of(0x30, 0), topic, qos, time })
  const begin = performance.now() + 1_000
  const packet = (topic, qos = 0) => publish(topic, qos, begin)
  for (let i = 0; i < 60; i += 1) packet(i % 2 ? 'a' : 'b')
  packet('a', 1)
  packet('')
  packet('once')
  for (let i = 0; i < 3; i += 1) publish('a', 0, begin + 5_000)
  const shown = view => view.trace.entries.map(({ topic, qos, count = 1 }) => `${topic} ${qos} ×${count}`)
  assert.equal(shown(capture.view()).length, 66)
  const few = ['a 0 ×1', 'a 0 ×1', 'a 0 ×1']
  assert.deepEqual(shown(capture.view({ conflate: true })), [
    'b 0 ×30',
    'a 0 ×30',
    'a 1 ×1',
    ' 0 ×1',
    'once 0 ×1',
    ...few,
  ])
  const onlyA = { isShown: ({ topic }) => topic === 'a', conflate: true }
  assert.deepEqual(shown(capture.view(onlyA)).length, 34, 'thirty are no flood')
})
