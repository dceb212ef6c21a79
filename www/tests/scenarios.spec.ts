// The scenarios of the playground, natively in the world: what each text says happens. Mended, the
// mistake does not.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { dissect, explain, load, World } from 'wasmqtt/simulator'
import { compare } from '../src/model/playground/comparison.ts'
import { pendingOf } from '../src/model/playground/network.ts'
import { addressOf, readRoute } from '../src/model/playground/route.ts'
import type { Beginning } from '../src/model/playground/scenario.ts'
import { bugs, scenarioOf, scenarios } from '../src/model/playground/scenarios.ts'
import { bytes } from '../src/model/playground/steps.ts'
import { Facts } from '../src/model/tutorial/facts.ts'
import { perform } from '../src/model/tutorial/script.ts'
import { piecesOf } from '../src/pages/markup.ts'
import { english } from '../src/texts/en/playground.ts'

test.beforeAll(() => load())

/** Does a run, and looks at its end. */
function run<T>({ world, script }: Beginning, look: (facts: Facts, world: World) => T): T {
  const made = new World(world)
  perform(made, script)
  const seen = look(new Facts(made.trace(), 0, dissect), made)
  made.free()
  return seen
}

for (const scenario of scenarios) {
  const { id, points, bug } = scenario
  test(`${id}: its run has all that its text points at, and so has its link`, () => {
    const [found, link, hash] = run(scenario, (facts, world) => [
      points.map(({ id, find }) => [id, find(facts)] as const),
      world.toLink(),
      world.position.hash,
    ])
    for (const [point, index] of found) expect(index, point).toBeDefined()
    const order = found.map(([, index]) => index ?? -1)
    expect(order, 'in this order').toEqual(order.toSorted((a, b) => a - b))
    expect(new Set(order).size).toBe(order.length)
    const text = english.scenarios[id]
    expect(Object.keys(text?.points ?? {}).sort()).toEqual(points.map(point => point.id).sort())
    expect(text?.story.length).toBeGreaterThan(30)
    expect(text?.mended !== undefined).toBe(bug !== undefined)
    const opened = World.fromLink(link)
    expect(opened.position.hash).toBe(hash)
    opened.free()
  })
}

test('what goes wrong in a bug does not, once it is mended', () => {
  for (const { id, bug, ...beginning } of bugs) {
    expect(
      run(beginning, facts => bug?.harm(facts)),
      id,
    ).toBeDefined()
    const mended = bug && run(bug.mended, facts => [bug.harm(facts), facts.trace.entries.length > 10])
    expect(mended, id).toEqual([undefined, true])
  }
})

