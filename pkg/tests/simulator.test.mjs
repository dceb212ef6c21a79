// The entry wasmqtt/simulator: a world, its past, its errors, and what it tells readers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dissect, explain, load, MqttError, OptionError, World } from 'wasmqtt/simulator'

const decoder = new TextDecoder()

test('before load() an error says what to do', () => {
  assert.throws(() => new World(), { name: 'MqttError', message: /await load\(\) first/ })
})

/** Returns a world with a subscriber of `home/#` and a publisher, both connected. */
async function home(options) {
  await load()
  const world = new World({ clients: { dash: {}, sensor: {} }, ...options })
  world.run(200)
  world.act({ type: 'subscribe', client: 'dash', filter: 'home/#', qos: 2 })
  world.run(200)
  return world
}

const publish = (payload, more) => ({
  type: 'publish',
  client: 'sensor',
  topic: 'home/hall',
  payload,
  qos: 2,
  ...more,
})

test('a message of QoS 2 takes four packets on each hop', async () => {
  const world = await home()
  const { entries: start } = world.position
  world.act(publish('21'))
  world.run(1_000)
  const packets = world.entries(start).filter(entry => entry.type === 'packet')
  assert.deepEqual(
    packets.filter(({ client }) => client === 'sensor').map(({ kind, direction }) => `${kind} ${direction}`),
    ['PUBLISH up', 'PUBREC down', 'PUBREL up', 'PUBCOMP down'],
  )
  assert.equal(packets.length, 8)
  assert.ok(packets.every(({ fate }) => fate.type === 'delivered'))
  const messages = world.messages('dash').map(({ topic, payload }) => [topic, decoder.decode(payload)])
  assert.deepEqual(messages, [['home/hall', '21']])
  const { clients, version } = world.trace()
  assert.deepEqual([clients, version], [['dash', 'sensor'], 1])
})

test('steps go to the next packet of a lane and to the next timer', async () => {
  const world = await home()
  world.act(publish('21'))
  const { entries: start } = world.position
  assert.equal(world.stepToPacket('dash'), true)
  const sent = world.entries(start).filter(entry => entry.type === 'packet')
  assert.equal(sent.at(-1).client, 'dash')
  assert.ok(world.stepToTimer())
  assert.ok(world.entries(start).some(entry => entry.type === 'timer'))
  assert.equal(world.step(), true)
})

test('the caller is the network', async () => {
  const world = await home()
  world.act(publish('21'))
  const choices = world.choices()
  const index = choices.findIndex(({ type, direction }) => type === 'arrives' && direction === 'up')
  world.choose(index)
  assert.throws(() => world.choose(99), { name: 'MqttError', message: /there is no choice 99/ })
})

test('a snapshot shows what is in flight', async () => {
  const world = await home()
  world.act(publish('21'))
  const { clients, broker, links } = world.snapshot()
  assert.deepEqual(clients[1].outgoing, [{ packetId: 1, awaits: 'PUBREC', topic: 'home/hall', qos: 2 }])
  assert.deepEqual(broker.sessions[0].subscriptions, [{ filter: 'home/#', qos: 2 }])
  assert.ok(links.some(({ bytesUp }) => bytesUp > 0))
})

test("the broker's host ends a connection, and bytes come in segments", async () => {
  const world = await home()
  for (const client of ['dash', 'sensor']) world.act({ type: 'segments', client, bytesMax: 5 })
  world.act({ type: 'dismiss', client: 'dash' })
  // It connects again, and subscribes in its new session.
  world.run(10_000)
  world.act(publish('21'))
  world.run(10_000)
  const ends = world
    .entries()
    .filter(({ type, client, event }) => type === 'client' && client === 'dash' && event === 'lost')
  assert.equal(ends.length, 1)
  assert.deepEqual(
    world.messages('dash').map(({ payload }) => decoder.decode(payload)),
    ['21'],
  )
  assert.throws(() => world.act({ type: 'dismiss', client: 'dash', reasonCode: 4 }), { name: 'OptionError' })
})

test('all guarantees hold, and are named', async () => {
  const world = await home()
  world.act(publish('21'))
  world.act({ type: 'cut', client: 'dash', clientLearns: 0, brokerLearns: 0 })
  world.run(10_000)
  const monitors = world.monitors()
  assert.ok(monitors.length >= 10)
  assert.ok(monitors.every(({ state, text, name }) => state === 'holds' && text && name))
})

