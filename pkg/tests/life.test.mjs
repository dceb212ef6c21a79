// A client's life: waiting, ending, being killed, being aborted. Every promise settles.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const { Client, ClosedError, ConnectError, PublishError, SubscribeError, connect } = await load(install(), 'wasmqtt')

const timeout = 20_000
const never = () => new Promise(() => {})

async function serve(t, script) {
  const server = await startScript(script)
  t.after(() => server.stop())
  return server
}

/** Requests of every kind, and the errors that they end in. */
function requests(client) {
  const all = [
    client.publish('a', 'b'),
    client.publish('a', 'b', { qos: 1 }),
    client.publish('a', 'b', { qos: 2, properties: { contentType: 'x' } }),
    client.subscribe('a', () => {}),
  ]
  return Promise.all(
    all.map(promise =>
      promise.then(
        () => undefined,
        error => error,
      ),
    ),
  )
}

test('end: DISCONNECT goes out, the socket closes, and a second end is the same', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    return [await peer.next('disconnect'), await peer.next()]
  })
  const client = await connect(server.url, { createWebSocket })
  const statuses = []
  client.addEventListener('status', event => statuses.push(event.status))
  await Promise.all([client.end({ reasonCode: 4 }), client.end(), client[Symbol.asyncDispose]?.()])
  await client.end()
  assert.deepEqual(client.status, { phase: 'closed' })
  assert.deepEqual(statuses, [{ phase: 'closed' }])
  const [[disconnect, after]] = await server.finished()
  assert.equal(disconnect.reasonCode, 4)
  assert.equal(after, undefined)
})

test('end: a transport that does not close holds it no longer than its timeout', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    // As if the network were gone: it does not even answer the close.
    peer.socket._socket.pause()
  })
  const client = await connect(server.url, { createWebSocket })
  const before = performance.now()
  await client.end({ timeout: 100 })
  assert.ok(performance.now() - before >= 99)
  assert.equal(client.status.phase, 'closed')
})

test('end: what the broker has not answered is rejected', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket })
  const all = requests(client)
  await client.end()
  const [qos0, ...others] = await all
  assert.equal(qos0, undefined)
  for (const error of others) assert.ok(error instanceof ClosedError, String(error))
})

test('end, kill and a signal settle a client that is still connecting, whatever it waits for', { timeout }, async t => {
  const silent = await serve(t, peer => peer.closed)
  const waits = [
    { name: 'the credentials', url: 'ws://nowhere.example', credentials: never, createWebSocket },
    { name: 'the WebSocket', url: 'ws://nowhere.example', createWebSocket: never },
    { name: 'CONNACK', url: silent.url, createWebSocket },
  ]
  const reason = new Error('changed my mind')
  const ways = {
    end: client => client.end(),
    kill: client => client.kill(),
    signal: (_, controller) => controller.abort(reason),
  }
  for (const { name, url, ...options } of waits) {
    for (const [way, stop] of Object.entries(ways)) {
      for (const late of [false, true]) {
        const controller = new AbortController()
        const client = new Client(url, { ...options, signal: controller.signal })
        const all = requests(client)
        const stream = client.messages('x').next()
        // Late: the module is loaded and the options are read, since a wrong topic is told.
        if (late) await client.publish('#', '').catch(() => {})
        await stop(client, controller)
        for (const error of await all) assert.ok(error instanceof ClosedError, `${name}, ${way}: ${error}`)
        assert.deepEqual(await stream, { done: true, value: undefined })
        if (way === 'signal') await assert.rejects(client.ready, reason)
        else await assert.rejects(client.ready, ClosedError)
        assert.deepEqual(client.status, { phase: 'closed' })
        await client.end()
      }
    }
  }
})

