// A client's life over many attempts, against our broker on a port that is stopped and started.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocketServer } from 'ws'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const { Broker, Client, ClosedError, ConnectError, ConnectionError, OptionError, Unauthorized, connect } = await load(
  install(),
  'wasmqtt/broker',
)

const timeout = 20_000
const quick = { min: 1, max: 20, stable: 60_000 }

/** Puts the broker on a port, the same each time it is started again. */
async function listen(t, broker, port = 0) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, handleProtocols: () => 'mqtt' })
  await once(server, 'listening')
  server.on('connection', socket => broker.accept(socket))
  let stopped
  const stop = () => {
    stopped ??= new Promise(resolve => {
      for (const socket of server.clients) socket.terminate()
      server.close(resolve)
    })
    return stopped
  }
  t.after(stop)
  return { port: server.address().port, url: `ws://127.0.0.1:${server.address().port}/mqtt`, stop }
}

function open(t, options) {
  const broker = new Broker(options)
  t.after(() => broker.close())
  return broker
}

async function serve(t, script) {
  const server = await startScript(script)
  t.after(() => server.stop())
  return server
}

function newClient(t, url, options) {
  const client = new Client(url, { createWebSocket, reconnect: quick, ...options })
  t.after(() => client.end())
  return client
}

/** Resolves with the next status that fits. */
function until(client, fits) {
  const matches = typeof fits === 'string' ? ({ phase }) => phase === fits : fits
  return new Promise(resolve => {
    const look = ({ status }) => {
      if (!matches(status)) return
      client.removeEventListener('status', look)
      resolve(status)
    }
    client.addEventListener('status', look)
  })
}

/** A port on which nothing listens any more. */
async function closedPort(t) {
  const { url, stop } = await listen(t, open(t))
  await stop()
  return url
}

test('a broker that goes and comes back finds its client again', { timeout }, async t => {
  const broker = open(t)
  const server = await listen(t, broker)
  const client = newClient(t, server.url)
  await client.ready
  const phases = []
  client.addEventListener('status', ({ status }) => phases.push(status.phase))
  for (let round = 0; round < 3; round++) {
    const waiting = until(client, 'waiting')
    const failed = until(client, ({ phase, attempt }) => phase === 'waiting' && attempt >= 3)
    await server.stop()
    const lost = await waiting
    assert.equal(lost.attempt, 1)
    assert.ok(lost.error instanceof ConnectionError)
    assert.ok(lost.retryAt >= Date.now() - 1000 && lost.retryAt <= Date.now() + 1000)
    const { error } = await failed
    assert.ok(error instanceof ConnectError, 'attempts that fail')
    assert.equal(error.phase, 'opening')
    const connected = until(client, 'connected')
    const again = await listen(t, broker, server.port)
    assert.equal((await connected).phase, 'connected')
    server.stop = again.stop
  }
  // The phases take turns.
  assert.match(phases.join(' '), /^(waiting (connecting waiting )+connecting connected ?){3}$/)
})

test('what was published while the broker was away arrives', { timeout }, async t => {
  const broker = open(t)
  const server = await listen(t, broker)
  const client = newClient(t, server.url, { cleanStart: false, clientId: 'keeps', sessionExpiry: 3600 })
  await client.ready
  const waiting = until(client, 'waiting')
  await server.stop()
  await waiting
  const published = client.publish('a', 'later', { qos: 1 })
  const seen = new Promise(resolve => broker.subscribe('a', message => resolve(message.text())))
  await listen(t, broker, server.port)
  await published
  assert.equal(await seen, 'later')
})

test('reconnect: false is one connection', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    peer.socket.terminate()
  })
  const client = newClient(t, server.url, { reconnect: false })
  const { error } = await until(client, 'closed')
  assert.ok(error instanceof ConnectionError)
})

test('connect() tries for its time, and a new Client for ever', { timeout }, async t => {
  const url = await closedPort(t)
  const before = performance.now()
  await assert.rejects(connect(url, { createWebSocket, reconnect: quick, connectTimeout: 300 }), error => {
    assert.ok(error instanceof ConnectError)
    assert.match(error.message, /could not be opened \(opening, ws:\/\/127\.0\.0\.1:\d+\/mqtt/)
    return true
  })
  assert.ok(performance.now() - before >= 200)
  const client = newClient(t, url, { connectTimeout: 50 })
  await until(client, ({ phase, attempt }) => phase === 'waiting' && attempt > 10)
  const ready = assert.rejects(client.ready, ClosedError)
  await client.end()
  await ready
})

test('a signal ends the wait of connect() with its reason', { timeout }, async t => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const url = await closedPort(t)
  const connecting = connect(url, {
    createWebSocket,
    reconnect: { min: 60_000, max: 60_000 },
    connectTimeout: 3_600_000,
    signal: controller.signal,
  })
  setTimeout(() => controller.abort(reason), 50)
  await assert.rejects(connecting, reason)
})

