// Every wrong value of the caller: an OptionError that names it, and nothing is sent.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { install, load } from './lib/packed.mjs'
import { createWebSocket, startScript } from './lib/script.mjs'

const project = install()
const { Client, ClosedError, OptionError, PublishError, connect } = await load(project, 'wasmqtt')
const { Broker, explain, load: loadBroker } = await load(project, 'wasmqtt/broker')

const timeout = 20_000
const nowhere = 'ws://127.0.0.1:9/'
const aborted = AbortSignal.abort()

/** Holds an error against the option it must name and what its message must say. */
function names(option, ...texts) {
  return error => {
    assert.ok(error instanceof OptionError, String(error))
    assert.equal(error.option, option)
    assert.equal(error.name, 'OptionError')
    for (const text of texts) assert.ok(error.message.includes(text), `${text} is missing in: ${error.message}`)
    return true
  }
}

/** Options of connect: value, the option named, what the message says. */
const connecting = [
  [{ clientid: 'a' }, 'clientid', 'is not an option', 'clientId'],
  [{ reconnects: true }, 'reconnects', 'is not an option'],
  [{ reconnect: 1 }, 'reconnect', '1', 'object'],
  [{ assignedTopicAliases: 65 }, 'assignedTopicAliases', '65', '0 to 64'],
  [{ version: 4, assignedTopicAliases: 1 }, 'assignedTopicAliases', '3.1.1'],
  [{ limits: 'azure' }, 'limits', '"azure"', 'aws-iot'],
  [{ requestResponseInformation: 1 }, 'requestResponseInformation', '1', 'true or false'],
  [{ version: 4, requestProblemInformation: false }, 'requestProblemInformation', '3.1.1'],
  [{ version: 3 }, 'version', '3', '4 or 5'],
  [{ version: '5' }, 'version', '"5"'],
  [{ clientId: 7 }, 'clientId', '7', 'string'],
  [{ clientId: 'a\0' }, 'clientId', 'U+0000'],
  [{ clientId: '\ud800' }, 'clientId', 'surrogate'],
  [{ clientId: 'ä'.repeat(40_000) }, 'clientId', '65,535'],
  [{ version: 4, clientId: '', cleanStart: false }, 'clientId', 'cleanStart'],
  [{ cleanStart: 1 }, 'cleanStart', '1', 'true or false'],
  [{ keepAlive: 65_536 }, 'keepAlive', '65536', '0 to 65535'],
  [{ keepAlive: -1 }, 'keepAlive', '-1'],
  [{ keepAlive: 1.5 }, 'keepAlive', '1.5'],
  [{ keepAlive: Number.NaN }, 'keepAlive', 'NaN'],
  [{ keepAlive: 60n }, 'keepAlive', '60'],
  [{ keepAlive: null }, 'keepAlive', 'null'],
  [{ sessionExpiry: 4_294_967_296 }, 'sessionExpiry', '4294967296', '4294967295'],
  [{ version: 4, sessionExpiry: 1 }, 'sessionExpiry', '3.1.1', 'version 5'],
  [{ version: 4, userProperties: [] }, 'userProperties', '3.1.1'],
  [{ version: 4, receiveMaximum: 5 }, 'receiveMaximum', '3.1.1'],
  [{ version: 4, topicAliasMaximum: 5 }, 'topicAliasMaximum', '3.1.1'],
  [{ connectTimeout: 0 }, 'connectTimeout', '0', '1 to'],
  [{ receiveMaximum: 0 }, 'receiveMaximum', '1 to 65535'],
  [{ maximumPacketSize: 0 }, 'maximumPacketSize', '1 to 4294967295'],
  [{ topicAliasMaximum: 65_536 }, 'topicAliasMaximum', '65536'],
  [{ userProperties: { a: 'b' } }, 'userProperties', 'pairs'],
  [{ userProperties: [['a']] }, 'userProperties[0]', 'pair'],
  [{ userProperties: [['a', 1]] }, 'userProperties[0][1]', '1'],
  [{ queue: 5 }, 'queue', '5', 'object'],
  [{ queue: { messages: -1 } }, 'queue.messages', '-1'],
  [{ queue: { limit: 1 } }, 'queue.limit', 'messages, bytes'],
  [{ offline: { limit: -1 } }, 'offline.limit', '-1'],
  [{ offline: { overflow: 'drop' } }, 'offline.overflow', '"drop"'],
  [{ offline: { keep: 'all' } }, 'offline.keep', '"all"'],
  [{ requestTimeout: -1 }, 'requestTimeout', '-1'],
  [{ strict: 1 }, 'strict', '1'],
  [{ createWebSocket: 'ws' }, 'createWebSocket', '"ws"', 'function'],
  [{ signal: {} }, 'signal', 'AbortSignal'],
  [{ credentials: 'me' }, 'credentials', '"me"', 'object'],
  [{ credentials: { user: 'me' } }, 'credentials.user', 'username, password'],
  [{ credentials: { username: 7 } }, 'credentials.username', '7'],
  [{ credentials: { password: 7 } }, 'credentials.password', 'string'],
  [{ version: 4, credentials: { password: 'x' } }, 'credentials.username', '3.1.1'],
  [{ will: 'gone' }, 'will', '"gone"', 'object'],
  [{ will: {} }, 'will.topic', 'undefined'],
  [{ will: { topic: '' } }, 'will.topic', '""'],
  [{ will: { topic: 'a/#' } }, 'will.topic', '"a/#"', 'no #'],
  [{ will: { topic: 'a', qos: 3 } }, 'will.qos', '3', '0 or 1 or 2'],
  [{ will: { topic: 'a', payload: 7 } }, 'will.payload', '7', 'Uint8Array'],
  [{ will: { topic: 'a', delay: -1 } }, 'will.delay', '-1'],
  [{ will: { topic: 'a', properties: { contentType: 1 } } }, 'will.properties.contentType', '1'],
  [
    { will: { topic: 'a', properties: { willDelayInterval: 1 } } },
    'will.properties.willDelayInterval',
    'is not an option',
  ],
  [{ version: 4, will: { topic: 'a', delay: 1 } }, 'will.delay', '3.1.1'],
  [{ version: 4, will: { topic: 'a', properties: {} } }, 'will.properties', '3.1.1'],
  ['fast', 'options', '"fast"', 'object'],
  [null, 'options', 'null'],
  [[], 'options', 'array'],
]

