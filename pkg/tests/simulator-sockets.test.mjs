// Clients of other code in a simulated world: by its class of WebSockets, and on fake timers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqttjs from 'mqtt'
import { connect, load as loadClient } from 'wasmqtt'
import { load, MqttError, OptionError, World } from 'wasmqtt/simulator'

const timeout = 20_000
// Loading takes real time.
await Promise.all([load(), loadClient()])

const decoder = new TextDecoder()

/** Returns a world with a simulated client `sensor` that is connected. */
async function begin(options) {
  const world = new World({ clients: { sensor: {} }, ...options })
  await world.advance(100)
  return world
}

/** Awaits a promise while the world's time passes. */
async function within(world, time, promise) {
  const [value] = await Promise.all([promise, world.advance(time)])
  return value
}

/** Returns this package's client, connected over the network `dash`. */
function dashboard(world, options) {
  const Dash = world.webSocket('dash')
  const createWebSocket = (url, protocols) => new Dash(url, protocols)
  return within(world, 200, connect('ws://world', { createWebSocket, clientId: 'dashboard', ...options }))
}

const publish = (world, payload, more) =>
  world.act({ type: 'publish', client: 'sensor', topic: 'home/hall', payload, qos: 1, ...more })

const broken = world => world.monitors().filter(({ state }) => state === 'broken')

/** Puts all clocks of this client on Node's fake timers. Returns the tick for a world. */
function fakeTimers(t) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  t.mock.method(performance, 'now', () => Date.now())
  return milliseconds => t.mock.timers.tick(milliseconds)
}

test('this package’s client is in the trace, and under the monitors', { timeout }, async () => {
  const world = await begin()
  const client = await dashboard(world)
  const got = []
  await within(
    world,
    200,
    client.subscribe('home/#', { qos: 1 }, message => got.push([message.topic, message.text()])),
  )
  publish(world, '21')
  await world.advance(50)
  assert.deepEqual(got, [['home/hall', '21']])
  const packets = world.entries().filter(({ type, client }) => type === 'packet' && client === 'dash')
  assert.deepEqual(
    packets.map(({ kind, direction, at, arrivesAt }) => `${kind} ${direction} ${arrivesAt - at}`),
    ['CONNECT up 20', 'CONNACK down 20', 'SUBSCRIBE up 20', 'SUBACK down 20', 'PUBLISH down 20', 'PUBACK up 20'],
  )
  const messages = world.messages('dash').map(({ topic, payload }) => [topic, decoder.decode(payload)])
  assert.deepEqual(messages, got)
  assert.deepEqual(broken(world), [])
  const [, state] = world.snapshot().clients
  assert.deepEqual([state.clientId, state.connection, state.outgoing], ['dash', 'foreign', []])
  // The run is opened without the code of the dashboard.
  const opened = World.fromLink(world.toLink())
  assert.equal(opened.position.hash, world.position.hash)
  await within(world, 200, client.end())
})

test('MQTT.js connects, and both clients hear each other', { timeout }, async t => {
  const world = await begin()
  world.act({ type: 'subscribe', client: 'sensor', filter: 'to/sensor', qos: 2 })
  const Dash = world.webSocket('dash')
  const client = mqttjs.connect('ws://world', {
    protocolVersion: 5,
    timerVariant: 'native',
    createWebsocket: (url, protocols) => new Dash(url, protocols),
  })
  t.after(() => client.end(true))
  const got = []
  client.on('message', (topic, payload) => got.push([topic, payload.toString()]))
  await within(world, 200, new Promise(resolve => client.once('connect', resolve)))
  await within(world, 200, client.subscribeAsync('home/#', { qos: 2 }))
  await within(world, 200, client.publishAsync('to/sensor', 'hello', { qos: 2 }))
  publish(world, '21', { qos: 2 })
  await world.advance(200)
  assert.deepEqual(got, [['home/hall', '21']])
  assert.equal(decoder.decode(world.messages('sensor')[0].payload), 'hello')
  assert.deepEqual(broken(world), [])
})