test('kill: the transport closes without DISCONNECT', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    return peer.next()
  })
  const client = await connect(server.url, { createWebSocket })
  const published = client.publish('a', 'b', { qos: 1 })
  client.kill()
  client.kill()
  await assert.rejects(published, ClosedError)
  assert.deepEqual(client.status, { phase: 'closed' })
  const [packet] = await server.finished()
  assert.equal(packet, undefined)
})

test('a signal ends a client that is connected, with DISCONNECT', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    return (await peer.next()).cmd
  })
  const controller = new AbortController()
  const client = await connect(server.url, { createWebSocket, signal: controller.signal })
  controller.abort()
  assert.deepEqual(await server.finished(), ['disconnect'])
  assert.deepEqual(client.status, { phase: 'closed' })
})

test('a signal takes back a request that waits, and leaves one that was sent', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    const sent = []
    for (let packet = await peer.next(); packet?.cmd === 'publish'; packet = await peer.next()) sent.push(packet.topic)
    return sent
  })
  const client = new Client(server.url, { createWebSocket })
  const reason = new Error('too late')
  const waits = new AbortController()
  const waiting = client.publish('waits', '', { signal: waits.signal })
  const subscribing = client.subscribe('waits', { signal: waits.signal }, () => {})
  waits.abort(reason)
  await assert.rejects(waiting, reason)
  await assert.rejects(subscribing, reason)
  await client.ready
  const sent = new AbortController()
  const publishing = client.publish('sent', '', { qos: 1, signal: sent.signal })
  setTimeout(() => sent.abort(reason))
  await assert.rejects(publishing, reason)
  await client.end()
  assert.deepEqual(await server.finished(), [['sent']])
})

test('a signal is not listened to any more when the connection is over', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    await peer.grant()
    await peer.grant()
    await peer.closed
  })
  const { signal } = new AbortController()
  const listeners = new Set()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (type, listener) => {
    listeners.add(listener)
    addEventListener.call(signal, type, listener)
  }
  signal.removeEventListener = (type, listener) => {
    listeners.delete(listener)
    removeEventListener.call(signal, type, listener)
  }
  const client = await connect(server.url, { createWebSocket, signal })
  const own = listeners.size
  await client.subscribe('a', { signal }, () => {})
  await client.subscribe('b', { signal }, () => {})
  const answer = client.publish('c', '', { qos: 1, signal }).catch(() => {})
  const message = client.messages('d', { signal }).next()
  assert.ok(listeners.size >= own + 4)
  await client.end()
  await answer
  await message
  assert.equal(listeners.size, 0)
})

test('requests that waited are sent in the order in which they were made', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    const sent = []
    while (sent.length < 5) {
      const { cmd, topic, subscriptions } = await peer.next()
      sent.push(`${cmd} ${topic ?? subscriptions[0].topic}`)
    }
    return sent
  })
  const client = new Client(server.url, { createWebSocket })
  const all = [
    client.publish('1', '', { qos: 1 }),
    client.subscribe('2', () => {}),
    client.publish('3', ''),
    client.subscribe('4', () => {}),
    client.publish('5', '', { qos: 2 }),
  ]
  await client.ready
  assert.deepEqual(await server.finished(), [['publish 1', 'subscribe 2', 'publish 3', 'subscribe 4', 'publish 5']])
  const settled = Promise.allSettled(all)
  await client.end()
  const [first, second] = await settled
  assert.ok(first.reason instanceof ClosedError)
  assert.ok(second.reason instanceof ClosedError)
})

test('a handler that subscribes before the connection gets the messages queued in the session', {
  timeout,
}, async t => {
  const server = await serve(t, async peer => {
    await peer.next('connect')
    // CONNACK, which says that the session is there, and two messages of it, in one frame.
    peer.bytes([0x20, 3, 1, 0, 0, 0x30, 5, 0, 1, 97, 0, 49, 0x32, 7, 0, 1, 97, 0, 1, 0, 50])
    await peer.next('subscribe')
    return peer.next('puback')
  })
  const client = new Client(server.url, { createWebSocket, cleanStart: false, sessionExpiry: 60 })
  const got = []
  client.subscribe('a', { qos: 1 }, message => got.push(message.text())).catch(() => {})
  await client.ready
  await server.finished()
  assert.equal(client.sessionPresent, true)
  assert.deepEqual(got, ['1', '2'])
  await client.end()
})

