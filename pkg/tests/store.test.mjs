// A broker with a store: what survives it, and what happens when the store fails.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'

const { Broker, Client, ClosedError, connect, memory, OptionError, StoreError } = await load(
  install(),
  'wasmqtt/broker',
)

const timeout = 20_000
const keeping = clientId => ({ clientId, cleanStart: false, sessionExpiry: 1000 })

/** A client of a session, which has what its handler hears once it is connected. */
async function comeBack(broker, clientId, filter) {
  const client = new Client(broker, keeping(clientId))
  const heard = []
  const subscribed = client.subscribe(filter, { qos: 2 }, message =>
    heard.push([message.topic, message.text(), message.qos]),
  )
  await client.ready
  await subscribed
  // The queued messages came before this acknowledgement.
  await client.publish('sync', '', { qos: 1 })
  return { client, heard }
}

test('sessions, what waits in them, and retained messages are there for the next broker', { timeout }, async () => {
  const store = memory()
  const first = new Broker({ store })
  const keeper = await connect(first, keeping('keeper'))
  await keeper.subscribe('kept/#', { qos: 2 }, () => {})
  await keeper.end()
  const sender = await connect(first, keeping('sender'))
  for (const qos of [0, 1, 2]) await sender.publish('kept/x', `of ${qos}`, { qos })
  await sender.publish('state', 'on', { qos: 1, retain: true, properties: { contentType: 'text' } })
  assert.equal(await first.publish('kept/host', 'x', { qos: 1 }), 1)
  await sender.end()
  await first.close()

  const second = new Broker({ store })
  await second.ready
  assert.deepEqual(
    second.sessions().map(({ clientId, queued, connected }) => [clientId, queued, connected]),
    [
      ['keeper', 3, false],
      ['sender', 0, false],
    ],
  )
  assert.deepEqual(
    second.retained().map(({ topic }) => topic),
    ['state'],
  )
  const { client, heard } = await comeBack(second, 'keeper', 'kept/#')
  assert.deepEqual(heard, [
    ['kept/x', 'of 1', 1],
    ['kept/x', 'of 2', 2],
    ['kept/host', 'x', 1],
  ])
  await client.end()
  await second.close()

  const third = new Broker({ store })
  await third.ready
  assert.deepEqual(
    third.sessions().map(({ clientId, queued, inFlight }) => [clientId, queued, inFlight]),
    [
      ['keeper', 0, 0],
      ['sender', 0, 0],
    ],
  )
  await third.close()
})

/** A store whose writes wait for the test. */
function slow() {
  const writes = []
  const waiting = []
  let isHeld = true
  return {
    writes,
    /** Writes wait no more. */
    release: () => {
      isHeld = false
    },
    /** Resolves with the next write. */
    next: () => writes.shift() ?? new Promise(resolve => waiting.push(resolve)),
    store: {
      load: () => [],
      write: changes =>
        new Promise((resolve, reject) => {
          if (!isHeld) return resolve()
          const write = { changes, resolve, reject }
          const waiter = waiting.shift()
          if (waiter) waiter(write)
          else writes.push(write)
        }),
      close: async () => {},
    },
  }
}

test('nothing is acknowledged before it is written, and one batch is out at a time', { timeout }, async t => {
  const { store, writes, next, release } = slow()
  const broker = new Broker({ store })
  t.after(() => {
    release()
    return broker.close()
  })
  const connecting = connect(broker, keeping('one'))
  const write = await next()
  let isConnected = false
  connecting.then(() => {
    isConnected = true
  })
  assert.ok(write.changes.every(({ key, value }) => key instanceof Uint8Array && value instanceof Uint8Array))
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(isConnected, false)
  write.resolve()
  const client = await connecting

  const acknowledged = []
  const publishing = ['a', 'b'].map(topic => {
    return client.publish(topic, 'x', { qos: 1, retain: true }).then(() => acknowledged.push(topic))
  })
  const first = await next()
  assert.deepEqual([acknowledged, writes.length], [[], 0])
  const hosts = broker.publish('c', 'x', { retain: true })
  first.resolve()
  await Promise.all(publishing)
  const second = await next()
  second.resolve()
  assert.equal(await hosts, 0)
})