test('a rewind shows the past, and an action there makes a branch', async () => {
  const world = await home()
  world.act(publish('21'))
  world.run(1_000)
  const end = world.position
  world.rewind(450)
  assert.equal(world.now, 450)
  assert.equal(world.position.isPast, true)
  world.run(end.now - 450)
  assert.equal(world.position.hash, end.hash)
  world.rewind(405)
  world.act({ type: 'kill', client: 'dash' })
  world.run(2_000)
  assert.equal(world.position.branch, 'branch 2')
  assert.deepEqual(world.messages('dash'), [])
  world.renameBranch('killed')
  world.switchTo('main')
  assert.equal(world.position.hash, end.hash)
  assert.deepEqual(
    world.branches().map(({ name, isCurrent }) => [name, isCurrent]),
    [
      ['main', true],
      ['killed', false],
    ],
  )
})

test('a rewind anywhere in ten thousand events is quick', async () => {
  const world = await home()
  for (let round = 0; world.position.moments < 10_000; round += 1) {
    world.act(publish(String(round)))
    world.run(250)
  }
  const { end, hash } = world.position
  const times = []
  for (const part of [0.9, 0.1, 0.5, 0.99, 0.3, 0.7]) {
    // A page does other things between two rewinds, and the world readies the next.
    await new Promise(resolve => setTimeout(resolve, 300))
    const start = performance.now()
    world.rewind(Math.floor(end * part))
    times.push(performance.now() - start)
  }
  world.rewind(end)
  assert.equal(world.position.hash, hash)
  // Loaded machines are slow; the figure of a free one is in docs/simulator.md.
  assert.ok(Math.max(...times) < 1_000, `${times.map(Math.round)} ms`)
  if (process.env.WASMQTT_TIMES) console.error('rewind', times.map(Math.round))
  world.free()
})

test('a long run yields to the page, tells its progress and stops at a signal', async () => {
  const world = await home()
  const controller = new AbortController()
  let ticks = 0
  const ticker = setInterval(() => {
    ticks += 1
    if (ticks === 2) controller.abort(new Error('enough'))
  })
  const seen = []
  const run = world.runAsync(2 ** 45, { signal: controller.signal, onProgress: now => seen.push(now) })
  await assert.rejects(run, /enough|trace is full/)
  clearInterval(ticker)
  assert.ok(seen.length > 0 && seen.at(-1) > seen[0] - 1)
  const { now } = world
  await world.runAsync(500)
  assert.equal(world.now, now + 500)
})

test('playback follows the clock of the page', async () => {
  const world = await home()
  const controller = new AbortController()
  const { now } = world
  await world.play({
    speed: 10,
    signal: controller.signal,
    onFrame: time => time > now + 300 && controller.abort(),
  })
  assert.ok(world.now > now + 300)
})

test('bytes are dissected, good or bad', async () => {
  await load()
  const { fields, error } = dissect(new Uint8Array([0x40, 2, 0, 7]), 4)
  assert.equal(error, undefined)
  const id = fields.find(({ name }) => name === 'Packet Identifier')
  assert.deepEqual([id.start, id.end, id.value], [2, 4, 7])
  const bad = dissect(new Uint8Array([0x40, 2, 0, 0]), 5)
  assert.equal(bad.error.offset, 2)
  assert.ok(bad.error.text.includes('PUBACK'))
})

test('a topic is explained filter by filter, level by level', async () => {
  await load()
  const { levels, filters } = explain('home/hall', ['home/+', 'home/kitchen', '#'])
  assert.deepEqual(levels[0], { topic: 'home', cursors: ['#', 'home'] })
  assert.deepEqual(levels[1], { topic: 'hall', cursors: ['home/+'] })
  assert.deepEqual(
    filters.map(({ matches }) => matches),
    [true, false, true],
  )
  assert.equal(filters[1].reason, 'Level 2 of the topic is "hall", and the filter has "kitchen" there.')
  assert.throws(() => explain('home/#', []), OptionError)
})

test('a link opens the run again, and a damaged one is an error', async () => {
  const world = await home({ seed: 3, jitter: 20 })
  world.act(publish('21'))
  world.run(1_000)
  const { hash, now } = world.position
  const link = world.toLink()
  assert.match(link, /^[\w-]+$/)
  assert.ok(link.length < 400, `${link.length}`)
  assert.equal(World.fromLink(link).position.hash, hash)
  world.rewind(450)
  const past = World.fromLink(world.toLink())
  assert.deepEqual([past.position.moment, past.position.end], [world.position.moment, now])
  assert.throws(() => World.fromLink(link.slice(0, -3)), { name: 'MqttError', message: /damaged/ })
  assert.throws(() => World.fromLink(`${link}!`), { name: 'MqttError', message: /character/ })
  assert.throws(() => World.fromLink(7), OptionError)
  const json = JSON.parse(world.toJson())
  assert.equal(World.fromLink(json.link).position.hash, json.position.hash)
  assert.equal(json.trace.entries.length, json.position.entries)
})

