// The broker's hooks, its users and its access list.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { FakeWebSocket } from './lib/fake-web-socket.mjs'
import { install, link, load } from './lib/packed.mjs'
import { RawClient } from './lib/peer.mjs'

const project = install()
link(project, 'mqtt-packet')
const { Broker, Client, connect, ConnectError, hashPassword, HookError, OptionError, PublishError, SubscribeError } =
  await load(project, 'wasmqtt/broker')

const timeout = 20_000

/** A broker that is closed after the test. */
function open(t, options) {
  const broker = new Broker(options)
  t.after(() => broker.close())
  return broker
}

/** A promise, and what settles it. */
function defer() {
  let settle
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle }
}

const refused = (type, reasonCode) => error => error instanceof type && error.reasonCode === reasonCode

/** A client over bytes. */
async function raw(broker) {
  const socket = broker.socket()
  const client = RawClient.overWebSocket(socket)
  await once(socket, 'open')
  return client
}

test('authenticate is asked who may connect', { timeout }, async t => {
  const asked = []
  const verdicts = { yes: true, no: false, banned: 0x8a, later: Promise.resolve(true), never: Promise.resolve(0x86) }
  const broker = open(t, {
    authenticate: request => {
      asked.push(request)
      return verdicts[request.clientId]
    },
  })
  const credentials = { username: 'ann', password: 'secret' }
  await (await connect(broker, { clientId: 'yes', credentials })).end()
  await (await connect(broker, { clientId: 'later', version: 4 })).end()
  await assert.rejects(connect(broker, { clientId: 'no' }), refused(ConnectError, 0x87))
  await assert.rejects(connect(broker, { clientId: 'banned' }), refused(ConnectError, 0x8a))
  await assert.rejects(connect(broker, { clientId: 'never', version: 4 }), refused(ConnectError, 0x86))
  assert.deepEqual(asked.slice(0, 2), [
    { clientId: 'yes', username: 'ann', password: new TextEncoder().encode('secret'), version: 5 },
    { clientId: 'later', username: undefined, password: undefined, version: 4 },
  ])
})

test('a client that waits keeps its order, and the others do not wait', { timeout }, async t => {
  const first = defer()
  const asked = []
  const broker = open(t, {
    authorize: ({ clientId, action, topic }) => {
      asked.push(`${clientId} ${action} ${topic}`)
      return topic === 'slow' ? first.promise : true
    },
  })
  const [watcher, slow, fast] = await Promise.all(
    ['watcher', 'slow', 'fast'].map(clientId => connect(broker, { clientId })),
  )
  const got = []
  await watcher.subscribe('#', { qos: 1 }, ({ topic }) => got.push(topic))
  const all = [slow.publish('slow', '1', { qos: 1 }), slow.publish('after', '2'), slow.publish('last', '3', { qos: 2 })]
  await fast.publish('fast', 'x', { qos: 1 })
  assert.deepEqual(got, ['fast'])
  first.resolve(true)
  await Promise.all(all)
  // Answered behind what was sent before.
  await watcher.publish('done', '', { qos: 1 })
  assert.deepEqual(got, ['fast', 'slow', 'after', 'last', 'done'])
  assert.deepEqual(asked.slice(1, 4), ['slow publish slow', 'fast publish fast', 'slow publish after'])
})

