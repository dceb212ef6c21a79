// Subscriptions that are refused, and the handlers of one filter: what the broker and the client
// have of it stays the same on both sides.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { startClient } from './lib/script.mjs'

const project = install()
const { Client, connect, ConnectError, OptionError, SubscribeError, TimeoutError } = await load(project, 'wasmqtt')
const { Broker, connect: connectTo } = await load(project, 'wasmqtt/broker')

const timeout = 20_000
const REFUSED = 0x87

const serve = (t, options) => startClient(t, connect, options)

/** Answers the next SUBSCRIBE, and returns its QoS. */
async function answer(peer, code) {
  const { subscriptions } = await peer.grant(code)
  return subscriptions[0].qos
}

async function unsubscribed(peer, code = 0) {
  const { messageId, unsubscriptions } = await peer.next('unsubscribe')
  peer.send({ cmd: 'unsuback', messageId, granted: [code], reasonCodes: [code] })
  return unsubscriptions
}

/** Resolves once the client has read what was sent, and all that followed on it has run. */
async function settle({ client, peer }) {
  const published = client.publish('settle', '', { qos: 1 })
  const { messageId } = await peer.next('publish')
  peer.send({ cmd: 'puback', messageId })
  await published
}

const refused = error => error instanceof SubscribeError && error.reasonCode === REFUSED

test('a SUBSCRIBE that is refused leaves the filter as it was', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const got = []
  const first = client.subscribe('a', () => got.push('first'))
  assert.equal(await answer(peer, 0), 0)
  await first
  const second = assert.rejects(
    client.subscribe('a', { qos: 2 }, () => got.push('second')),
    refused,
  )
  assert.equal(await answer(peer, REFUSED), 2)
  await second
  // The same options as the first one's, which still hold: nothing is sent.
  const third = await client.subscribe('a', () => got.push('third'))
  assert.equal(third.qos, 0)
  // Other options, which ask for no more than the broker has granted.
  const fourth = client.subscribe('a', { retainAsPublished: true }, () => got.push('fourth'))
  assert.equal(await answer(peer, 0), 0)
  await fourth
  peer.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0 })
  await settle({ client, peer })
  assert.deepEqual(got, ['first', 'third', 'fourth'])
})

test('a refused first SUBSCRIBE leaves nothing, and the next one asks for its own options', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const first = assert.rejects(
    client.subscribe('a', { qos: 2 }, () => {}),
    refused,
  )
  assert.equal(await answer(peer, REFUSED), 2)
  await first
  const second = client.subscribe('a', () => {})
  assert.equal(await answer(peer, 0), 0)
  await (await Promise.all([second, unsubscribed(peer), (await second).unsubscribe()]))[0]
})

test('handlers that come while a SUBSCRIBE is under way share its fate only with its options', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const first = client.subscribe('a', { qos: 2 }, () => {}).catch(error => error)
  const same = client.subscribe('a', { qos: 2 }, () => {}).catch(error => error)
  const lower = client.subscribe('a', () => {})
  const other = client.subscribe('a', { noLocal: true }, () => {}).catch(error => error)
  assert.equal(await answer(peer, REFUSED), 2)
  assert.ok(refused(await first))
  assert.ok(refused(await same))
  assert.equal(await answer(peer, 0), 0)
  assert.equal((await lower).qos, 0)
  assert.equal(await answer(peer, REFUSED), 0)
  assert.ok(refused(await other))
  const ended = (await lower).unsubscribe()
  assert.deepEqual(await unsubscribed(peer), ['a'])
  await ended
})

test('the last handler that is refused ends the subscription of one that has left', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const first = client.subscribe('a', () => {})
  await answer(peer, 0)
  const second = assert.rejects(
    client.subscribe('a', { qos: 1 }, () => {}),
    refused,
  )
  // The second one still wants it.
  await (await first).unsubscribe()
  assert.equal(await answer(peer, REFUSED), 1)
  await second
  assert.deepEqual(await unsubscribed(peer), ['a'])
})