test('a payload that waits is a copy', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    return (await peer.next('publish')).payload
  })
  const client = new Client(server.url, { createWebSocket })
  const payload = new Uint8Array([1, 2, 3])
  const published = client.publish('a', payload)
  payload.fill(0)
  await published
  const [received] = await server.finished()
  assert.deepEqual([...received], [1, 2, 3])
  await client.end()
})

test('a connection that is lost rejects what was under way, with its cause', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    await peer.next()
    peer.socket.terminate()
  })
  const client = await connect(server.url, { createWebSocket, reconnect: false })
  const [qos0, qos1, qos2, subscribed] = await requests(client)
  const { error } = client.status
  assert.equal(qos0, undefined)
  for (const lost of [qos1, qos2]) {
    assert.ok(lost instanceof PublishError)
    assert.equal(lost.cause, error)
    assert.match(lost.message, /unknown/)
  }
  assert.ok(subscribed instanceof SubscribeError && subscribed.cause === error)
  await assert.rejects(client.publish('a', 'b'), late => late instanceof ClosedError && late.cause === error)
})

test('a socket that closes before CONNACK and one that does not open are told apart', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.next('connect')
    peer.socket.close()
  })
  await assert.rejects(connect(server.url, { createWebSocket, reconnect: false }), error => {
    assert.ok(error instanceof ConnectError)
    assert.match(error.message, /closed before the broker answered/)
    return true
  })
  // Port 9 is the one of a service that nobody has.
  await assert.rejects(connect('ws://127.0.0.1:9', { createWebSocket, reconnect: false }), error => {
    assert.ok(error instanceof ConnectError)
    assert.match(error.message, /could not be opened/)
    assert.equal(error.cause?.code, 'ECONNREFUSED')
    return true
  })
})

test('a subscription whose connection is gone can still be left', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    await peer.grant()
    await peer.next()
    peer.socket.terminate()
  })
  const client = await connect(server.url, { createWebSocket, reconnect: false })
  const subscription = await client.subscribe('a', () => {})
  const left = subscription.unsubscribe()
  await left
  await subscription.unsubscribe()
  assert.equal(client.status.phase, 'closed')
})

test('status: connecting, connected, closed; ready is the client', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept({ properties: { serverKeepAlive: 7, userProperties: { a: 'b' } } })
    await peer.closed
  })
  const client = new Client(server.url, { createWebSocket, clientId: 'me' })
  const phases = [client.status.phase]
  client.addEventListener('status', ({ status }) => phases.push(status.phase))
  assert.equal(client.clientId, 'me')
  assert.deepEqual(client.connackProperties, {})
  assert.equal(await client.ready, client)
  assert.deepEqual(client.connackProperties, { serverKeepAlive: 7, userProperties: [['a', 'b']] })
  assert.ok(Object.isFrozen(client.connackProperties))
  await client.end()
  assert.deepEqual(phases, ['connecting', 'connected', 'closed'])
})

