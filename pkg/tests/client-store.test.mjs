// A client with a store: what the next client goes on with, and what happens when the store fails.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const { Broker, Client, connect, IndeterminateError, memory, OptionError, StoreError } = await load(
  install(),
  'wasmqtt/broker',
)

const timeout = 20_000
const never = () => new Promise(() => {})
const offline = { createWebSocket: never }
const nowhere = 'ws://127.0.0.1:9'

function deferred() {
  let resolve
  const promise = new Promise(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

/** A store whose calls are noted, and may be replaced. */
function watched(changed = {}) {
  const inner = memory()
  const calls = []
  const store = {
    load: () => inner.load(),
    write: changes => {
      calls.push('write')
      return (store.onWrite ?? inner.write)(changes)
    },
    close: async () => void calls.push('close'),
    inner,
    calls,
    ...changed,
  }
  return store
}

/** A store that tells when it is closed. */
function closing() {
  const { promise, resolve } = deferred()
  return { ...memory(), closed: promise, close: async () => resolve() }
}

const noticeOf = (client, kind) =>
  new Promise(resolve => {
    client.addEventListener('notice', ({ notice }) => notice.kind === kind && resolve(notice))
  })

/** Resolves when the queue holds so many requests, which it does once the module is loaded. */
async function queued(client, messages) {
  while (client.status.store === undefined || client.queue.messages !== messages)
    await new Promise(resolve => setImmediate(resolve))
}

/** A broker whose own subscription collects what is published. */
async function collecting() {
  const broker = new Broker()
  const heard = []
  await broker.subscribe('#', message => heard.push(`${message.topic} ${message.text()}`))
  return { broker, heard }
}

test('messages that were never sent go with the next client, in order', { timeout }, async () => {
  const store = memory()
  const first = new Client(nowhere, { ...offline, store })
  const published = ['a', 'b', 'c'].map(topic => first.publish(topic, 'x', { qos: 2 }))
  published.push(first.publish('gone', 'x'))
  await queued(first, 4)
  assert.equal(first.status.store, 'durable')
  await first.end()
  const outcomes = await Promise.allSettled(published)
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['rejected']))

  const { broker, heard } = await collecting()
  const second = new Client(broker, { store })
  const restored = []
  second.addEventListener('notice', ({ notice }) => restored.push(notice))
  await second.ready
  assert.equal(second.clientId, first.clientId, 'the identifier is that of the store')
  await second.publish('d', 'y', { qos: 2 })
  assert.deepEqual(heard, ['a x', 'b x', 'c x', 'd y'])
  assert.deepEqual(
    restored,
    [2, 1, 0].map(left => ({ kind: 'restored', left })),
  )
  await second.end()
  assert.equal(second.status.store, 'durable')
  await broker.close()
})

test('a message leaves once it is written', { timeout }, async () => {
  const { broker, heard } = await collecting()
  const store = watched()
  const client = await connect(broker, { store })
  const gate = deferred()
  store.onWrite = async changes => {
    await gate.promise
    await store.inner.write(changes)
  }
  const published = client.publish('t', 'x', { qos: 1 })
  await broker.publish('sync', '')
  while (store.calls.at(-1) !== 'write') await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(heard, ['sync '])
  gate.resolve()
  await published
  assert.deepEqual(heard, ['sync ', 't x'])
  await client.end()
  assert.equal(store.calls.at(-1), 'close', 'before the end resolves')
  await broker.close()
})

test('what was sent resumes its session, or is told as indeterminate', { timeout }, async () => {
  for (const isKept of [true, false]) {
    const answer = deferred()
    const answers = [answer.promise]
    const broker = new Broker({ authorize: ({ action }) => action !== 'publish' || answers.shift() || true })
    const store = closing()
    const first = await connect(broker, { store, clientId: 'c' })
    const published = first.publish('t', 'x', { qos: 2 })
    published.catch(() => {})
    while (first.queue.inFlight === 0) await new Promise(resolve => setImmediate(resolve))
    // The broker has to have the message on its way.
    while (answers.length > 0) await new Promise(resolve => setImmediate(resolve))
    first.kill()
    await store.closed
    answer.resolve(true)
    const { broker: other, heard } = await collecting()
    const second = new Client(isKept ? broker : other, { store, clientId: 'c' })
    const restored = noticeOf(second, 'restored')
    await second.ready
    assert.equal(second.sessionPresent, isKept)
    const { error, left } = await restored
    assert.equal(left, 0)
    assert.equal(error instanceof IndeterminateError, !isKept)
    assert.deepEqual(heard, [])
    await second.end()
    await broker.close()
    await other.close()
  }
})

test('a store that cannot be opened leaves the session in memory, by a notice', { timeout }, async () => {
  const cause = new Error('not here')
  const refusing = watched({
    load: () => {
      throw cause
    },
  })
  for (const [store, words] of [
    [refusing, 'the store could not be opened: not here'],
    [watched({ isLocked: false }), 'this page has no Web Locks, since it is not a secure context'],
  ]) {
    const broker = new Broker()
    const client = new Client(broker, { store })
    const statuses = []
    client.addEventListener('status', ({ status }) => statuses.push([status.phase, status.store]))
    const { error } = await noticeOf(client, 'store-failed')
    assert.ok(error instanceof StoreError && error.message.endsWith(words), error.message)
    await client.ready
    await client.publish('t', 'x', { qos: 2 })
    assert.deepEqual(statuses, [
      ['connecting', 'memory'],
      ['connected', 'memory'],
    ])
    assert.deepEqual(store.calls, ['close'])
    await client.end()
    assert.deepEqual(broker.sessions(), [], 'it asks for no session that outlives it')
    await broker.close()
  }
})

