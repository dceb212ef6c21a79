// Manners of a client object on its platform: errors of handlers, draining, disposal, what it
// shows, and what importing it does.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { inspect, promisify } from 'node:util'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const run = promisify(execFile)
const project = install()
const { Client, connect, OptionError } = await load(project, 'wasmqtt')
const { Broker, connect: connectTo } = await load(project, 'wasmqtt/broker')

const timeout = 20_000

async function pair(t, options) {
  const broker = new Broker()
  const client = await connectTo(broker, options)
  t.after(async () => {
    await client.end()
    broker.close()
  })
  return { broker, client, settled: () => client.publish('settled', '', { qos: 1 }) }
}

test('an error of a handler, thrown or rejected, is an event and disturbs nobody', { timeout }, async t => {
  const { client, settled } = await pair(t)
  const reported = []
  const report = error => reported.push(error.message)
  if (typeof reportError === 'function') t.mock.method(globalThis, 'reportError', report)
  else t.mock.method(console, 'error', report)
  const errors = []
  client.addEventListener('error', event => {
    errors.push(event.error.message)
    if (event.error.message === 'thrown') event.preventDefault()
  })
  const got = []
  await client.subscribe('a', () => {
    throw new Error('thrown')
  })
  await client.subscribe('a', async () => {
    await undefined
    throw new Error('rejected')
  })
  await client.subscribe('a', () => ({
    // A thenable that is not well-behaved.
    // biome-ignore lint/suspicious/noThenProperty: this is the case.
    then() {
      throw new Error('then')
    },
  }))
  await client.subscribe('a', message => got.push(message.text()))
  await client.publish('a', '1', { qos: 1 })
  await client.publish('a', '2', { qos: 1 })
  await settled()
  await client.drain()
  assert.deepEqual(got, ['1', '2'])
  assert.deepEqual(errors.toSorted(), ['rejected', 'rejected', 'then', 'then', 'thrown', 'thrown'])
  assert.deepEqual(reported.toSorted(), ['rejected', 'rejected', 'then', 'then'])
})

test('drain() of a subscription lets its handler have what comes before the answer', { timeout }, async t => {
  let peer
  const server = await startScript(async connected => {
    peer = connected
    await peer.accept()
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket })
  t.after(async () => {
    await client.end()
    await server.stop()
  })
  const got = []
  let open
  const gate = new Promise(resolve => {
    open = resolve
  })
  const subscribed = client.subscribe('a', async message => {
    await gate
    got.push(message.text())
  })
  await peer.grant(0)
  const subscription = await subscribed
  let isDrained = false
  const drained = subscription.drain().then(() => {
    isDrained = true
  })
  const { messageId } = await peer.next('unsubscribe')
  peer.send({ cmd: 'publish', topic: 'a', payload: '1', qos: 0 })
  peer.send({ cmd: 'unsuback', messageId, granted: [0], reasonCodes: [0] })
  const unhandled = new Promise(resolve => client.addEventListener('unhandled', resolve, { once: true }))
  const published = client.publish('own', '', { qos: 1 })
  const publish = await peer.next('publish')
  peer.send({ cmd: 'puback', messageId: publish.messageId })
  await published
  assert.equal(isDrained, false, 'its handler goes on')
  open()
  await drained
  assert.deepEqual(got, ['1'])
  peer.send({ cmd: 'publish', topic: 'a', payload: '2', qos: 0 })
  assert.equal((await unhandled).message.text(), '2')
  await subscription.drain()
  await subscription.unsubscribe()
})

