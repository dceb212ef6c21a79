// MQTT 5.0 on the client's side: properties both ways, topic aliases, limits, authentication.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const project = install()
const { Broker, ConnectError, ConnectionError, OptionError, PublishError, SubscribeError, connect } = await load(
  project,
  'wasmqtt/broker',
)

const timeout = 20_000
const text = bytes => bytes && new TextDecoder().decode(bytes)
const bytes = text => new TextEncoder().encode(text)

async function serve(t, script) {
  const server = await startScript(script)
  t.after(() => server.stop())
  return server
}

const told = { reasonString: 'because', userProperties: { a: 'b' } }
const words = { reasonString: 'because', userProperties: [['a', 'b']] }

test('the words of an acknowledgement come with the promise', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    for (let packet = await peer.next(); packet; packet = await peer.next()) {
      const { cmd, messageId, topic, qos } = packet
      const reasonCode = /refused/.test(topic ?? packet.subscriptions?.[0].topic) ? 0x87 : 0
      const answer = { messageId, reasonCode, properties: told }
      if (cmd === 'publish' && qos > 0) peer.send({ ...answer, cmd: qos === 1 ? 'puback' : 'pubrec' })
      if (cmd === 'pubrel') peer.send({ ...answer, cmd: 'pubcomp' })
      if (cmd === 'subscribe') peer.send({ ...answer, cmd: 'suback', granted: [reasonCode || 1] })
      if (cmd === 'unsubscribe') peer.send({ ...answer, cmd: 'unsuback', granted: [0] })
    }
  })
  const client = await connect(server.url, { createWebSocket })
  assert.deepEqual(await client.publish('a', ''), { reasonCode: 0 })
  for (const qos of [1, 2]) {
    assert.deepEqual(await client.publish('a', '', { qos }), { reasonCode: 0, ...words })
    const refused = await client.publish('refused', '', { qos }).catch(error => error)
    assert(refused instanceof PublishError)
    assert.deepEqual(
      { reasonCode: refused.reasonCode, reasonString: refused.reasonString, userProperties: refused.userProperties },
      { reasonCode: 0x87, ...words },
    )
  }
  const subscription = await client.subscribe('a', { qos: 1 }, () => {})
  assert.deepEqual(subscription.acknowledgement, { reasonCode: 1, ...words })
  assert.equal(subscription.qos, 1)
  await subscription.unsubscribe()
  const refused = await client.subscribe('refused', () => {}).catch(error => error)
  assert(refused instanceof SubscribeError)
  assert.deepEqual([refused.reasonCode, refused.reasonString], [0x87, 'because'])
  assert.deepEqual(refused.userProperties, [['a', 'b']])
  await client.end()
})

test('the words of a refusal and of a DISCONNECT are in the error', { timeout }, async t => {
  const refusing = await serve(t, peer => peer.accept({ reasonCode: 0x88, properties: told }))
  const refused = await connect(refusing.url, { createWebSocket, reconnect: false }).catch(error => error)
  assert(refused instanceof ConnectError)
  assert.deepEqual([refused.reasonCode, refused.reasonString], [0x88, 'because'])
  assert.deepEqual(refused.userProperties, [['a', 'b']])

  const leaving = await serve(t, async peer => {
    await peer.accept()
    await peer.next('publish')
    peer.send({ cmd: 'disconnect', reasonCode: 0x8b, properties: told })
  })
  const client = await connect(leaving.url, { createWebSocket, reconnect: false })
  const closed = new Promise(resolve => client.addEventListener('status', event => resolve(event.status)))
  await client.publish('a', '')
  const { error } = await closed
  assert(error instanceof ConnectionError)
  assert.deepEqual([error.reasonCode, error.reasonString], [0x8b, 'because'])
  assert.deepEqual(error.userProperties, [['a', 'b']])
})

test('end: DISCONNECT has the properties that are given', { timeout }, async t => {
  const server = await serve(t, async peer => {
    await peer.accept()
    return peer.next('disconnect')
  })
  const client = await connect(server.url, { createWebSocket, sessionExpiry: 60 })
  await client.end({ reasonCode: 4, reasonString: 'tired', userProperties: [['a', 'b']], sessionExpiry: 5 })
  const [{ reasonCode, properties }] = await server.finished()
  assert.equal(reasonCode, 4)
  assert.deepEqual(
    { ...properties, userProperties: { ...properties.userProperties } },
    { sessionExpiryInterval: 5, reasonString: 'tired', userProperties: { a: 'b' } },
  )
})