test('a store that fails in the middle leaves the session in memory, and is void', { timeout }, async () => {
  const { broker, heard } = await collecting()
  const store = watched()
  const client = await connect(broker, { store })
  await client.publish('before', 'x', { qos: 2 })
  let writes = 0
  store.onWrite = async changes => {
    writes++
    if (writes === 1) throw new DOMException('the quota is exceeded', 'QuotaExceededError')
    await store.inner.write(changes)
  }
  const told = noticeOf(client, 'store-failed')
  await client.publish('after', 'x', { qos: 2 })
  const { error } = await told
  assert.equal(error.message, 'the store could not be written: the quota is exceeded')
  assert.equal(client.status.store, 'memory')
  await client.publish('last', 'x', { qos: 2 })
  assert.deepEqual(heard, ['before x', 'after x', 'last x'])
  assert.equal(writes, 2, 'the mark of the void records')
  await client.end()
  store.onWrite = undefined
  const next = await connect(broker, { store })
  assert.deepEqual([next.status.store, next.queue], ['durable', { messages: 0, bytes: 0, inFlight: 0 }])
  assert.notEqual(next.clientId, client.clientId)
  await next.end()
  await broker.close()
})

test('two clients never share a store', { timeout }, async () => {
  const broker = new Broker()
  const store = memory()
  const first = await connect(broker, { store })
  const held = Object.assign(new Error('it is held by another process'), { name: 'InUseError' })
  const locked = watched({
    load: () => {
      throw held
    },
  })
  for (const [used, words] of [
    [store, /it is in use by another client; end that one first/],
    [locked, /it is held by another process/],
  ]) {
    await assert.rejects(
      connect(broker, { store: used }),
      error => error instanceof StoreError && words.test(error.message),
    )
  }
  await first.end()
  const second = await connect(broker, { store })
  assert.equal(second.status.store, 'durable')
  await second.end()
  await broker.close()
})

test('records that cannot be used are told, and stay as they are', { timeout }, async () => {
  const broker = new Broker()
  const filled = async clientId => {
    const store = memory()
    await (await connect(broker, { store, clientId })).end()
    return store
  }
  const bytes = text => new TextEncoder().encode(text)
  const other = await filled('one')
  const damaged = await filled('two')
  await damaged.write([{ key: bytes('x'), value: bytes('') }])
  const ofBroker = memory()
  await ofBroker.write([{ key: bytes('F'), value: Uint8Array.of(3) }])
  for (const [store, words] of [
    [other, /the store has the session of client "one", but this is client "two"/],
    [damaged, /the store's record "x" is damaged: its key is unknown/],
    [ofBroker, /the store has format "\\x03", but this version reads "c1" only/],
  ]) {
    const before = [...store.load()].length
    const error = await connect(broker, { store, clientId: 'two' }).catch(error => error)
    assert.ok(error instanceof StoreError && words.test(error.message), error)
    assert.equal([...store.load()].length, before)
  }
  assert.throws(() => new Client(broker, { store: {} }), OptionError)
  assert.throws(() => new Client(broker, { store: memory(), version: 4, clientId: '' }), OptionError)
  await broker.close()
})

test('a session lasts a day by default, and in 3.1.1 too', { timeout }, async () => {
  for (const version of [4, 5]) {
    const broker = new Broker()
    const client = await connect(broker, { store: memory(), version, clientId: 'c' })
    await client.subscribe('t', { qos: 1 }, () => {})
    await client.end()
    assert.deepEqual(
      broker.sessions().map(({ clientId }) => clientId),
      ['c'],
    )
    await broker.close()
  }
})

test('a store that does not answer is left, and the client goes on in memory', { timeout }, async () => {
  const { broker, heard } = await collecting()
  // It never opens.
  const shut = watched({ load: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }) })
  const first = new Client(broker, { store: shut, connectTimeout: 3000 })
  const unopened = await noticeOf(first, 'store-failed')
  assert.ok(unopened.error instanceof StoreError)
  assert.match(unopened.error.message, /^the store could not be opened: it did not answer within 1000 ms$/)
  await first.ready
  await first.publish('a', 'x', { qos: 2 })
  assert.equal(first.status.store, 'memory')
  await first.end()

  // It opens, and then hangs in the middle.
  const stuck = watched()
  const second = await connect(broker, { store: stuck, connectTimeout: 3000 })
  stuck.onWrite = never
  const failed = noticeOf(second, 'store-failed')
  const published = second.publish('b', 'x', { qos: 2 })
  assert.match((await failed).error.message, /^the store could not be written: it did not answer within 1000 ms$/)
  await published
  assert.equal(second.status.store, 'memory')
  await second.end()
  assert.deepEqual(heard, ['a x', 'b x'])
  await broker.close()
})

test('a store that opens too late is closed, and free again', { timeout }, async () => {
  const { broker } = await collecting()
  const gate = deferred()
  const store = watched()
  const { load } = store
  store.load = async function* () {
    await gate.promise
    yield* load()
  }
  const first = new Client(broker, { store, connectTimeout: 3000 })
  await noticeOf(first, 'store-failed')
  await first.ready
  gate.resolve()
  while (!store.calls.includes('close')) await new Promise(resolve => setImmediate(resolve))
  const second = await connect(broker, { store })
  assert.equal(second.status.store, 'durable')
  await Promise.all([first.end(), second.end()])
  await broker.close()
})
