// The non-normative examples of MQTT 5.0, as scenarios that run in a world of the simulator.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { dissect, explain, load, MqttError, World } from 'wasmqtt/simulator'

before(() => load())

/** Options of clients that send nothing by themselves and are back at once, with their session. */
const client = {
  keepAlive: 0,
  assignedTopicAliases: 0,
  cleanStart: false,
  sessionExpiry: 60,
  reconnect: { min: 1, max: 1 },
}

/** Returns a world of connected clients. */
function worldOf(clients, options = {}) {
  const world = new World({ latency: 10, clients, ...options })
  world.run(100)
  return world
}

const pair = options => worldOf({ ann: client, ben: client }, options)
const subscribe = (world, filter, more = {}) => {
  world.act({ type: 'subscribe', client: 'ben', filter, qos: 2, ...more })
  world.run(100)
}
const publish = (world, topic, more = {}) => {
  world.act({ type: 'publish', client: 'ann', topic, payload: topic, qos: 1, ...more })
  world.run(100)
}
const textOf = payload => new TextDecoder().decode(payload)
const topicsOf = (world, name = 'ben') => world.messages(name).map(({ topic }) => topic)
const payloadsOf = (world, name = 'ben') => world.messages(name).map(({ payload }) => textOf(payload))

/** Packets of a client from an entry on, as `PUBLISH up`. */
const packetsOf = (world, name, from) =>
  world
    .entries(from)
    .filter(({ type, client: of }) => type === 'packet' && of === name)
    .map(({ kind, direction }) => `${kind} ${direction}`)

/** A filter, the topics that it matches, and those that it does not. */
const matching = [
  [
    '§4.7.1.2',
    'sport/tennis/player1/#',
    ['sport/tennis/player1', 'sport/tennis/player1/ranking', 'sport/tennis/player1/score/wimbledon'],
    ['sport/tennis/player2'],
  ],
  ['§4.7.1.2', 'sport/#', ['sport', 'sport/tennis'], ['sports']],
  ['§4.7.1.2', '#', ['sport', 'sport/tennis/player1'], []],
  ['§4.7.1.2', 'sport/tennis/#', ['sport/tennis', 'sport/tennis/player1'], ['sport']],
  ['§4.7.1.3', 'sport/tennis/+', ['sport/tennis/player1', 'sport/tennis/player2'], ['sport/tennis/player1/ranking']],
  ['§4.7.1.3', 'sport/+', ['sport/'], ['sport']],
  ['§4.7.1.3', '+', ['finance'], ['/finance']],
  ['§4.7.1.3', '+/tennis/#', ['sport/tennis', 'sport/tennis/player1'], ['tennis/sport']],
  ['§4.7.1.3', 'sport/+/player1', ['sport/tennis/player1'], ['sport/player1']],
  ['§4.7.1.3', '+/+', ['/finance'], ['finance']],
  ['§4.7.1.3', '/+', ['/finance'], ['finance']],
  ['§4.7.3', 'ACCOUNTS', ['ACCOUNTS'], ['Accounts']],
  ['§4.7.3', 'Accounts payable', ['Accounts payable'], ['Accounts']],
  ['§4.7.3', '/finance', ['/finance'], ['finance']],
]

for (const [section, filter, matched, others] of matching) {
  test(`${section}: ${filter} gets ${matched.join(', ')}${others.length > 0 ? ` and not ${others.join(', ')}` : ''}`, () => {
    const world = pair()
    subscribe(world, filter)
    for (const topic of [...matched, ...others]) publish(world, topic)
    assert.deepEqual(topicsOf(world), matched)
    world.free()
  })
}

for (const [section, filter] of [
  ['§4.7.1.2', 'sport/tennis#'],
  ['§4.7.1.2', 'sport/tennis/#/ranking'],
  ['§4.7.1.3', 'sport+'],
]) {
  test(`${section}: ${filter} is not valid`, () => {
    const world = pair()
    assert.throws(() => world.act({ type: 'subscribe', client: 'ben', filter }), MqttError)
    world.free()
  })
}