test('a store that fails ends the broker, and says why', { timeout }, async () => {
  const { store, next } = slow()
  const broker = new Broker({ store })
  const errors = []
  broker.addEventListener('error', event => {
    event.preventDefault()
    errors.push(event.error)
  })
  const causes = []
  broker.addEventListener('event', ({ detail }) => causes.push(detail.cause?.kind))
  const connecting = connect(broker, keeping('one'))
  ;(await next()).resolve()
  const client = await connecting
  const publishing = client.publish('t', 'x', { qos: 1, retain: true })
  const hosts = broker.publish('t', 'y', { retain: true })
  const cause = new Error('no space left')
  // Both may reject in one task.
  const rejected = [
    assert.rejects(publishing, error => error.code === undefined && /connection/.test(error.message)),
    assert.rejects(hosts, error => error instanceof StoreError && error.cause === cause),
  ]
  ;(await next()).reject(cause)
  await Promise.all(rejected)
  assert.equal(errors.length, 1)
  assert.ok(errors[0] instanceof StoreError && errors[0].cause === cause)
  assert.match(errors[0].message, /could not be written: no space left/)
  assert.ok(causes.includes('store-failed'))
  await assert.rejects(connect(broker))
  await broker.close()
})

test('other tasks run while the records of a store are read', { timeout }, async () => {
  const COUNT = 200_000
  let [tasks, isOver] = [0, false]
  const tick = () => {
    tasks++
    if (!isOver) setImmediate(tick)
  }
  let before = 0
  let during = 0
  const store = {
    *load() {
      before = tasks
      yield { key: new Uint8Array([70]), value: new Uint8Array([0]) }
      for (let number = 1; number < COUNT; number++) yield { key: new Uint8Array([77]), value: new Uint8Array(16) }
      during = tasks - before
    },
    write: async () => {},
    close: async () => {},
  }
  setImmediate(tick)
  // Its format is of no version.
  await assert.rejects(new Broker({ store }).ready, /format/)
  isOver = true
  assert.ok(during > 1, `${during} tasks among ${COUNT} records`)
})

test('a store that cannot be opened or is damaged is told when the broker begins', { timeout }, async () => {
  const encoder = new TextEncoder()
  const record = (key, ...value) => ({ key: encoder.encode(key), value: Uint8Array.from(value) })
  const rows = [
    [[record('F', 9)], /format "\\t"/],
    [[record('M')], /no format record/],
    [[record('F', 3), record('Mxxxxxxxx', 1, 2, 3)], /"Mxxxxxxxx" is damaged: it is not a message/],
  ]
  for (const [records, problem] of rows) {
    let closed = 0
    const store = { load: () => records, write: async () => {}, close: async () => closed++ }
    const broker = new Broker({ store })
    await assert.rejects(broker.ready, error => error instanceof Error && problem.test(error.message))
    await assert.rejects(connect(broker))
    await broker.close()
    assert.equal(closed, 1)
  }
  const load = async function* () {
    yield record('F', 3)
    throw new Error('it is locked')
  }
  const broker = new Broker({ store: { load, write: async () => {}, close: async () => {} } })
  await assert.rejects(broker.ready, error => error instanceof StoreError && /opened: it is locked/.test(error.message))
})

test('a store whose close fails too tells why it could not be opened', { timeout }, async () => {
  const load = () => {
    throw new Error('it is locked')
  }
  const close = async () => {
    throw new Error('it is not open')
  }
  const broker = new Broker({ store: { load, write: async () => {}, close } })
  await assert.rejects(broker.ready, error => error instanceof StoreError && /opened: it is locked/.test(error.message))
  await broker.close()
})