// [3.1.1 MQTT-3.1.3-7]: no empty identifier without a clean start.
test('wrong options of connect', async () => {
  for (const [options, ...expected] of connecting) {
    const given =
      typeof options === 'object' && options && !Array.isArray(options) ? { createWebSocket, ...options } : options
    assert.throws(() => new Client(nowhere, given), names(...expected))
    await assert.rejects(connect(nowhere, given), names(...expected))
  }
})

test('wrong URLs', async () => {
  const rows = [
    ['http://broker.example', 'wss://'],
    ['mqtt://broker.example', 'mqtt://broker.example'],
    ['broker.example:8080', 'wss://'],
    ['/mqtt', '/mqtt'],
    ['', 'wss://'],
    ['ws://', 'ws://'],
    ['ws://broker.example/#topic', 'fragment'],
    [new URL('https://broker.example'), 'https://broker.example/'],
    [undefined, 'undefined'],
    [{}, 'Broker'],
    [7, '7'],
  ]
  for (const [url, ...texts] of rows) {
    assert.throws(() => new Client(url, { createWebSocket }), names('url', ...texts))
    await assert.rejects(connect(url, { createWebSocket }), names('url', ...texts))
  }
})

test('URLs relative to the page are understood as its WebSocket would', async t => {
  t.after(() => {
    delete globalThis.location
  })
  globalThis.location = { href: 'https://page.example/app/index.html?x' }
  const urls = []
  const refuse = url => {
    urls.push(url)
    throw new Error('enough')
  }
  for (const url of ['/mqtt', './mqtt', '//other.example', '?token=1', 'wss://broker.example']) {
    await assert.rejects(connect(url, { createWebSocket: refuse, reconnect: false }), /enough/)
  }
  assert.deepEqual(urls, [
    'wss://page.example/mqtt',
    'wss://page.example/app/mqtt',
    'wss://other.example/',
    'wss://page.example/app/index.html?token=1',
    'wss://broker.example/',
  ])
  assert.throws(() => new Client('broker.example', { createWebSocket }), names('url', '"broker.example"'))
})

