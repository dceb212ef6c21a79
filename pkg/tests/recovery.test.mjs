// Requests and subscriptions over lost connections, with a server that cuts them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const { IndeterminateError, PublishError, SubscribeError, connect } = await load(install(), 'wasmqtt')

const timeout = 30_000
const reconnect = { min: 1, max: 5 }
const options = { createWebSocket, reconnect, clientId: 'me', cleanStart: false, sessionExpiry: 60 }

/** A server that runs the script of its number for each connection. */
async function serve(t, ...scripts) {
  let count = 0
  const server = await startScript(peer => scripts[Math.min(count++, scripts.length - 1)](peer))
  t.after(() => server.stop())
  return server
}

/** Resolves with the next event of the type. */
const next = (client, type) => new Promise(resolve => client.addEventListener(type, resolve, { once: true }))

/** Resolves once the client has no connection. */
async function lost(client) {
  while (client.status.phase === 'connected') await next(client, 'status')
}

const message = { cmd: 'publish', topic: 'live', payload: 'new', qos: 0 }

for (const [version, sessionPresent, filters] of [
  [5, false, ['kept', 'live']],
  [5, true, ['live']],
  [4, false, ['kept', 'live']],
  [4, true, ['live']],
]) {
  test(`a gap is told before live messages: version ${version}, session present ${sessionPresent}`, {
    timeout,
  }, async t => {
    const again = []
    const server = await serve(
      t,
      async peer => {
        await peer.accept()
        await peer.grant(1)
        await peer.grant(0)
        await peer.next('publish')
        peer.socket.terminate()
      },
      async peer => {
        await peer.accept({ sessionPresent })
        peer.send(message)
        for (let packet = await peer.next(); packet; packet = await peer.next()) again.push(packet)
      },
    )
    const { sessionExpiry, ...old } = options
    const client = await connect(server.url, version === 5 ? options : { ...old, version })
    assert.deepEqual(client.status, { phase: 'connected', resumed: false, gap: false })
    const order = []
    const kept = await client.subscribe('kept', { qos: 1 }, () => {})
    kept.addEventListener('gap', ({ filters }) => order.push(`gap of ${filters}`))
    const got = new Promise(resolve => {
      client.subscribe('live', () => {
        order.push('message')
        resolve()
      })
    })
    let gap
    client.addEventListener('gap', event => {
      gap = event
      order.push('gap')
    })
    client.addEventListener('status', ({ status }) => status.phase === 'connected' && order.push('connected'))
    const before = Date.now()
    await client.publish('go', '')
    await got
    const ofKept = sessionPresent ? [] : ['gap of kept']
    assert.deepEqual(order, [...ofKept, 'gap', 'connected', 'message'])
    assert.deepEqual(gap.filters.toSorted(), filters)
    assert.ok(gap.from <= gap.to && gap.to >= before && gap.from >= before - timeout, `${gap.from} ${gap.to}`)
    assert.deepEqual(client.status, { phase: 'connected', resumed: sessionPresent, gap: true })
    await client.end()
    await server.finished()
    const subscribed = again.filter(({ cmd }) => cmd === 'subscribe')
    const expected = sessionPresent ? [] : [['kept', 'live']]
    assert.deepEqual(
      subscribed.map(({ subscriptions }) => subscriptions.map(({ topic }) => topic).toSorted()),
      expected,
    )
  })
}

test('what waited is sent in order on the next connection', { timeout }, async t => {
  let release
  const released = new Promise(resolve => {
    release = resolve
  })
  const seen = []
  const server = await serve(
    t,
    async peer => {
      await peer.accept()
      await peer.next('publish')
      peer.socket.terminate()
    },
    async peer => {
      await peer.next('connect')
      await released
      peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: true })
      for (let packet = await peer.next(); packet; packet = await peer.next()) {
        seen.push([packet.cmd, packet.topic ?? '', Boolean(packet.dup)].join(' '))
        if (packet.cmd === 'publish' && packet.qos === 1) peer.send({ cmd: 'puback', messageId: packet.messageId })
        if (packet.cmd === 'subscribe') {
          peer.send({ cmd: 'suback', messageId: packet.messageId, granted: [0], reasonCodes: [0] })
        }
        if (packet.cmd === 'unsubscribe') peer.send({ cmd: 'unsuback', messageId: packet.messageId, granted: [0] })
      }
    },
  )
  const client = await connect(server.url, options)
  const all = [client.publish('in flight', '', { qos: 1 })]
  await lost(client)
  while (client.status.phase !== 'connecting') await next(client, 'status')
  all.push(client.publish('1', '', { qos: 1 }), client.publish('2', ''))
  const subscribed = client.subscribe('3', () => {})
  all.push(subscribed, client.publish('4', '', { qos: 1 }))
  assert.equal(client.queue.messages, 4)
  release()
  await Promise.all(all)
  assert.deepEqual(client.queue, { messages: 0, bytes: 0, inFlight: 0 })
  await client.end()
  assert.deepEqual(seen, [
    'publish in flight true',
    'publish 1 false',
    'publish 2 false',
    'subscribe  false',
    'publish 4 false',
    'disconnect  false',
  ])
})