/** Claims of a story beyond single entries. */
const claims: Readonly<Record<string, (facts: Facts) => void>> = {
  'no-dup': facts => {
    const sent = facts.packets({ kind: 'PUBLISH', client: 'sensor', direction: 'up' })
    expect(sent.map(([, { packetId, dup }]) => [packetId, dup])).toEqual([
      [1, false],
      [1, false],
    ])
    expect(facts.messages('dashboard')).toHaveLength(2)
  },
  downgrade: facts => {
    expect(facts.packet({ kind: 'PUBCOMP', client: 'sensor', fate: 'delivered' })).toBeDefined()
    expect(facts.messages('dashboard')).toEqual([])
  },
  overflow: facts => {
    expect(facts.packets({ kind: 'PUBACK', client: 'sensor', fate: 'delivered' })).toHaveLength(6)
    expect(facts.messages('dashboard')).toHaveLength(3)
    expect(facts.events('dropped')).toHaveLength(3)
  },
  'clean-start': facts => expect(facts.messages('dashboard')).toEqual([]),
  void: facts => {
    expect(facts.packets({ kind: 'PUBLISH', direction: 'up', fate: 'lost' })).toHaveLength(2)
    expect(facts.messages('dashboard')).toEqual([])
    // Half a minute: the keep alive, and half of it for the answer to the ping.
    const noticed = facts.at(facts.client('sensor', 'lost') ?? -1) - facts.at(facts.link('broken') ?? -1)
    expect(noticed).toBeGreaterThan(20_000)
    expect(noticed).toBeLessThan(40_000)
  },
  'two-tabs': facts => {
    const out = facts.packets({ kind: 'DISCONNECT', direction: 'down' })
    expect(out.map(([, { client }]) => client)).toEqual(['tab 1', 'tab 2', 'tab 1', 'tab 2', 'tab 1'])
    for (const [index] of out) expect(reasonOf(facts, index)).toMatch(/taken over/i)
  },
  'polite-will': facts => {
    const [index] = facts.packets({ kind: 'DISCONNECT', direction: 'up' })[0] ?? [-1]
    expect(reasonOf(facts, index)).toMatch(/will/i)
  },
  'reload-alarm': facts => {
    const [fired, back] = [facts.event('will', ({ fate }) => fate === 'fired'), facts.client('sensor', 'connected')]
    expect(fired).toBeDefined()
    expect(back).toBeDefined()
  },
  proxy: facts => {
    expect(facts.packets({ kind: 'PINGREQ' })).toEqual([])
    expect(facts.messages('dashboard')).toEqual([])
    const [first = -1, second = -1] = [facts.link('broken'), facts.link('broken', facts.link('broken'))]
    expect(facts.at(second) - facts.at(first)).toBeGreaterThan(60_000)
  },
  'bridge-loop': facts => {
    expect(facts.packets({ kind: 'PUBLISH', client: 'sensor', direction: 'up' })).toHaveLength(1)
    expect(facts.packets({ kind: 'PUBLISH', client: 'bridge', direction: 'up' })).toHaveLength(5)
    expect(facts.packets({ kind: 'PUBLISH', client: 'bridge', direction: 'down' })).toHaveLength(6)
  },
  ghost: facts => {
    const days =
      (facts.at(facts.message('dashboard', '4') ?? -1) - facts.at(facts.action('publish') ?? -1)) / 86_400_000
    expect(days).toBeGreaterThan(1)
  },
  'dead-member': facts => {
    const stuck = facts.packets({ kind: 'PUBLISH', client: 'worker 1', fate: 'lost' })
    const late = facts.messages('worker 2', facts.event('disconnected'))
    expect(stuck.length).toBeGreaterThan(0)
    expect(late).toHaveLength(stuck.length)
    expect(facts.messages('worker 2')).toHaveLength(4)
  },
  'stale-alias': facts => expect(facts.messages('dashboard')).toHaveLength(2),
}

/** The name of the reason code of a packet. */
function reasonOf(facts: Facts, index: number): string | undefined {
  const entry = facts.trace.entries[index]
  const fields = entry?.type === 'packet' && entry.bytes instanceof Uint8Array ? dissect(entry.bytes).fields : []
  return fields.find(({ name }) => name === 'Reason Code')?.meaning
}

test('each bug of the wild has its claims, and they hold', () => {
  expect(bugs.length).toBeGreaterThanOrEqual(10)
  expect(Object.keys(claims).sort()).toEqual(bugs.map(({ id }) => id).sort())
  for (const bug of bugs) run(bug, facts => claims[bug.id]?.(facts))
})

test('the guarantees of MQTT hold in all of them, but where a client without code breaks one', () => {
  const broken = scenarios.flatMap(scenario =>
    run(scenario, (_, world) =>
      world.monitors().flatMap(({ name, state }) => (state === 'broken' ? [`${scenario.id}: ${name}`] : [])),
    ),
  )
  expect(broken).toEqual(['no-dup: PacketIdentifiers', 'stale-alias: TopicAliases', 'stale-alias: Peers'])
})

test('the same run at each quality of service: lost, once or more, exactly once', () => {
  const badLink = scenarioOf('bad-link')
  const variants = badLink && run(badLink, (_, world) => compare(world, explain))
  const counted = variants?.map(({ qos, counters: { published, owed, delivered, lost, duplicate, waiting } }) => ({
    qos,
    published,
    owed,
    delivered,
    lost,
    duplicate,
    waiting,
  }))
  const common = { published: 3, owed: 3, waiting: 0 }
  expect(counted).toEqual([
    { qos: 0, ...common, delivered: 1, lost: 2, duplicate: 0 },
    { qos: 1, ...common, delivered: 3, lost: 0, duplicate: 1 },
    { qos: 2, ...common, delivered: 3, lost: 0, duplicate: 0 },
  ])
  const [none = 0, once = 0, exact = 0] = variants?.map(({ counters }) => counters.bytes) ?? []
  expect(none).toBeLessThan(once)
  expect(once).toBeLessThan(exact)
})