// [MQTT-6.0.0-3], [3.1.1 MQTT-6.0.0-3]
test('the subprotocol that is offered is mqtt', async () => {
  for (const version of [4, 5]) {
    const offered = []
    const refuse = (_, protocols) => {
      offered.push(protocols)
      throw new Error('enough')
    }
    await assert.rejects(
      connect('ws://broker.example/mqtt', { createWebSocket: refuse, version, reconnect: false }),
      /enough/,
    )
    assert.deepEqual(offered, [['mqtt']])
  }
})

test('Node 20 has no WebSocket: the error names the option', () => {
  if (typeof WebSocket !== 'undefined') return
  assert.throws(() => new Client(nowhere), names('createWebSocket', '"ws"'))
})

test('a password that is wrong or misspelt is not shown', () => {
  const rows = [{ password: ['hunter2'] }, { passwort: 'hunter2' }]
  for (const credentials of rows) {
    assert.throws(
      () => new Client(nowhere, { createWebSocket, credentials }),
      error => !JSON.stringify([error.message, error.value, error.stack]).includes('hunter2'),
    )
  }
})

test('credentials from a function are checked too, before CONNECT', { timeout }, async t => {
  const server = await startScript(peer => peer.next())
  t.after(() => server.stop())
  const wrong = connect(server.url, { createWebSocket, credentials: async () => ({ username: 7 }) })
  await assert.rejects(wrong, names('credentials.username', '7'))
})

/** Calls with wrong arguments: what is called, the option named, what the message says. */
const calls = [
  [c => c.publish('', 'x'), 'topic'],
  [c => c.publish('a/#', 'x'), 'topic', 'a/#', 'wildcard'],
  [c => c.publish('a/+', 'x', { qos: 1 }), 'topic', 'a/+'],
  [c => c.publish('a\0', 'x'), 'topic', 'U+0000'],
  [c => c.publish('a\udc00', 'x'), 'topic', 'surrogate'],
  [c => c.publish('a'.repeat(65_536), 'x'), 'topic', '65,535'],
  [c => c.publish(undefined, 'x'), 'topic', 'undefined', 'string'],
  [c => c.publish(7, 'x'), 'topic', '7'],
  [c => c.publish('a', 7), 'payload', '7', 'Uint8Array'],
  [c => c.publish('a', { on: true }), 'payload', 'object'],
  [c => c.publish('a', [1, 2]), 'payload', 'array'],
  [c => c.publish('a'), 'payload', 'undefined'],
  [c => c.publish('a', null), 'payload', 'null'],
  [c => c.publish('a', 'x', { qos: 3 }), 'qos', '3', '0 or 1 or 2'],
  [c => c.publish('a', 'x', { qos: '1' }), 'qos', '"1"'],
  [c => c.publish('a', 'x', { retain: 1 }), 'retain', '1'],
  [c => c.publish('a', 'x', { qoS: 1 }), 'qoS', 'is not an option', 'qos'],
  [c => c.publish('a', 'x', 1), 'options', '1'],
  [c => c.publish('a', 'x', null), 'options', 'null'],
  [c => c.publish('a', 'x', { signal: 1 }), 'signal', 'AbortSignal'],
  [c => c.publish('a', 'x', { properties: { messageExpiryInterval: -1 } }), 'properties.messageExpiryInterval', '-1'],
  [c => c.publish('a', 'x', { properties: { payloadFormatIndicator: 1 } }), 'properties.payloadFormatIndicator', '1'],
  [c => c.publish('a', 'x', { properties: { correlationData: 'x' } }), 'properties.correlationData', 'Uint8Array'],
  [c => c.publish('a', 'x', { properties: { topicAlias: 1 } }), 'properties.topicAlias', 'is not an option'],
  [
    c => c.publish('a', 'x', { properties: { subscriptionIdentifiers: [1] } }),
    'properties.subscriptionIdentifiers',
    'is not an option',
  ],
  [
    c => c.publish('a', 'x', { properties: { responseTopic: 'a/#' }, qos: 1 }),
    ['responseTopic', 'payload', 'properties.responseTopic'],
  ],
  [
    c => c.publish('a', 'x', { properties: { responseTopic: '' } }),
    ['responseTopic', 'payload', 'properties.responseTopic'],
    'response topic',
  ],
  [c => c.subscribe('a/#/b', () => {}), 'filter', 'a/#/b', '`a/#`'],
  [c => c.subscribe('a+', () => {}), 'filter', 'a+'],
  [c => c.subscribe('', () => {}), 'filter'],
  [c => c.subscribe('$share/a', () => {}), 'filter', '$share/a'],
  [c => c.subscribe(7, () => {}), 'filter', '7'],
  [c => c.subscribe('a'), 'handler', 'undefined', 'function'],
  [c => c.subscribe('a', { qos: 1 }), 'handler', 'undefined'],
  [c => c.subscribe('a', { qos: 3 }, () => {}), 'qos', '3'],
  [c => c.subscribe('a', () => {}, { qos: 1 }), 'handler', 'object', 'after the options'],
  [c => c.subscribe('a', { nolocal: true }, () => {}), 'nolocal', 'noLocal'],
  [c => c.subscribe('a', { retainHandling: 3 }, () => {}), 'retainHandling', '3'],
  [c => c.subscribe('a', { subscriptionIdentifier: 0 }, () => {}), 'subscriptionIdentifier', '1 to 268435455'],
  [c => c.subscribe('a', null, () => {}), 'options', 'null'],
  [c => c.messages('a/#/b').next(), 'filter', 'a/#/b'],
  [async c => c.messages('a', { limit: 0 }), 'limit', '0'],
  [async c => c.messages('a', { overflow: 'drop' }), 'overflow', '"drop"', 'drop-oldest'],
  [async c => c.messages('a', { qos: 3 }), 'qos', '3'],
  ...[256, 1, 3, 5, 0x7f, 0x84, 0x87, 0x8f, 0x91, 0x92, 0x9a, -1, 0.5, '0', null, Number.NaN].map(reasonCode => [
    c => c.end({ reasonCode }),
    'reasonCode',
    String(reasonCode),
    '0x93-0x99',
  ]),
  [c => c.end({ timeout: -1 }), 'timeout', '-1'],
  [c => c.end({ force: true }), 'force', 'reasonCode, reasonString, userProperties, sessionExpiry, timeout'],
]