test('authorize says what may be published and subscribed to', { timeout }, async t => {
  const asked = []
  const broker = open(t, {
    authorize: request => {
      asked.push(request)
      return !request.topic.startsWith('no') || (request.action === 'publish' ? 0x97 : false)
    },
  })
  const client = await connect(broker, { clientId: 'me', will: { topic: 'will', payload: 'x', qos: 1, retain: true } })
  await client.subscribe('yes/#', { qos: 1 }, () => {})
  await assert.rejects(
    client.subscribe('no/#', () => {}),
    refused(SubscribeError, 0x87),
  )
  await assert.rejects(client.publish('no/x', 'x', { qos: 1 }), refused(PublishError, 0x97))
  await assert.rejects(client.publish('no/x', 'x', { qos: 2 }), refused(PublishError, 0x97))
  const old = await connect(broker, { version: 4 })
  await assert.rejects(
    old.subscribe('no/#', () => {}),
    refused(SubscribeError, 0x80),
  )
  // 3.1.1 has no word for it.
  await old.publish('no/x', 'x', { qos: 1 })
  await assert.rejects(connect(broker, { will: { topic: 'no/will', payload: 'x' } }), refused(ConnectError, 0x97))
  assert.deepEqual(asked[0], {
    clientId: 'me',
    username: undefined,
    action: 'publish',
    topic: 'will',
    qos: 1,
    retain: true,
  })
  assert.deepEqual(asked[1], {
    clientId: 'me',
    username: undefined,
    action: 'subscribe',
    topic: 'yes/#',
    qos: 1,
    retain: false,
  })
  assert.equal(broker.counters().published, 0)
})

test('authorizeReceive has each delivery asked about', { timeout }, async t => {
  const slow = defer()
  const broker = open(t, {
    authorizeReceive: true,
    authorize: ({ clientId, action, topic }) => {
      if (action !== 'receive') return true
      if (topic === 'secret') return clientId === 'boss'
      return topic === 'slow' ? slow.promise : true
    },
  })
  const got = { boss: [], clerk: [] }
  for (const clientId of Object.keys(got)) {
    const client = await connect(broker, { clientId })
    await client.subscribe('#', { qos: 1 }, ({ topic }) => {
      got[clientId].push(topic)
      if (topic === 'end') client.end()
    })
  }
  const events = []
  broker.addEventListener('event', ({ detail }) => events.push({ ...detail }))
  for (const topic of ['secret', 'slow', 'end']) await broker.publish(topic, 'x', { qos: 1 })
  assert.deepEqual(got, { boss: ['secret'], clerk: [] })
  slow.resolve(true)
  while (broker.clients().length > 0) await once(broker, 'event')
  assert.deepEqual(got, { boss: ['secret', 'slow', 'end'], clerk: ['slow', 'end'] })
  const told = events.find(({ type }) => type === 'refused')
  assert.deepEqual(told, { type: 'refused', clientId: 'clerk', action: 'receive', topic: 'secret', reasonCode: 0x87 })
})

test('a hook that fails refuses, and an event tells', { timeout }, async t => {
  const failures = {
    throws: () => {
      throw new RangeError('thrown')
    },
    rejects: () => Promise.reject(new RangeError('rejected')),
    nothing: () => {},
    zero: () => 0,
    text: () => Promise.resolve('yes'),
    low: () => 0x7f,
    high: () => 0xa3,
  }
  const broker = open(t, {
    authenticate: ({ clientId }) => failures[clientId]?.() ?? !(clientId in failures),
    authorize: ({ topic }) => failures[topic]?.() ?? (topic in failures ? undefined : true),
  })
  const errors = []
  broker.addEventListener('error', event => {
    event.preventDefault()
    errors.push(event.error)
  })
  const client = await connect(broker)
  for (const topic of Object.keys(failures)) {
    await assert.rejects(client.publish(topic, 'x', { qos: 1 }), refused(PublishError, 0x80), topic)
    const { hook, message, cause, reasonCode } = errors.at(-1)
    assert.ok(errors.at(-1) instanceof HookError)
    assert.deepEqual([hook, reasonCode], ['authorize', 0x80])
    assert.match(message, /the hook authorize (threw: RangeError|returned [\w]+; it must return true, false)/)
    assert.equal(cause instanceof RangeError, topic === 'throws' || topic === 'rejects')
  }
  await assert.rejects(connect(broker, { clientId: 'throws' }), refused(ConnectError, 0x80))
  assert.equal(errors.length, 8)
  // And the broker goes on.
  await client.publish('fine', 'x', { qos: 1 })
})