test('a message whose session is lost is indeterminate, or sent anew by policy', { timeout }, async t => {
  const scripts = [
    async peer => {
      await peer.accept()
      await peer.next('publish')
      await peer.next('publish')
      peer.socket.terminate()
    },
    async peer => {
      await peer.accept()
      const seen = []
      for (let packet = await peer.next(); packet; packet = await peer.next()) {
        seen.push([packet.cmd, packet.qos, packet.dup].join(' '))
        if (packet.cmd !== 'publish') continue
        peer.send({ cmd: packet.qos === 1 ? 'puback' : 'pubrec', messageId: packet.messageId })
        if (packet.qos === 2) {
          await peer.next('pubrel')
          peer.send({ cmd: 'pubcomp', messageId: packet.messageId })
        }
      }
      return seen
    },
  ]
  for (const keep of ['keep-acknowledged', 'fail', 'keep-all']) {
    const server = await serve(t, ...scripts)
    const client = await connect(server.url, { ...options, offline: { keep } })
    const all = [client.publish('a', '', { qos: 1 }), client.publish('b', '', { qos: 2 })]
    for (const promise of all) {
      if (keep === 'keep-all') await promise
      else await assert.rejects(promise, IndeterminateError)
    }
    while (client.status.phase !== 'connected') await next(client, 'status')
    await client.end()
    const [, seen] = await server.finished()
    const anew = keep === 'keep-all' ? ['publish 1 false', 'publish 2 false'] : []
    assert.deepEqual(
      seen.filter(line => line.startsWith('publish')),
      anew,
      keep,
    )
  }
})

test('a message on which the broker hangs up is given up, and the rest goes on', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept({ sessionPresent: false })
    for (let packet = await peer.next(); packet; packet = await peer.next()) {
      if (packet.qos === 2) peer.socket.terminate()
      if (packet.qos === 1) peer.send({ cmd: 'puback', messageId: packet.messageId })
    }
  })
  const client = await connect(server.url, { ...options, offline: { keep: 'keep-all' } })
  const notice = next(client, 'notice')
  const poison = client.publish('poison', '', { qos: 2 })
  const fine = client.publish('fine', '', { qos: 1 })
  await assert.rejects(poison, IndeterminateError)
  const { kind, topic, error } = (await notice).notice
  assert.deepEqual([kind, topic, error instanceof IndeterminateError], ['indeterminate', 'poison', true])
  await fine
  await client.end()
})

test('a subscription that the broker does not take again is told', { timeout }, async t => {
  const server = await serve(
    t,
    async peer => {
      await peer.accept()
      await peer.grant(1)
      await peer.next('publish')
      peer.socket.terminate()
    },
    async peer => {
      await peer.accept()
      await peer.grant(0x87)
      await peer.closed
    },
  )
  const client = await connect(server.url, options)
  const notice = next(client, 'notice')
  await client.subscribe('a/#', { qos: 1 }, () => {})
  await client.publish('go', '')
  const { kind, filter, error } = (await notice).notice
  assert.deepEqual([kind, filter, error.reasonCode], ['unsubscribed', 'a/#', 0x87])
  assert.ok(error instanceof SubscribeError)
  await client.end()
})

test('a subscription that ends while there is no connection is not made again', { timeout }, async t => {
  const seen = []
  let release
  const released = new Promise(resolve => {
    release = resolve
  })
  const server = await serve(
    t,
    async peer => {
      await peer.accept()
      await peer.grant(0)
      await peer.next('publish')
      peer.socket.terminate()
    },
    async peer => {
      await peer.next('connect')
      await released
      peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false })
      for (let packet = await peer.next(); packet; packet = await peer.next()) {
        seen.push(packet.cmd)
        if (packet.cmd === 'unsubscribe') peer.send({ cmd: 'unsuback', messageId: packet.messageId, granted: [17] })
      }
    },
  )
  const client = await connect(server.url, options)
  const subscription = await client.subscribe('a', () => {})
  await client.publish('go', '')
  await lost(client)
  const left = subscription.unsubscribe()
  release()
  await left
  while (client.status.phase !== 'connected') await next(client, 'status')
  await client.end()
  await server.finished()
  assert.deepEqual(
    seen.filter(cmd => cmd === 'subscribe'),
    [],
  )
})

test('QoS 0 is refused without an attempt under way, unless all is kept', { timeout }, async t => {
  for (const keep of ['keep-acknowledged', 'fail', 'keep-all']) {
    const server = await serve(t, async peer => {
      await peer.accept()
      await peer.next('publish')
      peer.socket.terminate()
    })
    const client = await connect(server.url, {
      ...options,
      reconnect: { min: 600_000, max: 600_000 },
      offline: { keep },
    })
    await client.publish('go', '')
    await lost(client)
    if (client.status.phase !== 'waiting') await next(client, 'status')
    const late = client.publish('late', '')
    if (keep === 'keep-all') assert.equal(client.queue.messages, 1)
    else await assert.rejects(late, PublishError)
    const ended = late.catch(error => error)
    await client.end()
    await ended
    await server.stop()
  }
})