test('reasons that will not change end the client, and ready rejects', { timeout }, async t => {
  for (const [reasonCode, isFinal] of [
    [0x87, true],
    [0x86, true],
    [0x85, true],
    [0x8a, true],
    [0x88, false],
    [0x97, false],
  ]) {
    let asked = 0
    const server = await serve(t, async peer => {
      asked++
      await peer.accept(asked === 1 ? { reasonCode } : {})
      await peer.closed
    })
    const client = newClient(t, server.url)
    if (isFinal)
      await assert.rejects(client.ready, error => error instanceof ConnectError && error.reasonCode === reasonCode)
    else await client.ready
    assert.equal(client.status.phase, isFinal ? 'closed' : 'connected', reasonCode.toString(16))
    await client.end()
  }
})

test('two clients of one identifier do not fight', { timeout }, async t => {
  const { url } = await listen(t, open(t))
  const first = newClient(t, url, { clientId: 'same' })
  await first.ready
  const closed = until(first, 'closed')
  const second = newClient(t, url, { clientId: 'same' })
  await second.ready
  const { error } = await closed
  assert.equal(error.reasonCode, 0x8e)
  assert.equal(second.status.phase, 'connected')
})

test('credentials and URL are asked for before each attempt', { timeout }, async t => {
  const seen = []
  const server = await serve(t, async peer => {
    const { username } = await peer.accept()
    seen.push(username)
    if (seen.length < 3) peer.socket.terminate()
    else await peer.closed
  })
  let [urls, asked] = [0, 0]
  const url = async () => {
    urls++
    return server.url
  }
  const credentials = async () => {
    asked++
    if (asked === 2) throw new Error('no network')
    return { username: `user${asked}` }
  }
  const client = newClient(t, url, { credentials })
  const failed = await until(client, ({ error }) => error?.message.includes('no network'))
  assert.equal(failed.phase, 'waiting', 'an error is tried again')
  await until(client, () => seen.length === 3)
  assert.deepEqual(seen, ['user1', 'user3', 'user4'])
  assert.equal(urls, 4)
})

test('Unauthorized and wrong values end the client', { timeout }, async t => {
  const server = await serve(t, peer => peer.closed)
  const refusing = newClient(t, server.url, {
    credentials: () => {
      throw new Unauthorized('logged out')
    },
  })
  await assert.rejects(refusing.ready, error => error instanceof ConnectError && error.cause instanceof Unauthorized)
  for (const [url, options] of [
    [server.url, { credentials: () => ({ username: 7 }) }],
    [server.url, { credentials: () => ({ expires: 'tomorrow' }) }],
    [() => 'http://a', {}],
  ]) {
    await assert.rejects(newClient(t, url, options).ready, OptionError)
  }
  for (const wrong of [[], 'ws://user:secret@a/', [7]]) {
    assert.throws(
      () => new Client(wrong, { createWebSocket }),
      error =>
        error instanceof OptionError && !error.message.includes('secret') && !String(error.value).includes('secret'),
    )
  }
})

test('credentials that expire are renewed', { timeout }, async t => {
  const names = []
  const server = await serve(t, async peer => {
    const { username } = await peer.accept()
    names.push(username)
    const packet = await peer.next()
    return packet?.cmd
  })
  let asked = 0
  const credentials = () => ({
    username: `user${++asked}`,
    ...(asked === 1 && { expires: new Date(Date.now() + 600) }),
  })
  const client = newClient(t, server.url, { credentials, reconnect: { ...quick, stable: 1 } })
  await client.ready
  await until(client, 'connected')
  assert.deepEqual(names, ['user1', 'user2'])
  await client.end()
  assert.deepEqual(await server.finished(), ['disconnect', 'disconnect'])
})

test('several URLs are tried in turn', { timeout }, async t => {
  const dead = await closedPort(t)
  const { url } = await listen(t, open(t))
  const client = newClient(t, [dead, url])
  await client.ready
})