test('authenticate that gives nothing lets nobody in, with users and without', { timeout }, async t => {
  const users = [
    { username: 'plain', password: 'pw' },
    { username: 'hashed', passwordHash: await hashPassword('pw', { iterations: 1_000 }) },
  ]
  const nothings = [() => {}, () => null, async () => {}, async () => null]
  for (const authenticate of nothings) {
    for (const [options, username] of [
      [{}, 'anybody'],
      [{ users }, 'plain'],
      [{ users }, 'hashed'],
    ]) {
      const broker = open(t, { ...options, authenticate })
      const failed = once(broker, 'error')
      broker.addEventListener('error', event => event.preventDefault())
      const connecting = connect(broker, { credentials: { username, password: 'pw' } })
      await assert.rejects(connecting, refused(ConnectError, 0x80), `${authenticate} ${username}`)
      const [{ error }] = await failed
      assert.ok(error instanceof HookError)
      assert.equal(error.hook, 'authenticate')
      assert.match(error.message, /returned (undefined|null); it must return true, false/)
      assert.deepEqual(broker.clients(), [])
    }
  }
})

test('a failure that no listener takes is reported', { timeout }, async t => {
  const broker = open(t, { authorize: () => undefined })
  const client = await connect(broker)
  const told = t.mock.method(console, 'error', () => {})
  await assert.rejects(client.publish('a', 'x', { qos: 1 }), refused(PublishError, 0x80))
  assert.ok(told.mock.calls[0].arguments[0] instanceof HookError)
})

test('a hook that does not answer is a refusal in time, and what waits behind it is bounded', { timeout }, async t => {
  const broker = open(t, {
    authorize: () => new Promise(() => {}),
    answerTimeout: 50,
    inputBytesMaximum: 0,
    maximumPacketSize: 100,
  })
  const client = await connect(broker, { keepAlive: 0 })
  await assert.rejects(client.publish('a', 'x', { qos: 1 }), refused(PublishError, 0x80))
  // A page's socket cannot be slowed down.
  const socket = new FakeWebSocket()
  const flood = new RawClient(bytes => socket.give(bytes))
  socket.received = bytes => flood.received(bytes)
  broker.accept(socket)
  await flood.connect('flood')
  const publish = { cmd: 'publish', topic: 'a', payload: 'x'.repeat(40), qos: 0 }
  flood.send(publish)
  flood.send(publish)
  assert.equal((await flood.next('disconnect')).reasonCode, 0x97)
  assert.equal(socket.readyState, 2)
})

test('a broker that is closed takes no more answers', { timeout }, async t => {
  const late = defer()
  const asked = defer()
  const broker = open(t, {
    authenticate: () => {
      asked.resolve()
      return late.promise
    },
  })
  const connecting = connect(broker)
  await asked.promise
  broker.close()
  await assert.rejects(connecting)
  late.resolve(true)
  await late.promise
})

test('enhanced authentication goes on as its hook says', { timeout }, async t => {
  const asked = []
  const broker = open(t, {
    authenticateEnhanced: ({ method, data, again, state, clientId, username, password }) => {
      state.step = (state.step ?? 0) + 1
      asked.push([
        clientId,
        username,
        password && String(Buffer.from(password)),
        method,
        String(Buffer.from(data ?? [])),
        again,
        state.step,
      ])
      if (method !== 'TEST') return 0x8c
      if (state.step === 1) return Promise.resolve({ complete: false, data: `challenge for ${data}`.slice(0, 9) })
      return String(Buffer.from(data)) === 'right' && { complete: true, data: new Uint8Array([1, 2]) }
    },
  })
  const properties = (data, method = 'TEST') => ({
    authenticationMethod: method,
    authenticationData: Buffer.from(data),
  })
  const client = await raw(broker)
  const hello = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0, clientId: 'me' }
  client.send({ ...hello, username: 'ann', password: Buffer.from('pw'), properties: properties('first') })
  const challenge = await client.next('auth')
  assert.deepEqual([challenge.reasonCode, challenge.properties], [0x18, properties('challenge')])
  client.send({ cmd: 'auth', reasonCode: 0x18, properties: properties('right') })
  const { reasonCode, properties: told } = await client.next('connack')
  assert.deepEqual([reasonCode, told.authenticationMethod, [...told.authenticationData]], [0, 'TEST', [1, 2]])
  client.send({ cmd: 'auth', reasonCode: 0x19, properties: properties('again') })
  assert.equal((await client.next('auth')).reasonCode, 0x18)
  client.send({ cmd: 'auth', reasonCode: 0x18, properties: properties('wrong') })
  assert.equal((await client.next('disconnect')).reasonCode, 0x87)
  await client.closed
  assert.deepEqual(asked, [
    ['me', 'ann', 'pw', 'TEST', 'first', false, 1],
    ['me', 'ann', 'pw', 'TEST', 'right', false, 2],
    ['me', 'ann', undefined, 'TEST', 'again', true, 1],
    ['me', 'ann', undefined, 'TEST', 'wrong', true, 2],
  ])
  const other = await raw(broker)
  other.send({ ...hello, properties: properties('x', 'OTHER') })
  assert.equal((await other.next('connack')).reasonCode, 0x8c)
  await other.closed
})