test('drain() knows signals, of subscriptions and of clients', { timeout }, async t => {
  const { client } = await pair(t)
  const reason = new Error('enough')
  let open
  const gate = new Promise(resolve => {
    open = resolve
  })
  const subscription = await client.subscribe('a', () => gate)
  await client.publish('a', '', { qos: 1 })
  for (const each of [client, subscription]) {
    await assert.rejects(each.drain({ signal: AbortSignal.abort(reason) }), reason)
    const controller = new AbortController()
    const drained = each.drain({ signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(drained, reason)
  }
  open()
  await Promise.all([client.drain(), subscription.drain()])
})

test('drain() of a client waits for acknowledgements and handlers, and ends with the client', { timeout }, async t => {
  const { client } = await pair(t)
  const log = []
  await client.subscribe('a', async () => {
    await new Promise(setImmediate)
    log.push('handled')
  })
  for (let number = 0; number < 10; number++) {
    client.publish('a', String(number), { qos: number % 3 }).then(() => log.push('acknowledged'))
  }
  await Promise.all([client.drain(), client.drain()])
  assert.equal(log.filter(entry => entry === 'handled').length, 10)
  assert.equal(log.filter(entry => entry === 'acknowledged').length, 10)
  await client.drain()
  await client.end()
  await client.drain()
})

test('a stream is drained: its loop has what was received, and ends', { timeout }, async t => {
  const { client, settled } = await pair(t)
  const stream = client.messages('a')
  await settled()
  for (const text of ['1', '2']) await client.publish('a', text, { qos: 1 })
  await stream.drain()
  const got = []
  for await (const message of stream) got.push(message.text())
  assert.deepEqual(got, ['1', '2'])
})

test('using and await using end subscriptions, streams and clients', { timeout }, async t => {
  const { broker, client } = await pair(t)
  const count = () => broker.sessions()[0].subscriptions.length
  const subscription = await client.subscribe('a', () => {})
  const group = await client.subscribe(['b', 'c'], () => {})
  const stream = client.messages('d')
  await client.publish('settled', '', { qos: 1 })
  assert.equal(count(), 4)
  if (Symbol.dispose) {
    subscription[Symbol.dispose]()
    stream[Symbol.dispose]()
  } else {
    await Promise.all([subscription.unsubscribe(), stream.return()])
  }
  await group[Symbol.asyncDispose]?.()
  await client.publish('settled', '', { qos: 1 })
  await group.unsubscribe()
  assert.equal(count(), 0)
  if (Symbol.dispose) {
    const other = await connectTo(broker)
    other[Symbol.dispose]()
    other[Symbol.dispose]()
    await other.end()
    assert.equal(other.status.phase, 'closed')
  }
})

test('a client shows what it is', { timeout }, async t => {
  const { client } = await pair(t, { clientId: "dash '1'" })
  assert.equal(inspect(client), `Client { clientId: "dash '1'", status: 'connected' }`)
  assert.equal(String(client), '[object Client]')
  assert.match(inspect({ client }), /clientId/)
  await client.end()
  assert.match(inspect(client), /closed/)
})

/** The value, frozen with all that it has. */
function frozen(value) {
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    for (const each of Object.values(value)) frozen(each)
  }
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype ? Object.freeze(value) : value
}

test('options are left as they are, and may be used again', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  const options = frozen({
    clientId: 'a',
    keepAlive: 5,
    credentials: { username: 'me', password: 'secret' },
    will: { topic: 'gone', payload: 'x', properties: { contentType: 'text/plain', userProperties: [['a', 'b']] } },
    userProperties: [['a', 'b']],
    queue: { messages: 5 },
  })
  const wish = frozen({ qos: 1, userProperties: [['a', 'b']] })
  const filters = frozen(['b', 'c'])
  for (let round = 0; round < 2; round++) {
    const client = await connectTo(broker, options)
    await client.subscribe('a', wish, () => {})
    await client.subscribe(filters, wish, () => {})
    await client.messages('d', frozen({ limit: 5 })).return()
    await client.latest('d', frozen({ limit: 5 })).return()
    await client.unsubscribe(filters, frozen({}))
    await client.publish('a', 'x', frozen({ qos: 1, properties: { userProperties: [['a', 'b']] } }))
    await client.drain(frozen({}))
    await client.end(frozen({ timeout: 1000 }))
  }
})

test('what the arguments of a call throw is what it rejects with', { timeout }, async t => {
  const { client } = await pair(t)
  const mine = new Error('mine')
  const options = {
    get qos() {
      throw mine
    },
  }
  await assert.rejects(client.publish('a', '', options), mine)
  await assert.rejects(
    client.subscribe('a', options, () => {}),
    mine,
  )
  const detached = new ArrayBuffer(1)
  structuredClone(detached, { transfer: [detached] })
  await assert.rejects(client.publish('a', detached), TypeError)
  await assert.rejects(client.reply(undefined, ''), OptionError)
  // No text can be made of these.
  for (const filter of [Object.create(null), [Symbol('a')]]) {
    await assert.rejects(
      client.subscribe(filter, () => {}),
      OptionError,
    )
  }
})

test('options may be inherited, as those of the platform', { timeout }, async t => {
  class Wish {
    get qos() {
      return 1
    }
  }
  const broker = new Broker()
  t.after(() => broker.close())
  const client = new Client(broker, Object.create({ clientId: 'heir' }))
  assert.equal(client.clientId, 'heir')
  const got = []
  const options = [new Wish(), Object.create({ qos: 2, retain: true }), Object.create(null), { qos: undefined }]
  // Before there is a connection and with it, with the rare options and without.
  const publish = async () => {
    for (const own of options) await client.publish('a', '', own)
    for (const own of options) await client.publish('a', '', Object.assign(Object.create(own), { properties: {} }))
  }
  await client.subscribe('a', { qos: 2, retainAsPublished: true }, ({ qos, retain }) => got.push(retain ? 'r' : qos))
  await publish()
  const later = new Client(broker)
  t.after(() => later.end())
  await Promise.all(options.map(own => later.publish('a', '', own)))
  await client.end()
  assert.deepEqual(got, [1, 'r', 0, 0, 1, 'r', 0, 0, 1, 'r', 0, 0])
  assert.throws(() => new Client(broker, { __proto__: { clientId: 'x' }, clientID: 'y' }), /clientID is not an option/)
})