test('a broker that is closed while its store is loaded ends in order: what it writes, then the store', {
  timeout,
}, async t => {
  const unhandled = []
  const note = error => unhandled.push(error)
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  const kept = memory()
  const killed = new Broker({ store: { ...kept, close: async () => {} } })
  // A session that is connected when the broker ends is changed by the next, which writes that at
  // once.
  await connect(killed, keeping('one'))
  for (const fails of [false, true]) {
    const order = []
    const errors = []
    const store = {
      async *load() {
        yield* kept.load()
        closing = broker.close()
      },
      async write(changes) {
        order.push('write')
        await new Promise(resolve => setImmediate(resolve))
        order.push('written')
        if (fails) throw new Error('no space left')
        assert.ok(changes.length > 0)
      },
      close: async () => void order.push('close'),
    }
    let closing
    const broker = new Broker({ store })
    broker.addEventListener('error', event => {
      event.preventDefault()
      errors.push(event.error)
    })
    await assert.rejects(broker.ready, ClosedError)
    await closing
    // The core is freed later, and a rejection is told later.
    await new Promise(resolve => setTimeout(resolve))
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual([order, unhandled], [['write', 'written', 'close'], []])
    assert.deepEqual(
      errors.map(({ message }) => message),
      fails ? ['the store could not be written: no space left'] : [],
    )
  }
  await killed.close()
})

test("a store is one broker's at a time", { timeout }, async () => {
  const kept = memory()
  let closed = 0
  const store = { ...kept, close: async () => void closed++ }
  const taken = error =>
    error instanceof OptionError && error.option === 'store' && /in use by another Broker/.test(error.message)
  const first = new Broker({ store })
  assert.throws(() => new Broker({ store }), taken)
  await first.ready
  assert.throws(() => new Broker({ store }), taken)
  assert.equal(await first.publish('t', 'x', { retain: true }), 0)
  assert.equal(closed, 0)
  const closing = first.close()
  assert.throws(() => new Broker({ store }), taken)
  await closing
  // One that is closed before it is there; one of whose store nothing comes.
  const early = new Broker({ store })
  await early.close()
  store.load = () => [{ key: Uint8Array.of(1), value: Uint8Array.of(1) }]
  await assert.rejects(new Broker({ store }).ready)
  store.load = kept.load
  // One whose store fails has closed it, for the next.
  store.write = async () => {
    throw new Error('no space left')
  }
  const before = closed
  const failing = new Broker({ store })
  const failed = new Promise(resolve => failing.addEventListener('error', resolve))
  failing.addEventListener('error', event => event.preventDefault())
  await assert.rejects(failing.publish('t', 'y', { retain: true }), StoreError)
  await failed
  await failing.close()
  assert.equal(closed, before + 1)
  store.write = kept.write
  const last = new Broker({ store })
  await last.ready
  assert.deepEqual(
    last.retained().map(({ topic }) => topic),
    ['t'],
  )
  await last.close()
})

test('brokers with and without a store are side by side', { timeout }, async t => {
  const brokers = [new Broker({ store: memory() }), new Broker()]
  t.after(() => Promise.all(brokers.map(broker => broker.close())))
  for (const [index, broker] of brokers.entries()) {
    const client = await connect(broker, keeping('ann'))
    await client.publish('name', `${index}`, { qos: 1, retain: true })
  }
  const names = brokers.map(broker => broker.retained().map(({ payload }) => new TextDecoder().decode(payload)))
  assert.deepEqual(names, [['0'], ['1']])
})

test('a value that is not a store is refused', () => {
  for (const store of [null, 'memory', {}, { load() {}, write() {} }]) {
    assert.throws(
      () => new Broker({ store }),
      error => error instanceof OptionError && error.option === 'store' && /memory\(\)/.test(error.message),
    )
  }
})