test('copies for a subscriber that is away wait, those of a shared subscription are owed once', () => {
  const count = (id: string) => {
    const scenario = scenarioOf(id)
    const counters = scenario && run(scenario, (_, world) => compare(world, explain))[1]?.counters
    return counters && [counters.owed, counters.delivered, counters.waiting, counters.lost]
  }
  // The comparison goes on until the dashboard is back, which takes longer than time is let pass.
  expect(count('offline')).toEqual([2, 0, 2, 0])
  expect(count('dead-member')).toEqual([4, 4, 0, 0])
  expect(count('fan-out')).toEqual([3, 3, 0, 0])
})

test('the pending events name their packets, and each can be chosen', () => {
  const world = new World({ clients: { one: {}, two: {} } })
  world.run(20)
  const all = pendingOf(world.trace(), world.choices())
  const named = all.flatMap(({ type, client, packet }) => (packet ? [`${type} ${client} ${packet.kind}`] : []))
  expect(named).toEqual(['packet one CONNECT', 'packet two CONNECT'])
  const second = all.find(({ client, type }) => client === 'two' && type === 'packet')
  world.choose(second?.index ?? -1)
  const connacks = world.entries().filter(entry => entry.type === 'packet' && entry.kind === 'CONNACK')
  expect(connacks.map(entry => entry.type === 'packet' && entry.client)).toEqual(['two'])
  world.free()
})

test('an address is read as it is written', () => {
  const routes = [
    { scenario: 'home', isMended: false },
    { scenario: 'no-dup', isMended: true, at: 12, entry: 3, run: 'a-b_c' },
  ]
  for (const route of routes) expect(readRoute(addressOf(route))).toEqual({ at: undefined, entry: undefined, ...route })
  expect(readRoute('')).toMatchObject({ scenario: 'home' })
  expect(readRoute('#/home/mended?at=x&entry=-1')).toMatchObject({ isMended: false, at: undefined, entry: undefined })
})

test('bytes are written in hexadecimal and as text', () => {
  expect([...bytes('10 0f 0004"MQTT"')]).toEqual([0x10, 0x0f, 0, 4, 0x4d, 0x51, 0x54, 0x54])
})

test('each marked word is in the glossary, and stories are of two to four sentences', () => {
  for (const [id, { story, mended = '' }] of Object.entries(english.scenarios)) {
    for (const piece of [...piecesOf(story), ...piecesOf(mended)])
      if (piece.type === 'word') expect(english.words[piece.word], `${id}: ${piece.word}`).toBeDefined()
    const sentences = story.split(/(?<=[.!?])\s+/)
    expect(sentences.length, id).toBeLessThanOrEqual(4)
    for (const sentence of sentences) expect(sentence.split(/\s+/).length, `${id}: ${sentence}`).toBeLessThanOrEqual(28)
  }
})

test('each text of the frame is asked for, and each that is asked for is there', () => {
  const folder = new URL('../src/playground/', import.meta.url)
  const files = [
    ...readdirSync(folder).map(name => new URL(name, folder)),
    new URL('../src/playground.ts', import.meta.url),
  ]
  const source = files.map(file => readFileSync(file, 'utf8')).join('')
  const asked = [...source.matchAll(/\bsay\('([\w-]+)'/g)].map(([, name]) => name ?? '')
  expect(asked.length).toBeGreaterThan(40)
  expect(asked.filter(name => !(name in english.page))).toEqual([])
  const unasked = Object.keys(english.page).filter(name => !source.includes(`'${name.replace(/About$/, '')}'`))
  expect(unasked).toEqual([])
})

test('the table of the docs has each scenario, and says which is a bug', () => {
  const table = readFileSync(new URL('../../docs/playground.md', import.meta.url), 'utf8')
  const rows = [...table.matchAll(/^\| `([\w-]+)` \|(.*)\|$/gm)].map(([, id, bug]) => [id, bug?.trim() !== ''])
  expect(rows).toEqual(scenarios.map(({ id, bug }) => [id, bug !== undefined]))
})
