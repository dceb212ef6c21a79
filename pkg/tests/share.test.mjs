// One connection that several clients of an origin share. In Node their pages are one, and Web
// Locks are a stand-in; www/tests/share.spec.ts has real pages.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { Locks } from './lib/locks.mjs'
import { install, load } from './lib/packed.mjs'

const locks = new Locks()
Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true })

const project = install()
const { Broker, connect: connectInPage } = await load(project, 'wasmqtt/broker')
const { Client, OptionError, connect } = await load(project, 'wasmqtt')

const timeout = 30_000
const createWebSocket = (url, protocols) => new WebSocket(url, protocols)

/** Starts a broker on the loopback, with the count of sockets that it has accepted. */
async function serve(t, options) {
  const broker = new Broker(options)
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mqtt' })
  const served = { broker, url: '', sockets: 0 }
  server.on('connection', socket => {
    served.sockets++
    broker.accept(socket)
  })
  await once(server, 'listening')
  served.url = `ws://127.0.0.1:${server.address().port}/`
  t.after(async () => {
    await broker.close()
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return served
}

let names = 0

/** Connects so many clients, one after the other, so that the first one leads. */
async function tabs(t, { url }, count, options) {
  const share = `test-${names++}`
  const all = []
  t.after(() => Promise.all(all.map(client => client.end())))
  for (let index = 0; index < count; index++) {
    all.push(await connect(url, { share, createWebSocket, ...options }))
  }
  return all
}

/** Resolves with the next status that has this phase. */
function phase(client, wanted) {
  if (client.status.phase === wanted) return Promise.resolve(client.status)
  return new Promise(resolve => {
    const listener = ({ status }) => {
      if (status.phase !== wanted) return
      client.removeEventListener('status', listener)
      resolve(status)
    }
    client.addEventListener('status', listener)
  })
}

/** A list that is filled from elsewhere, and a promise for its length. */
function collect() {
  const list = []
  const waiting = []
  return {
    list,
    add(value) {
      list.push(value)
      for (const check of [...waiting]) check()
    },
    async reaches(length) {
      while (list.length < length) {
        await new Promise(resolve => {
          waiting.push(resolve)
        })
      }
      return list
    },
  }
}

test('five clients are one socket, and each gets the messages of its handlers', { timeout }, async t => {
  const served = await serve(t)
  const all = await tabs(t, served, 5)
  assert.equal(served.sockets, 1)
  assert.equal(served.broker.clients().length, 1)
  assert.deepEqual(
    all.map(({ status }) => status.share),
    ['leader', 'follower', 'follower', 'follower', 'follower'],
  )
  assert.equal(new Set(all.map(({ clientId }) => clientId)).size, 1)
  const heard = all.map(() => collect())
  await Promise.all(all.map((client, index) => client.subscribe(`own/${index}`, m => heard[index].add(m.text()))))
  await Promise.all(
    all.map((client, index) =>
      client.subscribe(['all/+', 'all/#'], { qos: 2 }, message => {
        heard[index].add(`${message.text()} ${message.qos} ${message.properties.contentType}`)
      }),
    ),
  )
  await all[1].publish('own/2', 'two')
  const properties = { contentType: 'text/plain' }
  const answer = await all[3].publish('all/x', 'everybody', { qos: 2, properties })
  assert.equal(answer.reasonCode, 0)
  await Promise.all(heard.map(({ reaches }, index) => reaches(index === 2 ? 2 : 1)))
  assert.deepEqual(
    heard.map(({ list }) => list),
    all.map((_, index) => [...(index === 2 ? ['two'] : []), 'everybody 2 text/plain']),
  )
  assert.equal(served.sockets, 1)
})

test('a filter is subscribed once for all, and a later client gets its retained message', { timeout }, async t => {
  const served = await serve(t)
  const [first, second] = await tabs(t, served, 2)
  const sent = []
  second.addEventListener('packet', ({ packet }) => sent.push(packet.kind))
  await first.publish('kept', 'retained', { qos: 1, retain: true })
  const heard = [collect(), collect()]
  await first.subscribe('kept', m => heard[0].add(m.text()))
  await heard[0].reaches(1)
  const subscription = await second.subscribe('kept', m => heard[1].add(m.text()))
  await heard[1].reaches(1)
  assert.deepEqual(heard[0].list, ['retained'])
  await subscription.unsubscribe()
  await first.publish('kept', 'later', { qos: 1 })
  await heard[0].reaches(2)
  assert.deepEqual(heard[1].list, ['retained'])
  assert.ok(sent.includes('SUBSCRIBE'))
  assert.ok(!sent.includes('UNSUBSCRIBE'))
})

test('unsubscribe ends the handlers of one client, and those of others stay', { timeout }, async t => {
  const served = await serve(t)
  const [first, second] = await tabs(t, served, 2)
  const heard = [collect(), collect()]
  await first.subscribe(['a', 'b'], { qos: 1 }, m => heard[0].add(m.topic))
  await second.subscribe('a', { qos: 1 }, m => heard[1].add(m.topic))
  await first.unsubscribe('a')
  for (const topic of ['a', 'b']) await second.publish(topic, '', { qos: 1 })
  await heard[0].reaches(1)
  await heard[1].reaches(1)
  assert.deepEqual([heard[0].list, heard[1].list], [['b'], ['a']])
  await second.unsubscribe('a')
  const answer = await first.publish('a', '', { qos: 1 })
  assert.equal(answer.reasonCode, 0x10, 'nobody is subscribed any more')
})

test('refusals, wrong options and aborts reach the client that caused them', { timeout }, async t => {
  const served = await serve(t, {
    acl: [
      { action: 'publish', filter: 'no/#', allow: false },
      { action: 'subscribe', filter: 'no/#', allow: false },
    ],
  })
  const [, client] = await tabs(t, served, 2)
  await assert.rejects(client.publish('no/way', '', { qos: 1 }), { name: 'PublishError', reasonCode: 0x87 })
  await assert.rejects(
    client.subscribe('no/way', () => {}),
    { name: 'SubscribeError', reasonCode: 0x87, filter: 'no/way' },
  )
  await assert.rejects(client.publish('a/#', ''), { name: 'OptionError' })
  await assert.rejects(
    client.subscribe('a/#/b', () => {}),
    { name: 'OptionError' },
  )
  const group = await client.subscribe(['yes', 'no/1'], () => {})
  assert.deepEqual(
    group.granted.map(({ filter }) => filter),
    ['yes'],
  )
  assert.equal(group.refused[0].filter, 'no/1')
  const signal = AbortSignal.abort(new Error('not wanted'))
  await assert.rejects(client.publish('a', '', { signal }), { message: 'not wanted' })
})

test('requests, streams and drain work in a follower', { timeout }, async t => {
  const served = await serve(t)
  const [first, second] = await tabs(t, served, 2)
  await first.subscribe('service', request => void first.reply(request, `re: ${request.text()}`))
  assert.equal((await second.request('service', 'hello')).text(), 're: hello')
  const stream = second.messages('stream/#', { qos: 1 })
  const got = []
  const reading = (async () => {
    for await (const message of stream) if (got.push(message.text()) === 3) break
  })()
  await second.drain()
  for (const text of ['1', '2', '3']) await first.publish('stream/x', text, { qos: 1 })
  await reading
  assert.deepEqual(got, ['1', '2', '3'])
})

test('a follower acknowledges by hand', { timeout }, async t => {
  const served = await serve(t)
  const [, second] = await tabs(t, served, 2, { receiveMaximum: 1 })
  const held = collect()
  await second.subscribe('held', { qos: 1, acknowledge: 'manual' }, message => held.add(message))
  const sender = await connectInPage(served.broker)
  for (const text of ['1', '2']) await sender.publish('held', text, { qos: 1 })
  const [one] = await held.reaches(1)
  assert.equal(held.list.length, 1, 'Receive Maximum is 1')
  assert.equal(one.ack(), true)
  assert.equal(one.ack(), false)
  const [, two] = await held.reaches(2)
  assert.equal(two.text(), '2')
  two.ack()
  await sender.end()
})

test('the end of a follower leaves the others, and the last one ends the session', { timeout }, async t => {
  const served = await serve(t)
  const [first, second, third] = await tabs(t, served, 3)
  const heard = collect()
  await first.subscribe('a', m => heard.add(m.text()))
  await third.subscribe('c', () => {})
  await third.end()
  assert.deepEqual([first.status.phase, third.status.phase], ['connected', 'closed'])
  await second.publish('a', 'still', { qos: 1 })
  await heard.reaches(1)
  await second.end()
  await first.end()
  assert.deepEqual([served.broker.clients(), served.broker.sessions()], [[], []])
  assert.equal(served.sockets, 1)
})

test('the leader ends: another takes over with the session, and nothing is lost', { timeout }, async t => {
  const served = await serve(t)
  const [first, ...others] = await tabs(t, served, 4)
  const heard = others.map(() => collect())
  for (const [index, client] of others.entries()) {
    await client.subscribe('count/#', { qos: 2 }, m => heard[index].add(`${m.topic} ${m.text()}`))
  }
  const sender = await connectInPage(served.broker)
  const outcomes = []
  let sent = 0
  const publish = () => {
    const text = String(sent++)
    outcomes.push(others[0].publish('count/1', text, { qos: 1 }), others[1].publish('count/2', text, { qos: 2 }))
    outcomes.push(sender.publish('count/3', text, { qos: 2 }))
  }
  const timer = setInterval(publish, 2)
  await new Promise(resolve => setTimeout(resolve, 50))
  const statuses = others.map(client => phase(client, 'connecting'))
  const ended = first.end()
  await Promise.all(statuses)
  const began = performance.now()
  const connected = await Promise.all(others.map(client => phase(client, 'connected')))
  const took = performance.now() - began
  await new Promise(resolve => setTimeout(resolve, 50))
  clearInterval(timer)
  await ended
  await Promise.all(outcomes)
  for (const { list, reaches } of heard) {
    await reaches(3 * sent)
    assert.equal(list.length, new Set(list).size, 'none came twice')
    assert.equal(list.length, 3 * sent)
  }
  assert.ok(took < 1000, `${took} ms`)
  assert.deepEqual(
    connected.map(({ resumed, share }) => [resumed, share]),
    [
      [true, 'leader'],
      [true, 'follower'],
      [true, 'follower'],
    ],
  )
  assert.equal(served.sockets, 2)
  await sender.end()
})

test('a filter of a leader that is gone is unsubscribed by the next one', { timeout }, async t => {
  const served = await serve(t)
  const [first, second] = await tabs(t, served, 2)
  await first.subscribe('gone', { qos: 1 }, () => {})
  await second.subscribe('stays', { qos: 1 }, () => {})
  const later = phase(second, 'connecting').then(() => phase(second, 'connected'))
  first.kill()
  await later
  await second.drain()
  const answer = await second.publish('gone', '', { qos: 1 })
  assert.equal(answer.reasonCode, 0x10)
  assert.equal((await second.publish('stays', '', { qos: 1 })).reasonCode, 0)
})

test('a gap is told when another client takes over', { timeout }, async t => {
  const served = await serve(t)
  const [first, second] = await tabs(t, served, 2)
  await second.subscribe('at-least', { qos: 1 }, () => {})
  const subscription = await second.subscribe('at-most', () => {})
  const order = collect()
  second.addEventListener('gap', ({ filters, from, to }) => order.add(['client', filters, to >= from]))
  subscription.addEventListener('gap', ({ filters }) => order.add(['subscription', filters]))
  second.addEventListener('status', ({ status }) => status.phase === 'connected' && order.add(status))
  first.kill()
  assert.deepEqual(await order.reaches(3), [
    ['subscription', ['at-most']],
    ['client', ['at-most'], true],
    { phase: 'connected', resumed: true, gap: true, share: 'leader' },
  ])
})

test('a page that is to be frozen hands over, and its client follows', { timeout }, async t => {
  globalThis.document = new EventTarget()
  t.after(() => {
    delete globalThis.document
  })
  const served = await serve(t)
  const [first, second] = await tabs(t, served, 2)
  const heard = collect()
  await first.subscribe('a', { qos: 1 }, m => heard.add(m.text()))
  const again = [first, second].map(client => phase(client, 'connecting').then(() => phase(client, 'connected')))
  globalThis.document.dispatchEvent(new Event('freeze'))
  const statuses = await Promise.all(again)
  assert.deepEqual(
    statuses.map(({ resumed }) => resumed),
    [true, true],
  )
  assert.deepEqual(statuses.map(({ share }) => share).toSorted(), ['follower', 'leader'])
  await second.publish('a', 'still', { qos: 1 })
  await heard.reaches(1)
  assert.equal(served.sockets, 2)
})

test('a client with another URL, version or user is refused', { timeout }, async t => {
  const served = await serve(t)
  const [first] = await tabs(t, served, 1)
  const share = `test-${names - 1}`
  for (const [option, options, url = served.url] of [
    ['version', { version: 4 }],
    ['clientId', { clientId: 'other' }],
    ['credentials.username', { credentials: { username: 'other' } }],
    ['url', {}, `${served.url}other`],
  ]) {
    await assert.rejects(connect(url, { share, createWebSocket, ...options }), error => {
      assert.ok(error instanceof OptionError)
      assert.equal(error.option, option)
      assert.match(error.message, /in the tabs that share "test-\d+"; use the same, or another name for share/)
      return true
    })
  }
  assert.equal(first.status.phase, 'connected')
  assert.equal(served.sockets, 1)
})

test('without Web Locks each client has a connection of its own, and says so', { timeout }, async t => {
  const served = await serve(t)
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  t.after(() => Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true }))
  const all = await tabs(t, served, 2)
  assert.deepEqual(
    all.map(({ status }) => status),
    [1, 2].map(() => ({ phase: 'connected', resumed: false, gap: false, share: 'alone' })),
  )
  assert.equal(served.sockets, 2)
})