test('a handler that is aborted while its SUBSCRIBE is under way leaves no subscription', { timeout }, async t => {
  for (const code of [0, REFUSED]) {
    const { client, peer } = await serve(t)
    const controller = new AbortController()
    const gone = assert.rejects(
      client.subscribe('a', { signal: controller.signal }, () => {}),
      /enough/,
    )
    const { messageId } = await peer.next('subscribe')
    controller.abort(new Error('enough'))
    await gone
    peer.send({ cmd: 'suback', messageId, granted: [code], reasonCodes: [code] })
    if (code === 0) assert.deepEqual(await unsubscribed(peer), ['a'])
    else await settle({ client, peer })
  }
})

test('a SUBSCRIBE that is granted after its time limit leaves no subscription', { timeout }, async t => {
  const { client, peer } = await serve(t, { requestTimeout: 50 })
  const gone = assert.rejects(
    client.subscribe('a', () => {}),
    error => error instanceof TimeoutError,
  )
  const { messageId } = await peer.next('subscribe')
  await gone
  peer.send({ cmd: 'suback', messageId, granted: [0], reasonCodes: [0] })
  assert.deepEqual(await unsubscribed(peer), ['a'])
})

test('an UNSUBSCRIBE that is refused can be tried again, and the filter subscribed anew', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const got = []
  const subscribed = client.subscribe('a', () => got.push('first'))
  await answer(peer, 0)
  const first = await subscribed
  const failed = assert.rejects(first.unsubscribe(), refused)
  await unsubscribed(peer, REFUSED)
  await failed
  // The handler has stopped at once.
  peer.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0 })
  await settle({ client, peer })
  assert.deepEqual(got, [])
  // With retained messages, as the first handler of a filter has them.
  const second = client.subscribe('a', () => got.push('second'))
  await answer(peer, 0)
  // It is the second one's now.
  await first.unsubscribe()
  const ended = (await second).unsubscribe()
  assert.deepEqual(await unsubscribed(peer, REFUSED), ['a'])
  await assert.rejects(ended, refused)
  const again = (await second).unsubscribe()
  assert.deepEqual(await unsubscribed(peer), ['a'])
  await again
})

test('a SUBSCRIBE under way when the connection goes rejects, with those that wait for it', { timeout }, async t => {
  const { client, peer } = await serve(t, { reconnect: false })
  const all = [0, 1, 1, 2].map(qos => client.subscribe('a', { qos }, () => {}).catch(error => error))
  await peer.next('subscribe')
  peer.socket.terminate()
  for (const error of await Promise.all(all)) assert.ok(error instanceof SubscribeError, String(error))
  assert.equal(client.status.phase, 'closed')
})

test('a stream that has ended is done, whatever still comes', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const done = { done: true, value: undefined }
  const stream = client.messages('a')
  const { messageId } = await peer.next('subscribe')
  const publish = () => peer.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0 })
  publish()
  await settle({ client, peer })
  const waiting = client.messages('a')
  const reads = [waiting.next(), waiting.next()]
  const returned = [stream.return(), stream.return(), waiting.return()]
  // The broker has not answered yet, so its messages still come.
  publish()
  await settle({ client, peer })
  assert.deepEqual(await stream.next(), done)
  assert.deepEqual(await Promise.all(reads), [done, done])
  peer.send({ cmd: 'suback', messageId, granted: [0], reasonCodes: [0] })
  assert.deepEqual(await unsubscribed(peer), ['a'])
  assert.deepEqual(await Promise.all(returned), [done, done, done])
  assert.deepEqual(await stream.next(), done)
  assert.equal(stream.dropped, 0)
})

test('a read in the task in which a stream ends is done, whatever waits', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const done = { done: true, value: undefined }
  for (const end of [
    stream => stream.return(),
    stream => assert.rejects(stream.throw(new Error('enough')), /enough/),
  ]) {
    const stream = client.messages('a')
    await answer(peer, 0)
    for (const payload of ['1', '2']) peer.send({ cmd: 'publish', topic: 'a', payload, qos: 0 })
    assert.equal((await stream.next()).value.text(), '1')
    const ended = end(stream)
    assert.deepEqual(await stream.next(), done)
    assert.deepEqual(await unsubscribed(peer), ['a'])
    await ended
  }
})