test('wrong input is an error that says what is wrong', async () => {
  const world = await home({ traceEntries: 1_000 })
  const { hash } = world.position
  const rows = [
    [() => world.act({ type: 'kill', client: 'nobody' }), MqttError, /no client "nobody"/],
    [() => world.act({ type: 'jump', client: 'dash' }), OptionError, /action.type is "jump"; it must be one of add/],
    [() => world.act({ type: 'publish', client: 'dash' }), OptionError, /action.topic is undefined/],
    [() => world.act({ type: 'publish', client: 'dash', topic: 'a/#' }), OptionError, /topic name/],
    [() => world.act({ type: 'subscribe', client: 'dash', filter: 'a/#/b' }), MqttError, /a\/#\/b/],
    [() => world.act({ type: 'add', client: 'dash' }), MqttError, /already/],
    [() => world.act({ type: 'add', client: 'x', options: { keepAlive: -1 } }), OptionError, /keepAlive/],
    [() => world.run(-1), OptionError, /milliseconds is -1/],
    [() => world.rewind(world.now + 1), MqttError, /in the future/],
    [() => world.rewindTo(1e9), MqttError, /there is no moment/],
    [() => world.switchTo('nowhere'), MqttError, /no branch "nowhere"/],
    [() => world.messages('nobody'), MqttError, /no client "nobody"/],
    [() => new World({ seed: -1 }), OptionError, /seed is -1/],
    [() => new World({ broker: { users: {} } }), OptionError, /broker.users/],
  ]
  for (const [call, type, message] of rows) {
    assert.throws(call, error => error instanceof type && message.test(error.message), String(call))
  }
  assert.equal(world.position.hash, hash, 'nothing has changed')
  assert.throws(() => world.run(1e12), { name: 'MqttError', message: /the trace is full with 1000 entries/ })
  assert.ok(world.position.entries < 1_200)
})

test('a run is a sequence diagram, and a picture', async () => {
  const world = await home()
  const { entries: start } = world.position
  world.act({ type: 'cut', client: 'dash', direction: 'down', after: 3 })
  world.act(publish('21'))
  world.run(1_000)
  const mermaid = world.toMermaid(start)
  assert.match(mermaid, /^sequenceDiagram\n {2}participant B as broker\n {2}participant C0 as dash\n/)
  assert.match(mermaid, / {2}C1->>B: 0\.400 s PUBLISH 1, QoS 2, home\/hall\n/)
  assert.match(mermaid, / {2}B-xC0: 0\.420 s PUBLISH 1, QoS 2, home\/hall, 3 of \d+ bytes arrive\n/)
  const svg = world.toSvg(start)
  assert.ok(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"') && svg.endsWith('</svg>\n'))
  assert.equal(svg.match(/class="lost"/g).length, 1)
  assert.ok(world.toMermaid().length > mermaid.length)
  assert.throws(() => world.toSvg(-1), OptionError)
})

test('a client without code opens a link, sends any bytes, and closes it', async () => {
  await load()
  const world = new World()
  const bytes = text => Uint8Array.from(text.match(/../g), pair => Number.parseInt(pair, 16))
  const connect = bytes('100f00044d5154540402000000037261 77'.replaceAll(' ', ''))
  world.act({ type: 'open', client: 'raw' })
  assert.throws(() => world.act({ type: 'send', client: 'raw', bytes: connect }), { message: /link 0 is not open/ })
  world.run(100)
  world.act({ type: 'send', client: 'raw', bytes: connect })
  world.run(100)
  const kinds = () => world.entries().flatMap(entry => (entry.type === 'packet' ? [entry.kind] : []))
  assert.deepEqual(kinds(), ['CONNECT', 'CONNACK'])
  world.act({ type: 'close', client: 'raw' })
  world.run(100)
  assert.throws(() => world.act({ type: 'send', client: 'raw', bytes: connect }), { message: /is not open/ })
  assert.throws(() => world.act({ type: 'close', client: 'nobody' }), { name: 'MqttError' })
  // A link opens the run, with what was sent by hand.
  const again = World.fromLink(world.toLink())
  assert.equal(again.position.hash, world.position.hash)
  world.act({ type: 'add', client: 'dash' })
  assert.throws(() => world.act({ type: 'open', client: 'dash' }), { name: 'MqttError' })
})

test('the same run at another QoS is a world of its own', async () => {
  const world = await home()
  world.act(publish('21', { qos: 1 }))
  world.run(1_000)
  const { hash } = world.position
  const sent = of =>
    of.entries().flatMap(entry => (entry.type === 'packet' && entry.kind === 'PUBLISH' ? [entry.qos] : []))
  assert.deepEqual(sent(world), [1, 1])
  for (const qos of [0, 1, 2]) {
    const other = world.atQos(qos)
    assert.deepEqual(sent(other), [qos, qos])
    assert.equal(other.now, world.now)
    assert.equal(other.messages('dash').length, 1)
    other.free()
  }
  assert.equal(world.position.hash, hash)
  assert.throws(() => world.atQos(3), OptionError)
})