test('CONNECT says what the options say', { timeout }, async t => {
  const will = {
    topic: 'w',
    payload: 'gone',
    qos: 1,
    retain: true,
    delay: 5,
    properties: { contentType: 'text/plain' },
  }
  const options = {
    clientId: 'me',
    cleanStart: false,
    keepAlive: 7,
    sessionExpiry: 9,
    receiveMaximum: 11,
    maximumPacketSize: 1000,
    topicAliasMaximum: 3,
    userProperties: [['a', 'b']],
    credentials: async () => ({ username: 'ann', password: 'secret' }),
    will,
  }
  const server = await serve(t, async peer => {
    const connect = await peer.accept()
    await peer.closed
    return connect
  })
  const client = await connect(server.url, { createWebSocket, ...options })
  await client.end()
  const [packet] = await server.finished()
  assert.equal(packet.clientId, 'me')
  assert.equal(packet.clean, false)
  assert.equal(packet.keepalive, 7)
  assert.equal(packet.username, 'ann')
  assert.equal(String(packet.password), 'secret')
  assert.deepEqual(
    { ...packet.properties, userProperties: { ...packet.properties.userProperties } },
    {
      sessionExpiryInterval: 9,
      receiveMaximum: 11,
      maximumPacketSize: 1000,
      topicAliasMaximum: 3,
      userProperties: { a: 'b' },
    },
  )
  assert.equal(packet.will.topic, 'w')
  assert.equal(String(packet.will.payload), 'gone')
  assert.deepEqual([packet.will.qos, packet.will.retain], [1, true])
  assert.deepEqual({ ...packet.will.properties }, { willDelayInterval: 5, contentType: 'text/plain' })
})

test('a client without an identifier gets a random one that every broker must take', { timeout }, async t => {
  const server = await serve(t, async peer => {
    const { clientId } = await peer.accept()
    await peer.closed
    return clientId
  })
  const clients = await Promise.all([4, 5].map(version => connect(server.url, { createWebSocket, version })))
  const ids = clients.map(({ clientId }) => clientId)
  await Promise.all(clients.map(client => client.end()))
  assert.deepEqual((await server.finished()).toSorted(), ids.toSorted())
  for (const id of ids) assert.match(id, /^[0-9a-zA-Z]{23}$/)
  assert.notEqual(ids[0], ids[1])
})

test('packets are told only while somebody listens, however the listener goes', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    for (let packet = await peer.next(); packet; packet = await peer.next()) {
      if (packet.cmd === 'publish') peer.send({ cmd: 'puback', messageId: packet.messageId })
    }
  })
  const client = await connect(server.url, { createWebSocket })
  const counts = { once: 0, signal: 0, object: 0, twice: 0 }
  const controller = new AbortController()
  const object = {
    handleEvent() {
      counts.object += 1
    },
  }
  const twice = () => {
    counts.twice += 1
  }
  client.addEventListener('packet', () => (counts.once += 1), { once: true })
  client.addEventListener('packet', () => (counts.signal += 1), { signal: controller.signal })
  client.addEventListener('packet', object)
  client.addEventListener('packet', twice)
  client.addEventListener('packet', twice)
  client.addEventListener('packet', twice, true)
  client.addEventListener('packet', null)
  const publish = () => client.publish('a', '', { qos: 1 })
  await publish()
  assert.deepEqual(counts, { once: 1, signal: 2, object: 2, twice: 4 })
  controller.abort()
  client.removeEventListener('packet', twice)
  await publish()
  assert.deepEqual(counts, { once: 1, signal: 2, object: 4, twice: 6 })
  client.removeEventListener('packet', object)
  client.removeEventListener('packet', twice, { capture: true })
  await publish()
  assert.deepEqual(counts, { once: 1, signal: 2, object: 4, twice: 6 })
  await client.end()
})

test('a page that comes back to life is looked at, until the client ends', { timeout }, async t => {
  const page = new EventTarget()
  const added = []
  t.mock.method(page, 'addEventListener', (type, _, { signal }) => added.push({ type, signal }))
  globalThis.document = page
  t.after(() => {
    delete globalThis.document
  })
  const server = await serve(t, async peer => {
    await peer.accept()
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket })
  assert.deepEqual(
    added.map(({ type, signal }) => [type, signal.aborted]),
    [
      ['visibilitychange', false],
      ['resume', false],
    ],
  )
  await client.end()
  assert.ok(added.every(({ signal }) => signal.aborted))
})