test('a stream whose signal is aborted already sends nothing', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  for (const stream of [client.messages('a', { signal }), client.latest('a', { signal })]) {
    await assert.rejects(stream.next(), reason)
    assert.deepEqual(await stream.next(), { done: true, value: undefined })
  }
  await settle({ client, peer })
})

test('throw() ends a stream as return() does, and rejects with its error', { timeout }, async t => {
  const { client, peer } = await serve(t)
  const stream = client.messages('a')
  await answer(peer, 0)
  const read = stream.next()
  const thrown = assert.rejects(stream.throw(new Error('enough')), /^Error: enough$/)
  assert.deepEqual(await unsubscribed(peer), ['a'])
  await thrown
  assert.deepEqual(await read, { done: true, value: undefined })
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
  await assert.rejects(stream.throw(new Error('again')), /again/)
})

test('an event that does not exist is refused as an option is', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const client = await connectTo(broker)
  t.after(() => client.end())
  for (const [target, names] of [
    [client, ['status', 'packet']],
    [broker, ['event', 'error']],
  ]) {
    for (const type of ['publish', 'message', 'Status', '', 'constructor']) {
      for (const call of ['addEventListener', 'removeEventListener']) {
        assert.throws(
          () => target[call](type, () => {}, { once: true }),
          error => {
            assert.ok(error instanceof OptionError)
            assert.equal(error.option, 'type')
            assert.equal(error.value, type)
            for (const name of names) assert.match(error.message, new RegExp(name))
            return true
          },
        )
      }
    }
    for (const name of names) {
      target.addEventListener(name, () => {}, { once: true })
      target.removeEventListener(name, () => {})
    }
  }
})

test('a handler of a shared filter gets the copies of its share', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const [one, two] = await Promise.all([connectTo(broker), connectTo(broker)])
  const got = []
  await one.subscribe('a/#', ({ payload }) => got.push(`plain ${payload}`))
  await one.subscribe('$share/g/a/#', ({ payload }) => got.push(`one ${payload}`))
  await two.subscribe('$share/g/a/#', ({ payload }) => got.push(`two ${payload}`))
  for (let number = 0; number < 10; number++) await broker.publish('a/b', Uint8Array.of(number))
  await Promise.all([one, two].map(client => client.publish('x', '', { qos: 1 })))
  for (let number = 0; number < 10; number++) {
    const shared = got.filter(line => line === `one ${number}` || line === `two ${number}`)
    assert.equal(shared.length, 1, `${number}: ${got}`)
    assert.ok(got.includes(`plain ${number}`))
  }
  assert.ok(got.some(line => line.startsWith('one')) && got.some(line => line.startsWith('two')))
  await Promise.all([one.end(), two.end()])
})

/** A WebSocket that never calls back, in this state. */
function deadSocket(readyState) {
  return { readyState, binaryType: 'blob', bufferedAmount: 0, send() {}, close() {}, addEventListener() {} }
}

test('a socket that is closed or closing when it is given settles at once', { timeout }, async () => {
  for (const readyState of [2, 3]) {
    for (const make of [() => deadSocket(readyState), async () => deadSocket(readyState)]) {
      const rejected = connect('ws://nowhere.example', { createWebSocket: make, reconnect: false })
      await assert.rejects(rejected, /the WebSocket was closed before it was used/)
    }
  }
})

test('end() does not wait for a socket that was closed when it was given', { timeout }, async () => {
  for (const readyState of [2, 3]) {
    const createWebSocket = () => deadSocket(readyState)
    const client = new Client('ws://nowhere.example', { createWebSocket, reconnect: false })
    await assert.rejects(client.ready, ConnectError)
    await client.end({ timeout: 60_000 })
  }
})

test('a socket that closes while it is given settles at once, whenever that is', { timeout }, async () => {
  for (let hops = 0; hops < 8; hops++) {
    const socket = deadSocket(1)
    const close = async () => {
      for (let hop = 0; hop < hops; hop++) await undefined
      socket.readyState = 3
      // Nobody hears it before the client has the socket.
      socket.onclose?.({})
    }
    const createWebSocket = () => {
      close()
      return socket
    }
    const client = new Client('ws://nowhere.example', { createWebSocket, reconnect: false })
    await assert.rejects(client.ready, ConnectError, String(hops))
  }
})