test('a redirect is followed, and one to nowhere or in a circle ends nothing', { timeout }, async t => {
  const { url } = await listen(t, open(t))
  const { host } = new URL(url)
  const sends = reference => peer => peer.accept({ reasonCode: 0x9c, properties: { serverReference: reference } })
  const client = newClient(t, (await serve(t, sends(host))).url)
  await client.ready

  const answers = ['', 'no such host', 'http://a', 'user@host', '/path']
  const back = await serve(t, async peer => {
    const reference = answers.shift()
    if (reference !== undefined) return sends(reference)(peer)
    await peer.accept()
    await peer.closed
  })
  await newClient(t, back.url).ready

  let rounds = 0
  const circle = await serve(t, async peer => {
    rounds++
    if (rounds > 20) await peer.accept()
    else await sends(new URL(circle.url).host)(peer)
  })
  await newClient(t, circle.url).ready
})

test('an encrypted connection is not led to one that is not', { timeout }, async t => {
  const tried = []
  const answers = [{ reasonCode: 0x9d, properties: { serverReference: 'ws://127.0.0.1:1/' } }, {}]
  const server = await serve(t, async peer => {
    await peer.accept(answers.shift())
    await peer.closed
  })
  const client = newClient(t, 'wss://broker.example/', {
    createWebSocket: (url, protocols) => {
      tried.push(url)
      return createWebSocket(server.url, protocols)
    },
  })
  await client.ready
  assert.deepEqual(tried, ['wss://broker.example/', 'wss://broker.example/'])
})

test("version 'auto' falls back to 3.1.1, and remembers it", { timeout }, async t => {
  for (const habit of ['0x84', '0x01', 'hangs up']) {
    const versions = []
    const server = await serve(t, async peer => {
      const { protocolVersion } = await peer.next('connect')
      versions.push(protocolVersion)
      if (protocolVersion === 4) peer.bytes([0x20, 2, 0, 0])
      else if (habit === '0x84') peer.bytes([0x20, 3, 0, 0x84, 0])
      else if (habit === '0x01') peer.bytes([0x20, 2, 0, 1])
      else peer.socket.terminate()
      if (versions.length === 2) peer.socket.terminate()
      await peer.closed
    })
    const client = newClient(t, server.url, { version: 'auto', sessionExpiry: 60 })
    await client.ready
    await until(client, 'connected')
    assert.deepEqual(versions, [5, 4, 4], habit)
    const { version, subscriptionIdentifierAvailable, sharedSubscriptionAvailable } = client.server
    assert.deepEqual([version, subscriptionIdentifierAvailable, sharedSubscriptionAvailable], [4, false, false])
    await client.end()
  }
})

test('waking up the page tests the connection, and ends a wait', { timeout }, async t => {
  const listeners = new EventTarget()
  globalThis.addEventListener = listeners.addEventListener.bind(listeners)
  t.after(() => delete globalThis.addEventListener)
  const broker = open(t)
  const server = await listen(t, broker)
  const client = newClient(t, server.url, { reconnect: { min: 3_600_000, max: 3_600_000 } })
  await client.ready
  const pinged = new Promise(resolve => {
    client.addEventListener('packet', ({ packet }) => packet.kind === 'PINGRESP' && resolve())
  })
  listeners.dispatchEvent(new Event('online'))
  await pinged
  const waiting = until(client, 'waiting')
  await server.stop()
  await waiting
  const connected = until(client, 'connected')
  await listen(t, broker, server.port)
  listeners.dispatchEvent(new Event('pageshow'))
  await connected
})

test('an error names the phase, the URL without its secrets, and the close code', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.next('connect')
    peer.socket.close(4321)
  })
  const client = newClient(t, `${server.url}/path?token=secret`)
  const { error } = await until(client, 'waiting')
  assert.equal(error.phase, 'CONNACK')
  assert.equal(error.url, `${server.url}/path`)
  assert.equal(error.closeCode, 4321)
  assert.ok(!JSON.stringify([error.message, error]).includes('secret'))
})

test('a link to a broker in the page has the same life', { timeout }, async t => {
  const broker = open(t)
  const client = new Client(broker, { reconnect: quick, clientId: 'linked' })
  t.after(() => client.end())
  await client.ready
  const again = until(client, 'connected')
  broker.disconnect('linked')
  await again
  const plain = await connect(broker, { clientId: 'plain' })
  const closed = until(plain, 'closed')
  broker.disconnect('plain')
  await closed
})

test('ending and killing a client that waits settles at once', { timeout }, async t => {
  const url = await closedPort(t)
  for (const way of ['end', 'kill']) {
    const client = newClient(t, url, { reconnect: { min: 3_600_000, max: 3_600_000 } })
    await until(client, 'waiting')
    const published = client.publish('a', '', { qos: 1 })
    const rejected = assert.rejects(published, ClosedError)
    await client[way]()
    await rejected
    assert.deepEqual(client.status, { phase: 'closed' })
  }
})