test('nothing is lost at QoS 1 over a black hole, on fake timers', { timeout }, async t => {
  const tick = fakeTimers(t)
  const world = await begin({ tick })
  const client = await dashboard(world, { keepAlive: 5, cleanStart: false, sessionExpiry: 3_600, reconnect: true })
  const got = []
  await within(
    world,
    200,
    client.subscribe('home/#', { qos: 1 }, message => got.push(message.text())),
  )
  publish(world, 'before')
  await world.advance(100)
  world.act({ type: 'black-hole', client: 'dash' })
  publish(world, 'meanwhile')
  await world.advance(1_000)
  assert.deepEqual([got, client.status.phase], [['before'], 'connected'])
  // The client finds by its keep alive that nothing comes any more, and connects anew.
  await world.advance(20_000)
  assert.deepEqual([got, client.status.phase], [['before', 'meanwhile'], 'connected'])
  assert.deepEqual(broken(world), [])
  const links = world.entries().filter(({ type, event, place }) => [type, event, place].join() === 'link,opening,dash')
  assert.equal(links.length, 2)
  await within(world, 200, client.end())
})

test('a timer of the client runs at its time, and its answer comes at its time', { timeout }, async t => {
  const tick = fakeTimers(t)
  const world = await begin({ tick })
  const client = await dashboard(world, { keepAlive: 0 })
  const { now } = world
  let answered
  const start = Date.now()
  // No event of the world is due for long, so that one tick goes beyond both.
  setTimeout(() => {
    client.publish('home/hall', 'hello', { qos: 1 }).then(() => {
      answered = Date.now() - start
    })
  }, 30)
  await world.advance(1_000)
  const [{ at }] = world.entries().filter(({ kind, client }) => kind === 'PUBLISH' && client === 'dash')
  assert.deepEqual([at - now, answered], [30, 70])
  assert.equal(world.now, now + 1_000)
  await within(world, 200, client.end())
})

test('a socket closes as its link ends', { timeout }, async () => {
  const world = await begin()
  const Dash = world.webSocket('dash')
  const open = async () => {
    const socket = new Dash('ws://world', 'mqtt')
    const closed = new Promise(resolve => socket.addEventListener('close', resolve))
    assert.equal(socket.readyState, Dash.CONNECTING)
    await world.advance(20)
    assert.equal(socket.readyState, Dash.OPEN)
    return { socket, ends: async time => (await within(world, time, closed)).code }
  }
  const cut = await open()
  world.act({ type: 'cut', client: 'dash', clientLearns: 30 })
  await world.advance(29)
  assert.equal(cut.socket.readyState, Dash.OPEN)
  assert.equal(await cut.ends(1), 1006)
  const atOnce = await open()
  world.act({ type: 'cut', client: 'dash', clientLearns: 0 })
  assert.equal(await atOnce.ends(0), 1006)
  const wrong = await open()
  wrong.socket.send(new TextEncoder().encode('GET / HTTP/1.1'))
  assert.equal(await wrong.ends(100), 1000)
  const text = await open()
  text.socket.send('MQTT')
  assert.equal(await text.ends(0), 1003)
  const own = await open()
  own.socket.close(1000)
  assert.equal(await own.ends(0), 1000)
  const killed = await open()
  world.act({ type: 'kill', client: 'dash' })
  assert.equal(await killed.ends(0), 1000)
  const rewound = await open()
  world.rewind(10)
  assert.equal(await rewound.ends(0), 1006)
})

test('a wrong call is an error that says what is right', { timeout }, async () => {
  const world = await begin()
  assert.throws(() => world.webSocket('sensor'), { name: 'OptionError', message: /no simulated client/ })
  assert.throws(() => world.webSocket(''), OptionError)
  assert.throws(() => new World({ tick: 5 }), { name: 'OptionError', message: /vi\.advanceTimersByTimeAsync/ })
  const Dash = world.webSocket('dash')
  assert.throws(() => new Dash('http:', 'mqtt'), { name: 'SyntaxError' })
  world.act({ type: 'add', client: 'dash' })
  assert.throws(() => new Dash('ws://world', 'mqtt'), MqttError)
  const first = world.advance(10)
  await assert.rejects(world.advance(10), { name: 'MqttError', message: /await it/ })
  await first
  await assert.rejects(world.advance(-1), OptionError)
  const foreign = world.webSocket('page')
  new foreign('ws://world', 'mqtt')
  assert.throws(() => world.act({ type: 'subscribe', client: 'page', filter: 'a' }), {
    name: 'MqttError',
    message: /foreign/,
  })
})