test('end: wrong properties are the caller’s mistake', { timeout }, async () => {
  const broker = new Broker()
  const plain = await connect(broker)
  // [MQTT-3.14.2-2]
  await assert.rejects(plain.end({ sessionExpiry: 5 }), OptionError)
  await assert.rejects(plain.end({ reasonString: 7 }), OptionError)
  await plain.end({ sessionExpiry: 0 })
  const old = await connect(broker, { version: 4 })
  for (const options of [{ sessionExpiry: 0 }, { reasonString: 'x' }, { userProperties: [] }]) {
    await assert.rejects(old.end(options), OptionError)
  }
  await old.end()
  await broker.close()
})

test('topics go by aliases within the broker’s maximum', { timeout }, async t => {
  const run = async (topicAliasMaximum, options) => {
    const server = await serve(t, async peer => {
      await peer.accept({ properties: { topicAliasMaximum } })
      const all = []
      for (let packet = await peer.next(); packet?.cmd === 'publish'; packet = await peer.next()) {
        all.push([packet.topic, packet.properties?.topicAlias ?? 0])
      }
      return all
    })
    const client = await connect(server.url, { createWebSocket, ...options })
    for (const topic of ['one1', 'two2', 'one1', 'three', 'two2']) client.publish(topic, 'x')
    await client.end()
    return (await server.finished())[0]
  }
  const full = [
    ['one1', 0],
    ['two2', 0],
    ['one1', 0],
    ['three', 0],
    ['two2', 0],
  ]
  assert.deepEqual(await run(2), [
    ['one1', 1],
    ['two2', 2],
    ['', 1],
    ['three', 2],
    ['two2', 1],
  ])
  assert.deepEqual(await run(0), full)
  assert.deepEqual(await run(2, { assignedTopicAliases: 0 }), full)
  assert.deepEqual(await run(9, { assignedTopicAliases: 1 }), [
    ['one1', 1],
    ['two2', 1],
    ['one1', 1],
    ['three', 1],
    ['two2', 1],
  ])
})

test('limits: what AWS IoT Core does not take rejects before it is sent', { timeout }, async () => {
  const broker = new Broker()
  const client = await connect(broker, { limits: 'aws-iot' })
  const levels = count => Array.from({ length: count }, () => 'a').join('/')
  await client.publish(levels(8), new Uint8Array(131_072))
  await client.publish(`$aws/rules/rule/${levels(8)}`, '')
  await client.publish('x'.repeat(256), '')
  const rejects = async (promise, type, reasonCode) => {
    const error = await promise.catch(error => error)
    assert(error instanceof type, String(error))
    assert.equal(error.reasonCode, reasonCode)
  }
  await rejects(client.publish(levels(9), ''), PublishError, 0x90)
  await rejects(client.publish('x'.repeat(257), ''), PublishError, 0x90)
  await rejects(client.publish('ä'.repeat(129), ''), PublishError, 0x90)
  await rejects(client.publish('a', new Uint8Array(131_073)), PublishError, 0x95)
  await rejects(
    client.subscribe(levels(9), () => {}),
    SubscribeError,
    0x8f,
  )
  await client.subscribe(`$share/group/${levels(8)}`, () => {})
  for (let number = 1; number < 50; number++) await client.subscribe(`filter/${number}`, () => {})
  await rejects(
    client.subscribe('filter/50', () => {}),
    SubscribeError,
    0x97,
  )
  await client.subscribe('filter/49', () => {})
  await client.end()
  const own = await connect(broker, { limits: { payloadBytes: 0 } })
  await own.publish('a', '')
  await rejects(own.publish('a', 'b'), PublishError, 0x95)
  await own.end()
  for (const limits of ['azure', { filters: 8 }, { subscribeFilters: 0 }, 7]) {
    await assert.rejects(connect(broker, { limits }), OptionError)
  }
  await broker.close()
})

/** A broker that asks twice, and takes `yes`. */
function guarded() {
  const seen = []
  const broker = new Broker({
    authenticateEnhanced: ({ method, data, again, state }) => {
      seen.push([method, text(data), again])
      state.step = (state.step ?? 0) + 1
      if (state.step < 3) return { complete: false, data: bytes(`challenge ${state.step}`) }
      return text(data) === 'yes' ? { complete: true, data: bytes('proof') } : 0x87
    },
  })
  return { broker, seen }
}