test('users connect by their passwords, plain or hashed', { timeout }, async t => {
  const iterations = 1_000
  const hash = await hashPassword('sécret', { iterations })
  assert.match(hash, /^\$pbkdf2-sha256\$i=1000\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(hash, await hashPassword('sécret', { iterations }), 'each has a salt of its own')
  const users = [
    { username: 'ann', passwordHash: hash },
    { username: 'bob', password: 'plain' },
    // RFC 7914, §11.
    {
      username: 'rfc',
      passwordHash: `$pbkdf2-sha256$i=80000$TmFDbA$${Buffer.from(
        '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
        'hex',
      )
        .toString('base64')
        .replace(/=+$/, '')}`,
    },
  ]
  const broker = open(t, { users, authenticate: ({ clientId }) => clientId !== 'nobody' })
  const rows = [
    ['ann', 'sécret', 'a', undefined],
    ['bob', 'plain', 'a', undefined],
    ['rfc', 'Password', 'a', undefined],
    ['ann', 'secret', 'a', 0x86],
    ['ann', '', 'a', 0x86],
    ['bob', 'plai', 'a', 0x86],
    ['bob', 'plainer', 'a', 0x86],
    ['rfc', 'password', 'a', 0x86],
    ['eve', 'plain', 'a', 0x86],
    [undefined, undefined, 'a', 0x87],
    // Both must say yes.
    ['ann', 'sécret', 'nobody', 0x87],
  ]
  for (const [username, password, clientId, reasonCode] of rows) {
    const connecting = connect(broker, { clientId, credentials: username === undefined ? {} : { username, password } })
    if (reasonCode === undefined) await (await connecting).end()
    else await assert.rejects(connecting, refused(ConnectError, reasonCode), `${username} ${password}`)
  }
})

test('a list of no users lets nobody in', { timeout }, async t => {
  const credentials = { username: 'ann', password: '' }
  await assert.rejects(connect(open(t, { users: [] }), { credentials }), refused(ConnectError, 0x86))
})

test('the access list holds', { timeout }, async t => {
  const broker = open(t, {
    acl: [
      { action: 'all', filter: 'home/%u/#', allow: true },
      { action: 'publish', filter: 'home/#', allow: false, reasonCode: 0x97 },
      { action: 'subscribe', filter: 'home/#', allow: false },
      { action: 'receive', filter: 'news', clientId: 'late', allow: false },
    ],
  })
  const ann = await connect(broker, { clientId: 'late', credentials: { username: 'ann', password: '' } })
  const bob = await connect(broker, { clientId: 'bob', credentials: { username: 'bob', password: '' } })
  const got = { ann: [], bob: [] }
  await ann.subscribe('#', { qos: 1 }, ({ topic }) => got.ann.push(topic))
  await bob.subscribe('#', { qos: 1 }, ({ topic }) => got.bob.push(topic))
  await assert.rejects(
    ann.subscribe('home/bob/#', () => {}),
    refused(SubscribeError, 0x87),
  )
  await assert.rejects(ann.publish('home/bob/x', 'x', { qos: 1 }), refused(PublishError, 0x97))
  for (const topic of ['home/ann/x', 'news', 'end']) await ann.publish(topic, 'x', { qos: 1 })
  await bob.publish('home/bob/x', 'x', { qos: 1 })
  await Promise.all([ann.publish('last', '', { qos: 2 }), bob.publish('last', '', { qos: 2 })])
  assert.deepEqual(got.ann.slice(0, 3), ['home/ann/x', 'end', 'last'])
  assert.deepEqual(got.bob.slice(0, 4), ['news', 'end', 'home/bob/x', 'last'])
})

test('a password that cannot be hashed is said so', { timeout }, async () => {
  await assert.rejects(hashPassword(7), OptionError)
  await assert.rejects(hashPassword('x', { iterations: 10 }), error => error.option === 'iterations')
})

test('an answer that throws when it is looked at is a refusal', { timeout }, async t => {
  const get = () => {
    throw new Error('not now')
  }
  const trap = Object.defineProperty({}, 'then', { get })
  const broker = open(t, { authenticate: ({ clientId }) => clientId === 'good' || trap })
  const failures = []
  broker.addEventListener('error', event => {
    event.preventDefault()
    failures.push(event.error)
  })
  await assert.rejects(connect(broker, { clientId: 'bad' }), refused(ConnectError, 0x80))
  assert.match(failures[0].message, /threw: Error: not now/)
  await (await connect(broker, { clientId: 'good' })).end()
})

test('a hook, a handler or a listener may close the broker, and its clients are told', { timeout }, async t => {
  const ways = {
    hook: (_, client) => client.send({ cmd: 'publish', topic: 'close', payload: 'now', qos: 0 }),
    listener: broker => {
      broker.addEventListener('event', ({ detail }) => detail.type === 'published' && broker.close())
      return broker.publish('t', '')
    },
    handler: async broker => {
      await broker.subscribe('t', () => void broker.close())
      return broker.publish('t', '')
    },
  }
  for (const [way, act] of Object.entries(ways)) {
    const broker = open(t, {
      authorize: ({ topic }) => {
        if (topic === 'close') broker.close()
        return true
      },
    })
    const [one, other] = [await raw(broker), await raw(broker)]
    for (const client of [one, other]) await client.connect(`client ${client === one}`)
    await act(broker, one)
    for (const client of [one, other]) assert.equal((await client.next('disconnect')).reasonCode, 0x8b, way)
  }
})

test('what waits for a former user of a session is not sent to another', { timeout }, async t => {
  const acl = [
    { action: 'all', filter: 'secret/#', username: 'ann', allow: true },
    { action: 'all', filter: 'secret/#', allow: false },
  ]
  const isForAnn = ({ username, topic }) => username === 'ann' || !topic.startsWith('secret')
  const rows = [
    { acl },
    { authorizeReceive: true, authorize: request => request.action !== 'receive' || isForAnn(request) },
  ]
  for (const options of rows) {
    const broker = open(t, options)
    const drops = []
    broker.addEventListener('event', ({ detail }) => {
      if (detail.type === 'dropped') drops.push(`${detail.topic} ${detail.cause}`)
    })
    const session = { clientId: 'a', cleanStart: false, sessionExpiry: 100 }
    const ann = await connect(broker, { ...session, credentials: { username: 'ann', password: '' } })
    await ann.subscribe('#', { qos: 1 }, () => {})
    await ann.end()
    for (const topic of ['secret/1', 'open/1']) await broker.publish(topic, 'x', { qos: 1 })
    const bob = new Client(broker, { ...session, credentials: { username: 'bob', password: '' } })
    const stream = bob.messages('#', { qos: 1 })
    const { topic } = (await stream.next()).value
    assert.deepEqual({ topic, drops }, { topic: 'open/1', drops: ['secret/1 not-authorized'] })
    assert.equal(broker.counters().droppedBy['not-authorized'], 1)
    await bob.end()
  }
})