test('end() is idempotent, bounded, and leaves no open handle', { timeout }, async () => {
  const program = `
    import { Broker, connect } from 'wasmqtt/broker'
    const broker = new Broker()
    const client = await connect(broker, { keepAlive: 60 })
    client.subscribe('a', { acknowledge: 'manual', qos: 1 }, () => {})
    client.messages('b').next()
    client.latest('c', { interval: 60000 }).next()
    await client.publish('a', 'x', { qos: 1 })
    await client.publish('c', 'x', { qos: 1 })
    client.publish('never', 'x', { qos: 1 }).catch(() => {})
    await Promise.all([client.end(), client.end(), client.end({ timeout: 1 })])
    broker.close()
    console.log('ended')
  `
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: project,
    timeout: 10_000,
  })
  assert.equal(stdout, 'ended\n')
  assert.equal(stderr, '')
})

test('nothing is left unhandled when a connection is refused, lost or ended', { timeout }, async () => {
  const program = `
    import { Client } from 'wasmqtt'
    import { createRequire } from 'node:module'
    const { WebSocket } = createRequire(${JSON.stringify(import.meta.filename)})('ws')
    process.on('unhandledRejection', error => { console.log('unhandled', error); process.exit(1) })
    const createWebSocket = (url, protocols) => new WebSocket(url, protocols)
    const client = new Client('ws://127.0.0.1:9', { createWebSocket, reconnect: false })
    client.messages('a')
    client.latest('b')
    client.ready.then(() => {}, () => {})
    await new Promise(resolve => client.addEventListener('status', () => client.status.phase === 'closed' && resolve()))
    await client.end()
    const other = new Client('ws://127.0.0.1:9', { createWebSocket, signal: AbortSignal.abort() })
    other.messages('a')
    other.latest('b')
    await other.end()
    await new Promise(resolve => setTimeout(resolve, 50))
    console.log('fine')
  `
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: project,
    timeout: 15_000,
  })
  assert.equal(stdout, 'fine\n')
})

test('importing it reads globals alone, and changes none', { timeout }, async () => {
  const program = `
    import { readFileSync } from 'node:fs'
    import { dirname, join } from 'node:path'
    import { fileURLToPath } from 'node:url'
    import vm from 'node:vm'
    const given = ['EventTarget', 'Event', 'URL', 'TextEncoder', 'TextDecoder', 'AbortController', 'AbortSignal']
    const sandbox = Object.fromEntries(given.map(name => [name, globalThis[name]]))
    const context = vm.createContext(sandbox)
    const own = vm.runInContext('Reflect.ownKeys(globalThis).map(String).toSorted().join()', context)
    const modules = new Map()
    async function link(path) {
      if (!modules.has(path)) {
        modules.set(path, new vm.SourceTextModule(readFileSync(path, 'utf8'), {
          context,
          identifier: path,
          initializeImportMeta: meta => { meta.url = 'file://' + path },
        }))
      }
      return modules.get(path)
    }
    for (const entry of ['wasmqtt', 'wasmqtt/broker']) {
      const path = fileURLToPath(import.meta.resolve(entry))
      const module = await link(path)
      await module.link((name, from) => link(join(dirname(from.identifier), name)))
      await module.evaluate()
      if (typeof module.namespace.connect !== 'function') throw new Error('no connect')
    }
    const after = vm.runInContext('Reflect.ownKeys(globalThis).map(String).toSorted().join()', context)
    console.log(own === after ? 'same' : own + ' became ' + after)
    console.log(process.getActiveResourcesInfo().filter(name => !/Pipe|TTY|FS/.test(name)).join())
  `
  const { stdout } = await run(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '--eval', program],
    { cwd: project, timeout: 15_000 },
  )
  assert.equal(stdout, 'same\n\n')
})

test('a client that is created does nothing to the page but what it needs', { timeout }, async () => {
  const client = new Client('ws://nowhere.example', { createWebSocket: () => new Promise(() => {}) })
  await client.end()
  assert.equal(client.status.phase, 'closed')
  await client.end()
})