const calls4 = [
  [c => c.publish('a', 'x', { properties: { contentType: 'x' } }), 'properties', '3.1.1'],
  [c => c.subscribe('a', { noLocal: true }, () => {}), 'noLocal', '3.1.1'],
  [c => c.subscribe('a', { retainHandling: 1 }, () => {}), 'retainHandling', '3.1.1'],
  [c => c.subscribe('a', { subscriptionIdentifier: 1 }, () => {}), 'subscriptionIdentifier', '3.1.1'],
]

const oneOf =
  ([first, ...texts]) =>
  error =>
    names(Array.isArray(first) ? error.option : first, ...texts)(error)

for (const [version, rows] of [
  [5, calls],
  [4, [...calls.filter(([call]) => !String(call).includes('properties')), ...calls4]],
]) {
  describe(`wrong arguments, version ${version}`, { timeout }, () => {
    let server
    let client
    before(async () => {
      server = await startScript(async peer => {
        await peer.accept()
        const rest = []
        for (let packet = await peer.next(); packet; packet = await peer.next()) rest.push(packet.cmd)
        return rest
      })
    })
    after(() => server.stop())

    test('are refused before there is a connection', async () => {
      client = new Client(server.url, { createWebSocket, version })
      const all = rows.filter(([call]) => !String(call).includes('responseTopic'))
      await Promise.all(
        all.map(([call, ...expected]) => assert.rejects(async () => call(client), oneOf(expected), String(call))),
      )
      await client.ready
    })

    // [MQTT-3.2.2-17], [MQTT-3.2.2-18], [MQTT-3.3.2-9], [MQTT-3.3.4-6]: a topic alias and a
    // subscription identifier too.
    test('are refused while there is one, and nothing is sent', async () => {
      for (const [call, ...expected] of rows) {
        await assert.rejects(async () => call(client), oneOf(expected), String(call))
      }
      assert.equal(client.status.phase, 'connected')
      await client.end()
      assert.deepEqual(await server.finished(), [['disconnect']])
    })

    test('come too late when the client has ended', async () => {
      await assert.rejects(client.publish('a', 'b'), ClosedError)
      await assert.rejects(
        client.subscribe('a', () => {}),
        ClosedError,
      )
      await assert.rejects(client.messages('a').next(), ClosedError)
      await assert.rejects(client.publish('a', 7), OptionError)
    })
  })
}