test('enhanced authentication against a broker with a hook, and anew', { timeout }, async () => {
  const { broker, seen } = guarded()
  const steps = []
  const client = await connect(broker, {
    authenticationMethod: 'TEST',
    authenticate: async ({ method, data, stage }) => {
      steps.push([method, text(data), stage])
      return stage === 'continue' ? bytes('yes') : undefined
    },
  })
  const round = stage => [
    ['TEST', undefined, stage],
    ['TEST', 'challenge 1', 'continue'],
    ['TEST', 'challenge 2', 'continue'],
  ]
  assert.deepEqual(steps.splice(0), round('connect'))
  assert.equal(text(client.connackProperties.authenticationData), 'proof')
  const answer = await client.reauthenticate()
  assert.deepEqual([answer.reasonCode, text(answer.authenticationData)], [0, 'proof'])
  assert.deepEqual(steps, round('reauthenticate'))
  assert.deepEqual(
    seen.map(([, , again]) => again),
    [false, false, false, true, true, true],
  )
  await client.publish('a', 'b', { qos: 2 })
  await client.end()
  await broker.close()
})

test('enhanced authentication that the broker refuses', { timeout }, async () => {
  const { broker } = guarded()
  let word = 'no'
  const options = { authenticationMethod: 'TEST', authenticate: () => bytes(word), reconnect: false }
  const refused = await connect(broker, options).catch(error => error)
  assert(refused instanceof ConnectError)
  assert.equal(refused.reasonCode, 0x87)
  word = 'yes'
  const client = await connect(broker, options)
  word = 'no'
  await assert.rejects(client.reauthenticate(), ConnectionError)
  assert.equal(client.status.phase, 'closed')
  assert.equal(client.status.error.reasonCode, 0x87)
  await assert.rejects(client.reauthenticate(), { name: 'ClosedError' })
  await broker.close()
})

test('an authenticate function that throws', { timeout }, async () => {
  const { broker } = guarded()
  const cause = new Error('no key')
  for (const at of ['connect', 'continue']) {
    const authenticate = ({ stage }) => {
      if (stage === at) throw cause
    }
    const error = await connect(broker, { authenticationMethod: 'TEST', authenticate }).catch(error => error)
    assert(error instanceof ConnectError, String(error))
    assert.equal(error.cause, cause)
  }
  let stage
  const client = await connect(broker, {
    authenticationMethod: 'TEST',
    authenticate: step => {
      if (step.stage === stage) throw cause
      return bytes('yes')
    },
  })
  stage = 'reauthenticate'
  await assert.rejects(client.reauthenticate(), cause)
  assert.equal(client.status.phase, 'connected', 'nothing was sent')
  stage = 'continue'
  await assert.rejects(client.reauthenticate(), ConnectionError)
  assert.equal(client.status.error.cause, cause)
  // A value that is not bytes is as an error.
  const wrong = await connect(broker, {
    authenticationMethod: 'TEST',
    authenticate: () => 'text',
  }).catch(error => error)
  assert(wrong.cause instanceof OptionError, String(wrong))
  await broker.close()
})

test('wrong options of enhanced authentication', { timeout }, async () => {
  const broker = new Broker()
  for (const options of [
    { authenticationMethod: 'M' },
    { authenticate: () => undefined },
    { authenticationMethod: '', authenticate: () => undefined },
    { authenticationMethod: 'M', authenticate: 7 },
    { version: 4, authenticationMethod: 'M', authenticate: () => undefined },
  ]) {
    await assert.rejects(connect(broker, options), OptionError, JSON.stringify(options))
  }
  const client = await connect(broker)
  await assert.rejects(client.reauthenticate(), OptionError)
  await client.end()
  await broker.close()
})

test('a broker that does not answer AUTH is left after the connect timeout', { timeout }, async t => {
  const authenticationMethod = 'M'
  const server = await serve(t, async peer => {
    await peer.accept({ properties: { authenticationMethod } })
    const auth = await peer.next('auth')
    return [auth.reasonCode, (await peer.next('disconnect')).reasonCode]
  })
  const authenticate = () => undefined
  const options = { createWebSocket, authenticationMethod, authenticate, connectTimeout: 500, reconnect: false }
  const client = await connect(server.url, options)
  const first = client.reauthenticate()
  await assert.rejects(client.reauthenticate(), ConnectionError, 'one is under way')
  await assert.rejects(first, ConnectionError)
  assert.deepEqual(await server.finished(), [[0x19, 0x80]])
})