/** A filter, a topic, and whether they match. */
for (const [filter, topic, isMatch] of [
  ['#', '$SYS/monitor/Clients', false],
  ['+/monitor/Clients', '$SYS/monitor/Clients', false],
  ['$SYS/#', '$SYS/monitor/Clients', true],
  ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
]) {
  test(`§4.7.2: ${filter} ${isMatch ? 'gets' : 'does not get'} ${topic}`, () => {
    assert.equal(explain(topic, [filter]).filters[0]?.matches, isMatch)
  })
}

test('§4.7.2: # and $SYS/# together get the topics of both kinds', () => {
  const world = pair()
  subscribe(world, '#')
  publish(world, 'sport')
  assert.deepEqual(topicsOf(world), ['sport'])
  subscribe(world, '$SYS/#')
  assert.ok(topicsOf(world).slice(1).length > 0)
  assert.ok(
    topicsOf(world)
      .slice(1)
      .every(topic => topic.startsWith('$SYS/')),
  )
  world.free()
})

/** The packets of one hop, as the figures of §4.3 draw them. */
for (const [section, qos, flow] of [
  ['§4.3.1', 0, ['PUBLISH up']],
  ['§4.3.2', 1, ['PUBLISH up', 'PUBACK down']],
  ['§4.3.3', 2, ['PUBLISH up', 'PUBREC down', 'PUBREL up', 'PUBCOMP down']],
]) {
  test(`${section}: a message of QoS ${qos} is ${flow.join(', ')}`, () => {
    const world = pair()
    subscribe(world, 'sport')
    const { entries: from } = world.position
    publish(world, 'sport', { qos })
    assert.deepEqual(packetsOf(world, 'ann', from), flow)
    const turned = flow.map(packet => packet.replace(/up|down/, way => (way === 'up' ? 'down' : 'up')))
    assert.deepEqual(packetsOf(world, 'ben', from), turned)
    assert.deepEqual(topicsOf(world), ['sport'])
    world.free()
  })
}

test('§2.2.1: both sides may use the same packet identifier at the same time', () => {
  const anew = { ...client, cleanStart: true }
  const world = worldOf({ ann: anew, ben: anew })
  world.act({ type: 'subscribe', client: 'ann', filter: 'sport', qos: 1 })
  world.run(100)
  // Each side has used the identifier 1.
  world.act({ type: 'publish', client: 'ben', topic: 'sport', qos: 1 })
  world.run(100)
  const { entries: from } = world.position
  world.act({ type: 'publish', client: 'ann', topic: 'sport', qos: 1 })
  world.run(100)
  const used = world
    .entries(from)
    .flatMap(({ kind, direction, packetId }) => (kind === 'PUBLISH' ? [[direction, packetId]] : []))
  assert.deepEqual(used, [
    ['up', 2],
    ['down', 2],
  ])
  world.free()
})

test('§4.6: messages 1, 2, 3, 4 may come as 1, 2, 3, 2, 3, 4', () => {
  const world = worldOf({ ann: client, ben: client })
  subscribe(world, 'n', { qos: 1 })
  publish(world, 'n', { payload: '1' })
  for (const payload of ['2', '3']) world.act({ type: 'publish', client: 'ann', topic: 'n', payload, qos: 1 })
  // Both have come, and their acknowledgements are under way.
  while (payloadsOf(world).length < 3) assert.ok(world.step())
  world.act({ type: 'cut', client: 'ben', clientLearns: 0, brokerLearns: 0 })
  world.act({ type: 'publish', client: 'ann', topic: 'n', payload: '4', qos: 1 })
  world.run(1_000)
  assert.deepEqual(payloadsOf(world), ['1', '2', '3', '2', '3', '4'])
  world.free()
})

test('§4.6: with a Receive Maximum of 1 they may come as 1, 2, 3, 3, 4', () => {
  const world = worldOf({ ann: client, ben: { ...client, receiveMaximum: 1 } })
  subscribe(world, 'n', { qos: 1 })
  for (const payload of ['1', '2', '3', '4']) world.act({ type: 'publish', client: 'ann', topic: 'n', payload, qos: 1 })
  while (payloadsOf(world).length < 3) assert.ok(world.step())
  world.act({ type: 'cut', client: 'ben', clientLearns: 0, brokerLearns: 0 })
  world.run(1_000)
  assert.deepEqual(payloadsOf(world), ['1', '2', '3', '3', '4'])
  world.free()
})