test('a final failure ends all, and none tries again', { timeout }, async t => {
  const served = await serve(t)
  const clients = await tabs(t, served, 3, { clientId: 'one' })
  const closed = clients.map(client => phase(client, 'closed'))
  const other = await connect(served.url, { clientId: 'one', createWebSocket })
  for (const { error } of await Promise.all(closed)) assert.equal(error.reasonCode, 0x8e)
  assert.equal(other.status.phase, 'connected')
  assert.equal(served.sockets, 2)
  await other.end()
})

test('a broker that cannot be reached is told to all', { timeout }, async t => {
  const share = `test-${names++}`
  const clients = [0, 1].map(
    () => new Client('ws://127.0.0.1:9/', { share, createWebSocket, reconnect: { min: 60_000, max: 60_000 } }),
  )
  t.after(() => Promise.all(clients.map(client => client.end())))
  for (const status of await Promise.all(clients.map(client => phase(client, 'waiting')))) {
    assert.equal(status.error.name, 'ConnectError')
    assert.equal(status.error.phase, 'opening')
  }
  await assert.rejects(connect('ws://127.0.0.1:9/', { share, createWebSocket, connectTimeout: 100 }), {
    name: 'ConnectError',
  })
})

test('what is no message of the protocol is ignored', { timeout }, async t => {
  const served = await serve(t)
  const [first, second] = await tabs(t, served, 2)
  const name = `wasmqtt/1/test-${names - 1}`
  const channel = new BroadcastChannel(name)
  t.after(() => channel.close())
  const from = 'stranger'
  for (const data of [
    null,
    'hello',
    { protocol: 2, from, to: '', steps: [['hello', {}, 0]] },
    { protocol: 1, from, to: '', steps: [['hello']] },
    { protocol: 1, from, to: '', steps: [['toString']] },
    { protocol: 1, from, to: '', steps: 'lead' },
    { protocol: 1, from, to: '', steps: [['publish', 0, 'a', 'no bytes', 0]] },
  ]) {
    channel.postMessage(data)
  }
  await first.subscribe('a', () => {})
  assert.equal((await second.publish('a', '', { qos: 1 })).reasonCode, 0)
})

test('wrong names are refused', { timeout }, async () => {
  for (const share of ['', 'x'.repeat(201), 7]) assert.throws(() => new Client('ws://x', { share }), OptionError)
  await assert.rejects(connectInPage(new Broker(), { share: 'a' }), OptionError)
})
