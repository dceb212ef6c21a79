// Scenarios to start from, in which nothing has gone wrong yet.
import { cut, kitchen, lasting, latency, longCut, publish, subscribe } from '../tutorial/home.ts'
import type { Scenario } from './scenario.ts'
import { settle, wait, withWill } from './steps.ts'

const home: Scenario = {
  id: 'home',
  world: { latency, store: true, clients: { sensor: lasting, dashboard: lasting } },
  script: [settle, subscribe('home/#', 1), settle],
  points: [
    { id: 'connect', find: facts => facts.packet({ kind: 'CONNECT', client: 'sensor' }) },
    { id: 'subscribe', find: facts => facts.packet({ kind: 'SUBSCRIBE', client: 'dashboard' }) },
  ],
}

const empty: Scenario = { id: 'empty', world: { latency, store: true }, script: [], points: [] }

const fanOut: Scenario = {
  id: 'fan-out',
  world: { latency, store: true, clients: { sensor: lasting, wall: lasting, phone: lasting, log: lasting } },
  script: [
    settle,
    { type: 'subscribe', client: 'wall', filter: 'home/+/temperature', qos: 0 },
    { type: 'subscribe', client: 'phone', filter: 'home/kitchen/#', qos: 1 },
    { type: 'subscribe', client: 'log', filter: '#', qos: 2 },
    settle,
    publish('21', { qos: 2 }),
    settle,
  ],
  points: [
    { id: 'up', find: facts => facts.packet({ kind: 'PUBLISH', client: 'sensor', qos: 2 }) },
    { id: 'log', find: facts => facts.packet({ kind: 'PUBLISH', client: 'log', qos: 2 }) },
    { id: 'wall', find: facts => facts.packet({ kind: 'PUBLISH', client: 'wall', qos: 0 }) },
    { id: 'phone', find: facts => facts.packet({ kind: 'PUBLISH', client: 'phone', qos: 1 }) },
  ],
}

const badLink: Scenario = {
  id: 'bad-link',
  world: { latency, clients: { sensor: lasting, dashboard: lasting } },
  script: [
    settle,
    subscribe('home/#', 1),
    settle,
    publish('20', { qos: 1 }),
    wait(50),
    cut('sensor'),
    wait(5_000),
    publish('21', { qos: 1 }),
    wait(150),
    cut('sensor'),
    wait(5_000),
    publish('22', { qos: 1 }),
    wait(150),
    cut('dashboard'),
    wait(5_000),
  ],
  points: [
    { id: 'lost', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', fate: 'lost' }) },
    { id: 'again', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', dup: true }) },
    { id: 'twice', find: facts => facts.messages('dashboard').filter(([, { payload }]) => is(payload, '21'))[1]?.[0] },
  ],
}

const offline: Scenario = {
  id: 'offline',
  world: { latency, store: true, clients: { sensor: lasting, dashboard: lasting } },
  script: [
    settle,
    subscribe('home/#', 1),
    settle,
    longCut('dashboard'),
    wait(500),
    publish('20', { qos: 1 }),
    publish('21', { qos: 1 }),
    settle,
  ],
  points: [
    { id: 'away', find: facts => facts.link('broken') },
    { id: 'kept', find: facts => facts.event('published', ({ topic }) => topic === kitchen) },
  ],
}

const lastWill: Scenario = {
  id: 'last-will',
  world: { latency, store: true, clients: { sensor: withWill({ keepAlive: 10 }), dashboard: lasting } },
  script: [settle, subscribe('home/#', 1), settle],
  points: [{ id: 'armed', find: facts => facts.event('will', ({ fate }) => fate === 'armed') }],
}

const is = (payload: unknown, text: string): boolean =>
  payload instanceof Uint8Array && new TextDecoder().decode(payload) === text

export const starts: readonly Scenario[] = [home, empty, fanOut, badLink, offline, lastWill]
