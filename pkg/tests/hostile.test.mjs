// A broker that is malicious, broken or silent, over a real WebSocket.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const wasmqtt = await load(install(), 'wasmqtt')
const { Client, ClosedError, ConnectError, ConnectionError, MqttError, PublishError, SubscribeError, connect } = wasmqtt

const timeout = 20_000

/** Runs a broker for a test. */
async function serve(t, script) {
  const server = await startScript(script)
  t.after(() => server.stop())
  return server
}

/** A client whose end is told. */
function watched(url, options) {
  const client = new Client(url, { createWebSocket, ...options })
  const closed = new Promise(resolve => {
    client.addEventListener('status', ({ status }) => status.phase === 'closed' && resolve(status.error))
  })
  return { client, closed }
}

const malformed = [
  { name: 'a PUBLISH of QoS 3', bytes: [0x36, 5, 0, 1, 97, 0, 1], rule: 'MQTT-3.3.1-4', reasonCode: 0x81 },
  {
    name: 'a remaining length of five bytes',
    bytes: [0x30, 0x80, 0x80, 0x80, 0x80, 1],
    rule: '§2.1.4',
  },
  { name: 'wrong flags', bytes: [0x41, 2, 0, 1], rule: 'MQTT-2.1.3-1' },
  { name: 'a packet of kind 0', bytes: [0, 0], rule: '§2.1.2' },
  { name: 'a topic that is no UTF-8', bytes: [0x30, 4, 0, 1, 0xff, 0], rule: 'MQTT-1.5.4-1' },
  { name: 'a topic with a wildcard', bytes: [0x30, 4, 0, 1, 0x23, 0], rule: 'MQTT-3.3.2-2' },
  { name: 'an identifier of 0', bytes: [0x32, 6, 0, 1, 97, 0, 0, 0], rule: 'MQTT-2.2.1-3' },
  {
    name: 'a second CONNACK',
    bytes: [0x20, 3, 0, 0, 0],
    bytes4: [0x20, 2, 0, 0],
    rule: 'MQTT-3.2.0-2',
    reasonCode: 0x82,
  },
  {
    name: 'a SUBACK of nothing',
    bytes: [0x90, 4, 0, 9, 0, 0],
    bytes4: [0x90, 3, 0, 9, 0],
    rule: 'MQTT-3.8.4-2',
    reasonCode: 0x82,
  },
  { name: 'a PINGREQ', bytes: [0xc0, 0], rule: '§2.1.2', reasonCode: 0x82 },
]

for (const version of [4, 5]) {
  for (const { name, bytes, bytes4 = bytes, rule, reasonCode } of malformed) {
    test(`version ${version}: ${name} ends the connection with its rule`, { timeout }, async t => {
      const server = await serve(t, async peer => {
        await peer.accept()
        peer.bytes(version === 5 ? bytes : bytes4)
        const last = await peer.next()
        await peer.closed
        return last
      })
      const { client, closed } = watched(server.url, { version })
      const published = client.publish('a', 'b', { qos: 2 }).catch(error => error)
      const error = await closed
      assert.ok(error instanceof ConnectionError, String(error))
      if (typeof rule === 'string') assert.equal(error.rule, rule)
      else assert.match(error.rule ?? '', rule)
      assert.ok(error.message.includes(error.rule), error.message)
      assert.ok(error.reasonCode >= 0x80)
      if (reasonCode) assert.equal(error.reasonCode, reasonCode)
      const refused = await published
      assert.ok(refused instanceof PublishError, String(refused))
      assert.equal(refused.cause, error)
      await assert.rejects(client.publish('a', 'b'), ClosedError)
      const [last] = await server.finished()
      const packets = [last?.cmd, last?.reasonCode]
      // The PUBLISH may have gone out before.
      if (last?.cmd !== 'publish') {
        assert.deepEqual(packets, version === 5 ? ['disconnect', error.reasonCode] : [undefined, undefined])
      }
    })
  }
}

test('5.0: DISCONNECT with the reason goes out before the close', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    peer.bytes([0x36, 5, 0, 1, 97, 0, 1])
    return [await peer.next('disconnect'), await peer.next()]
  })
  const { closed } = watched(server.url)
  await closed
  const [[disconnect, after]] = await server.finished()
  assert.equal(disconnect.reasonCode, 0x81)
  assert.equal(after, undefined)
})

test('a packet larger than the client takes is refused before it is there', { timeout }, async t => {
  const server = await serve(t, async peer => {
    const { properties } = await peer.accept()
    // The fixed header alone.
    peer.bytes([0x30, 0xff, 0xff, 0x7f])
    return [properties.maximumPacketSize, await peer.next('disconnect')]
  })
  const { closed } = watched(server.url, { maximumPacketSize: 1000 })
  const error = await closed
  assert.ok(error instanceof ConnectionError)
  assert.equal(error.reasonCode, 0x95)
  const [[maximum, disconnect]] = await server.finished()
  assert.deepEqual([maximum, disconnect.reasonCode], [1000, 0x95])
})

