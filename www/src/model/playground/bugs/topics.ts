// Bugs of the wild about topics: loops, ghosts, shares and aliases.
import type { Action, WorldOptions } from 'wasmqtt/simulator'
import { calm, cut, kitchen, latency, publish } from '../../tutorial/home.ts'
import type { Item, Script } from '../../tutorial/script.ts'
import type { Scenario } from '../scenario.ts'
import { dial, settle, wait } from '../steps.ts'

const forward: Item[] = [publish('21', { client: 'bridge' }), settle]

const bridged = (noLocal: boolean, rounds: number): Script => [
  settle,
  { type: 'subscribe', client: 'bridge', filter: 'home/#', noLocal },
  settle,
  publish('21'),
  settle,
  ...Array.from({ length: rounds }, () => forward).flat(),
]

const bridgeWorld: WorldOptions = { latency, clients: { sensor: calm, bridge: calm } }

const forwarded = { kind: 'PUBLISH', client: 'bridge', direction: 'up' } as const

/** With No Local a client does not get what it has published itself [MQTT-3.8.3-3]. */
const bridgeLoop: Scenario = {
  id: 'bridge-loop',
  world: bridgeWorld,
  script: bridged(false, 5),
  points: [
    { id: 'first', find: facts => facts.packet({ kind: 'PUBLISH', client: 'sensor' }) },
    { id: 'forwarded', find: facts => facts.packet(forwarded) },
    {
      id: 'back',
      find: facts =>
        facts.packet({ kind: 'PUBLISH', client: 'bridge', direction: 'down', after: facts.packet(forwarded) }),
    },
    { id: 'fifth', find: facts => facts.packets(forwarded)[4]?.[0] },
  ],
  bug: {
    harm: facts => {
      const first = facts.packet(forwarded)
      return first === undefined
        ? undefined
        : facts.packet({ kind: 'PUBLISH', client: 'bridge', direction: 'down', after: first })
    },
    mended: { world: bridgeWorld, script: bridged(true, 1) },
  },
}

const cellar = 'home/cellar/temperature'

const removal = (...last: readonly Item[]): Script => [
  settle,
  publish('4', { topic: cellar, retain: true }),
  settle,
  ...last,
  { type: 'disconnect', client: 'sensor' },
  wait(86_400_000),
  { type: 'add', client: 'dashboard', options: calm },
  settle,
  { type: 'subscribe', client: 'dashboard', filter: 'home/#' },
  settle,
]

const ghostWorld: WorldOptions = { latency, clients: { sensor: calm } }

/** A retained message stays until an empty one takes its place [MQTT-3.3.1-6]. */
const ghost: Scenario = {
  id: 'ghost',
  world: ghostWorld,
  script: removal(),
  points: [
    { id: 'retained', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', retain: true }) },
    { id: 'gone', find: facts => facts.packet({ kind: 'DISCONNECT', client: 'sensor' }) },
    { id: 'ghost', find: facts => facts.packet({ kind: 'PUBLISH', client: 'dashboard', retain: true }) },
  ],
  bug: {
    harm: facts => facts.message('dashboard', '4'),
    mended: { world: ghostWorld, script: removal(publish('', { topic: cellar, retain: true }), settle) },
  },
}

const job = (number: number): Action => publish(`job ${number}`, { topic: 'jobs/print', qos: 1 })

const workers = (end: Item): Script => [
  settle,
  { type: 'subscribe', client: 'worker 1', filter: '$share/workers/jobs/#', qos: 1 },
  { type: 'subscribe', client: 'worker 2', filter: '$share/workers/jobs/#', qos: 1 },
  settle,
  end,
  wait(500),
  job(1),
  wait(500),
  job(2),
  wait(500),
  job(3),
  wait(500),
  job(4),
  wait(30_000),
]

const pool: WorldOptions = {
  latency,
  clients: { sensor: calm, 'worker 1': { ...calm, reconnect: false, keepAlive: 10 }, 'worker 2': calm },
}

/** A dead member of a shared subscription gets its share until the keep alive ends (§4.8.2). */
const deadMember: Scenario = {
  id: 'dead-member',
  world: pool,
  script: workers({ type: 'black-hole', client: 'worker 1' }),
  points: [
    { id: 'dead', find: facts => facts.link('broken') },
    { id: 'stuck', find: facts => facts.packet({ kind: 'PUBLISH', client: 'worker 1', fate: 'lost' }) },
    { id: 'noticed', find: facts => facts.event('disconnected', ({ clientId }) => clientId === 'worker 1') },
    {
      id: 'late',
      find: facts => facts.messages('worker 2', facts.event('disconnected'))[0]?.[0],
    },
  ],
  bug: {
    harm: facts => facts.packet({ kind: 'PUBLISH', client: 'worker 1', fate: 'lost' }),
    mended: { world: pool, script: workers({ type: 'disconnect', client: 'worker 1' }) },
  },
}

const connect5 = '10 13 0004"MQTT" 05 02 0000 00 0006"sensor"'
const named = `30 20 0018"${kitchen}" 03 230001 "21"`
const aliased = '30 08 0000 03 230001 "22"'

const aliases = (...again: readonly string[]): Script => [
  settle,
  { type: 'subscribe', client: 'dashboard', filter: 'home/#' },
  settle,
  ...dial('sensor', connect5, named, aliased),
  cut('sensor'),
  settle,
  ...dial('sensor', connect5, ...again),
]

/** An alias lasts as long as its connection [MQTT-3.3.2-7]. */
const staleAlias: Scenario = {
  id: 'stale-alias',
  world: { latency, clients: { dashboard: calm } },
  script: aliases(aliased),
  points: [
    { id: 'named', find: facts => facts.packet({ kind: 'PUBLISH', client: 'sensor', topic: kitchen }) },
    { id: 'alias', find: facts => facts.packet({ kind: 'PUBLISH', client: 'sensor', topic: '' }) },
    { id: 'stale', find: facts => facts.packets({ kind: 'PUBLISH', client: 'sensor', topic: '' })[1]?.[0] },
    { id: 'out', find: facts => facts.packet({ kind: 'DISCONNECT', client: 'sensor', direction: 'down' }) },
  ],
  bug: {
    harm: facts => facts.packet({ kind: 'DISCONNECT', client: 'sensor', direction: 'down' }),
    mended: { world: { latency, clients: { dashboard: calm } }, script: aliases(named, aliased) },
  },
}

export const topicBugs: readonly Scenario[] = [bridgeLoop, ghost, deadMember, staleAlias]