test('§3.1.2.5: a will with a delay is not published by a connection that is down for less', () => {
  const will = { topic: 'gone', payload: 'ann', delay: 5 }
  const world = worldOf({ ann: { ...client, will }, ben: client })
  subscribe(world, 'gone')
  world.act({ type: 'cut', client: 'ann', clientLearns: 0, brokerLearns: 0 })
  world.run(10_000)
  assert.deepEqual(payloadsOf(world), [])
  world.act({ type: 'kill', client: 'ann' })
  world.run(10_000)
  assert.deepEqual(payloadsOf(world), ['ann'])
  world.free()
})

test('§3.3.2.3.3: a message that waited comes with what is left of its expiry, or not at all', () => {
  const world = pair()
  subscribe(world, 'n', { qos: 1 })
  world.act({ type: 'kill', client: 'ben' })
  world.run(100)
  for (const [payload, messageExpiryInterval] of [
    ['short', 5],
    ['long', 60],
  ]) {
    publish(world, 'n', { payload, properties: { messageExpiryInterval } })
  }
  world.run(20_000)
  const { entries: from } = world.position
  world.act({ type: 'reload', client: 'ben' })
  world.run(1_000)
  assert.deepEqual(payloadsOf(world), ['long'])
  const down = world.entries(from).find(({ kind }) => kind === 'PUBLISH')
  const left = dissect(down.bytes).fields.find(({ name }) => name === 'Message Expiry Interval')?.value
  assert.ok(left >= 39 && left <= 40, `${left} s are left`)
  world.free()
})

/** Members of groups, by name and filter, and who may get a message. */
const shares = [
  [
    'one of a group',
    { cleo: '$share/consumer1/sport/tennis/+', dan: '$share/consumer1/sport/tennis/+' },
    'sport/tennis/player1',
    1,
  ],
  [
    'one of each group',
    { cleo: '$share/consumer1/sport/tennis/+', dan: '$share/consumer2/sport/tennis/+' },
    'sport/tennis/player1',
    2,
  ],
  [
    'a group and a client of its own',
    { cleo: '$share/consumer1/sport/tennis/+', dan: 'sport/tennis/+' },
    'sport/tennis/player1',
    2,
  ],
  [
    'the topic that begins with a slash',
    { cleo: '$share/consumer1//finance', dan: '$share/consumer1/finance' },
    '/finance',
    1,
  ],
]

for (const [name, members, topic, count] of shares) {
  test(`§4.8.2: ${name} gets a message`, () => {
    const world = worldOf({ ann: client, cleo: client, dan: client })
    for (const [member, filter] of Object.entries(members)) {
      world.act({ type: 'subscribe', client: member, filter, qos: 1 })
      world.run(100)
    }
    publish(world, topic)
    const got = Object.keys(members).flatMap(member => topicsOf(world, member))
    assert.deepEqual(got, Array(count).fill(topic))
    world.free()
  })
}

test('§4.10.1: a requester and a responder find each other by response topic and correlation data', () => {
  const world = pair()
  subscribe(world, 'requests')
  world.act({ type: 'subscribe', client: 'ann', filter: 'replies/ann', qos: 1 })
  world.run(100)
  const correlationData = Uint8Array.of(7)
  publish(world, 'requests', { properties: { responseTopic: 'replies/ann', correlationData } })
  const asked = world.entries().findLast(({ kind, direction }) => kind === 'PUBLISH' && direction === 'down')
  const propertyOf = name => dissect(asked.bytes).fields.find(field => field.name === name)?.value
  assert.equal(propertyOf('Response Topic'), 'replies/ann')
  world.act({
    type: 'publish',
    client: 'ben',
    topic: propertyOf('Response Topic'),
    payload: '42',
    qos: 1,
    properties: { correlationData },
  })
  world.run(100)
  assert.deepEqual(payloadsOf(world, 'ann'), ['42'])
  const answer = world.entries().findLast(({ kind, direction }) => kind === 'PUBLISH' && direction === 'down')
  assert.deepEqual(
    dissect(answer.bytes)
      .fields.find(({ name }) => name === 'Correlation Data')
      ?.value.at(-1),
    7,
  )
  world.free()
})