test('a text frame ends the connection', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    peer.socket.send('hello')
    return peer.next()
  })
  const { closed } = watched(server.url)
  const error = await closed
  assert.ok(error instanceof ConnectionError)
  assert.equal(error.rule, 'MQTT-6.0.0-1')
  const [last] = await server.finished()
  assert.equal(last.cmd, 'disconnect')
})

test('any split and any joining of frames is read', { timeout }, async t => {
  const publish = [0x30, 6, 0, 1, 97, 0, 104, 105]
  const server = await serve(t, async peer => {
    await peer.accept()
    await peer.grant()
    peer.bytes([...publish, ...publish, ...publish.slice(0, 3)])
    peer.bytes([])
    for (const byte of publish.slice(3)) peer.bytes([byte])
    peer.bytes(publish)
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket })
  t.after(() => client.end())
  const stream = client.messages('a')
  for (let number = 0; number < 4; number++) {
    const { value } = await stream.next()
    assert.deepEqual([value.topic, value.text(), value.qos], ['a', 'hi', 0])
  }
})

for (const version of [4, 5]) {
  test(`version ${version}: a refusal is told with its reason`, { timeout }, async t => {
    const server = await serve(t, async peer => {
      await peer.next('connect')
      peer.bytes(version === 5 ? [0x20, 3, 0, 0x87, 0] : [0x20, 2, 0, 5])
      await peer.closed
    })
    const { client, closed } = watched(server.url, { version })
    const waiting = [client.publish('a', 'b'), client.subscribe('c', () => {}), client.messages('d').next()]
    const settled = await Promise.allSettled(waiting)
    await assert.rejects(client.ready, error => {
      assert.ok(error instanceof ConnectError)
      assert.equal(error.reasonCode, 0x87)
      assert.match(error.message, /not authorized/)
      return true
    })
    assert.equal(await closed, client.status.error)
    const [published, subscribed, read] = settled.map(({ reason }) => reason)
    assert.ok(published instanceof PublishError && published.cause === client.status.error)
    assert.ok(subscribed instanceof SubscribeError && subscribed.filter === 'c')
    assert.equal(read, client.status.error)
  })
}

test('3.1.1 servers that close on 5.0 are told apart from those that answer', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.next('connect')
    peer.socket.close()
  })
  await assert.rejects(connect(server.url, { createWebSocket, reconnect: false }), ConnectError)
})

test('silence: connecting ends with the connect timeout', { timeout }, async t => {
  const server = await serve(t, peer => peer.closed)
  const before = performance.now()
  await assert.rejects(connect(server.url, { createWebSocket, connectTimeout: 300 }), error => {
    assert.ok(error instanceof ConnectError)
    assert.match(error.message, /in time/)
    return true
  })
  assert.ok(performance.now() - before >= 299)
  // The socket is not left open.
  await server.finished()
})

test('silence: a WebSocket that is never made ends with the connect timeout', { timeout }, async () => {
  const never = new Promise(() => {})
  const rejects = promise => assert.rejects(promise, ConnectError)
  await rejects(connect('ws://nowhere.example', { createWebSocket: () => never, connectTimeout: 50 }))
  await rejects(connect('ws://nowhere.example', { createWebSocket, credentials: () => never, connectTimeout: 50 }))
})

test('silence: a ping that is not answered ends the connection', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    const ping = await peer.next('pingreq')
    await peer.closed
    return ping.cmd
  })
  const { closed } = watched(server.url, { keepAlive: 1, reconnect: false })
  const error = await closed
  assert.ok(error instanceof ConnectionError)
  assert.match(error.message, /PINGREQ/)
  assert.deepEqual(await server.finished(), ['pingreq'])
})

/**
 * A socket on a slow line: what was sent waits, and `next(waiting)` tells how much still does at
 * each look. Its broker answers CONNECT, and a ping once nothing waits.
 */
function slowSocket(next) {
  let waiting = 0
  let hasPing = false
  const socket = {
    binaryType: 'blob',
    readyState: 0,
    looks: 0,
    get bufferedAmount() {
      socket.looks += 1
      waiting = next(waiting)
      if (waiting === 0 && hasPing) give(0xd0, 0)
      return waiting
    },
    send(bytes) {
      waiting += bytes.length
      if (bytes[0] === 0x10) give(0x20, 3, 0, 0, 0)
      if (bytes[0] === 0xc0) hasPing = true
    },
    close() {
      socket.readyState = 3
      socket.onclose?.({})
    },
  }
  const give = (...bytes) => setImmediate(() => socket.onmessage?.({ data: Uint8Array.from(bytes).buffer }))
  setImmediate(() => {
    socket.readyState = 1
    socket.onopen?.({})
  })
  return socket
}