test('a queue that is full refuses, and says so', { timeout }, async () => {
  const never = () => new Promise(() => {})
  const client = new Client(nowhere, { createWebSocket: never, queue: { messages: 2, bytes: 100 } })
  const full = error =>
    error instanceof PublishError && error.reasonCode === 0x97 && /queue is full/.test(error.message)
  const waiting = [client.publish('a', 'x'.repeat(50), { qos: 1 })]
  await assert.rejects(client.publish('a', 'x'.repeat(50)), full)
  waiting.push(client.publish('b', ''))
  await assert.rejects(client.publish('c', ''), full)
  const ended = Promise.all(waiting.map(promise => assert.rejects(promise, ClosedError)))
  await client.end()
  await ended
})

test('a signal that is aborted already sends nothing', { timeout }, async () => {
  const client = new Client(nowhere, { createWebSocket, signal: aborted })
  await assert.rejects(client.ready, aborted.reason)
  assert.deepEqual(client.status, { phase: 'closed' })
})

test('wrong options of a broker', () => {
  const rows = [
    [{ maximumQoS: 1 }, 'maximumQoS', 'maximumQos'],
    [{ maximumQos: 3 }, 'maximumQos', '3', '0 or 1 or 2'],
    [{ connectionsMaximum: -1 }, 'connectionsMaximum', '-1', 'from 0 to 4294967295'],
    [{ sessionsMaximum: 1.5 }, 'sessionsMaximum', '1.5'],
    [{ connectTimeout: 0 }, 'connectTimeout', '0', 'from 1 to 2147483647'],
    [{ serverKeepAlive: 65536 }, 'serverKeepAlive', '65536', 'from 0 to 65535'],
    [{ serverKeepAlive: '60' }, 'serverKeepAlive', '"60"', 'whole number'],
    [{ sessionExpiryMaximum: Infinity }, 'sessionExpiryMaximum', 'Infinity'],
    [{ maximumPacketSize: 0 }, 'maximumPacketSize', '0', 'from 1'],
    [{ receiveMaximum: 0 }, 'receiveMaximum', '0', 'from 1 to 65535'],
    [{ topicAliasMaximum: -1 }, 'topicAliasMaximum', '-1', 'from 0 to 65535'],
    [{ responseInformation: 'a/+' }, 'responseInformation', '"a/+"', 'no +'],
    [{ sysInterval: 0.5 }, 'sysInterval', '0.5', 'whole number'],
    [{ inFlightMaximum: 0 }, 'inFlightMaximum', '0', 'from 1 to 65535'],
    [{ retainAvailable: 1 }, 'retainAvailable', '1', 'true or false'],
    [{ sharedSubscriptionAvailable: 'no' }, 'sharedSubscriptionAvailable', '"no"', 'true or false'],
    [{ responseInformation: 'a\0' }, 'responseInformation', 'U+0000'],
    [{ redirect: 'elsewhere' }, 'redirect', '"elsewhere"', 'an object'],
    [{ redirect: { permanent: true } }, 'redirect.serverReference', 'undefined', 'name a server'],
    [{ topicLevelsMaximum: 0 }, 'topicLevelsMaximum', '0', 'from 1'],
    [{ subscriptionsMaximum: NaN }, 'subscriptionsMaximum', 'NaN'],
    [{ queue: 7 }, 'queue', '7', 'an object'],
    [{ queue: { messages: -1 } }, 'queue.messages', '-1'],
    [{ queue: { overflow: 'drop' } }, 'queue.overflow', '"drop"', '"drop-newest" or "drop-oldest" or "disconnect"'],
    [{ transmitBytesMaximum: 0 }, 'transmitBytesMaximum', '0', 'from 1'],
    [{ retained: { count: 1 } }, 'retained.count', 'messages, bytes'],
    [{ users: 'me' }, 'users', 'array'],
    [{ users: [{ username: 'me' }] }, 'users[0].password'],
    [{ users: [{ password: 'x' }] }, 'users[0].username', 'undefined'],
    [
      {
        users: [
          { username: 'a', password: 'x' },
          { username: 'a', password: 'y' },
        ],
      },
      'users[1].username',
      '"a"',
    ],
    [
      {
        users: [
          { username: 'a', password: 'x', passwordHash: `$pbkdf2-sha256$i=1$${'a'.repeat(22)}$${'a'.repeat(43)}` },
        ],
      },
      'users[0].password',
    ],
    [
      { users: [{ username: 'a', passwordHash: '$pbkdf2-sha256$i=0$aaaaaaaaaaaa$aaaaaaaaaaaaaaaaaaaaaaaa' }] },
      'users[0].passwordHash',
      'hashPassword',
    ],
    [{ users: [{ username: 'a', passwordHash: 'plain' }] }, 'users[0].passwordHash', 'hashPassword'],
    [{ acl: {} }, 'acl', 'array'],
    [{ acl: [{ filter: 'a', allow: true }] }, 'acl[0].action', 'undefined'],
    [{ acl: [{ action: 'read', filter: 'a', allow: true }] }, 'acl[0].action', '"read"'],
    [{ acl: [{ action: 'all', allow: true }] }, 'acl[0].filter', 'undefined'],
    [{ acl: [{ action: 'all', filter: 'a/#/b', allow: true }] }, 'acl[0].filter', '"a/#/b"'],
    [{ acl: [{ action: 'all', filter: 'a+', allow: true }] }, 'acl[0].filter', '"a+"'],
    [{ acl: [{ action: 'all', filter: '', allow: true }] }, 'acl[0].filter', '""'],
    [{ acl: [{ action: 'all', filter: '$share/g/a', allow: true }] }, 'acl[0].filter', '$share'],
    [{ acl: [{ action: 'all', filter: 'a' }] }, 'acl[0].allow', 'undefined'],
    [{ acl: [{ action: 'all', filter: 'a', allow: true, reasonCode: 135 }] }, 'acl[0].reasonCode', '135'],
    [{ acl: [{ action: 'all', filter: 'a', allow: false, reasonCode: 16 }] }, 'acl[0].reasonCode', '16', '128'],
    [{ authenticate: true }, 'authenticate', 'true', 'function'],
    [{ authorize: 'no' }, 'authorize', '"no"', 'function'],
    [{ authenticateEnhanced: {} }, 'authenticateEnhanced', 'function'],
    [{ authorizeReceive: true }, 'authorizeReceive', 'true', 'authorize'],
    [{ answerTimeout: 0 }, 'answerTimeout', '0', 'from 1'],
    [{ inputBytesMaximum: -1 }, 'inputBytesMaximum', '-1'],
    [[], 'options', 'an array'],
  ]
  for (const [options, ...expected] of rows) assert.throws(() => new Broker(options), names(...expected))
})

test('wrong arguments of a broker, and of explain', { timeout }, async t => {
  const broker = new Broker()
  t.after(() => broker.close())
  await assert.rejects(broker.publish('a/#', 'x'), names('topic', 'a/#'))
  await assert.rejects(broker.publish('a', 7), names('payload', '7'))
  await assert.rejects(broker.publish('a', 'x', { qos: 3 }), names('qos', '3'))
  assert.throws(() => broker.disconnect(7), names('clientId', '7'))
  for (const code of [256, 4, 0x84, 0x88, 0x8a, 0x8c, 0x91, 0x92, 0xa3, '0']) {
    assert.throws(() => broker.disconnect('a', code), names('reasonCode', String(code), '0x93-0xA2'))
  }
  for (const code of [0, 0x80, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x90, 0x93, 0xa2]) broker.disconnect('a', code)
  await loadBroker()
  assert.throws(() => explain('a/#/b', 'a'), names('filter', 'a/#/b'))
  assert.throws(() => explain('a', '#'), names('topic', '#'))
})