test('a large upload over a slow line is not taken for a silent broker', { timeout }, async t => {
  let done
  const uploaded = new Promise(resolve => {
    done = resolve
  })
  const step = 1 << 20
  const socket = slowSocket(waiting => {
    if (waiting === 0) return 0
    const left = Math.max(0, waiting - step)
    if (left === 0) done()
    return left
  })
  const client = await connect('ws://slow.example', { createWebSocket: () => socket, keepAlive: 1 })
  t.after(() => client.end())
  const closed = once(client, 'status').then(([{ status }]) => assert.fail(String(status.error)))
  await client.publish('a', new Uint8Array(6 * step))
  await Promise.race([uploaded, closed])
  // PINGREQ, and more looks than a silent broker has.
  assert.ok(socket.looks > 3, String(socket.looks))
  assert.equal(client.status.phase, 'connected')
})

test('a line on which nothing moves is taken for a silent broker', { timeout }, async () => {
  const socket = slowSocket(waiting => waiting)
  const options = { createWebSocket: () => socket, keepAlive: 1, reconnect: false }
  const client = await connect('ws://dead.example', options)
  const closed = once(client, 'status')
  await client.publish('a', new Uint8Array(1 << 20))
  const [{ status }] = await closed
  assert.ok(status.error instanceof ConnectionError)
  assert.match(status.error.message, /PINGREQ/)
})

test('DISCONNECT from the broker is told with its reason', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    peer.send({ cmd: 'disconnect', reasonCode: 0x8e, properties: { reasonString: 'another one came' } })
    await peer.closed
  })
  const { closed } = watched(server.url)
  const error = await closed
  assert.ok(error instanceof ConnectionError)
  assert.equal(error.reasonCode, 0x8e)
  assert.match(error.message, /another one came/)
})

test('a refused subscription and a refused publish are told, and the connection goes on', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    await peer.grant(0x87)
    const { messageId } = await peer.next('publish')
    peer.send({ cmd: 'puback', messageId, reasonCode: 0x97 })
    await peer.grant(1)
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket })
  t.after(() => client.end())
  await assert.rejects(
    client.subscribe('secret', () => {}),
    error => error instanceof SubscribeError && error.filter === 'secret' && error.reasonCode === 0x87,
  )
  await assert.rejects(
    client.publish('a', 'b', { qos: 1 }),
    error => error instanceof PublishError && error.reasonCode === 0x97,
  )
  const subscription = await client.subscribe('open', { qos: 2 }, () => {})
  assert.equal(subscription.qos, 1)
})

test("requests above the broker's announced limits are refused before they are sent", { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept({
      properties: {
        maximumQoS: 1,
        retainAvailable: false,
        maximumPacketSize: 100,
        wildcardSubscriptionAvailable: false,
      },
    })
    return peer.next('disconnect')
  })
  const client = await connect(server.url, { createWebSocket })
  const { maximumQos, retainAvailable, maximumPacketSize, wildcardSubscriptionAvailable } = client.connackProperties
  assert.deepEqual(
    [maximumQos, retainAvailable, maximumPacketSize, wildcardSubscriptionAvailable],
    [1, false, 100, false],
  )
  const refused = async (promise, reasonCode, type = PublishError) =>
    assert.rejects(promise, error => error instanceof type && error.reasonCode === reasonCode)
  await refused(client.publish('a', 'b', { qos: 2 }), 0x9b)
  await refused(client.publish('a', 'b', { retain: true }), 0x9a)
  await refused(client.publish('a', 'b'.repeat(100), { qos: 1 }), 0x95)
  await refused(
    client.subscribe('a/+', () => {}),
    0xa2,
    SubscribeError,
  )
  await client.end()
  await server.finished()
})

test('the socket fails, or is none: connecting is refused with the cause', { timeout }, async () => {
  const cause = new Error('no network')
  const fails = [
    () => {
      throw cause
    },
    () => Promise.reject(cause),
  ]
  for (const createWebSocket of fails) {
    await assert.rejects(connect('ws://nowhere.example', { createWebSocket, reconnect: false }), error => {
      assert.ok(error instanceof ConnectError)
      assert.equal(error.cause, cause)
      return true
    })
  }
  await assert.rejects(connect('ws://nowhere.example', { createWebSocket: () => undefined }), wasmqtt.OptionError)
  const options = { createWebSocket, credentials: fails[0], reconnect: false }
  await assert.rejects(connect('ws://nowhere.example', options), error => {
    assert.ok(error instanceof ConnectError)
    assert.equal(error.cause, cause)
    return true
  })
})

test('errors are of one family, and say their names', () => {
  for (const type of [ClosedError, ConnectError, ConnectionError, PublishError]) {
    const error = new type('text')
    assert.ok(error instanceof MqttError && error instanceof Error)
    assert.equal(
      error.name,
      Object.keys(wasmqtt).find(name => wasmqtt[name] === type),
    )
    assert.match(error.stack, new RegExp(`^${error.name}: text`))
  }
})
