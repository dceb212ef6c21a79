// Bugs of the wild about connections: who is there, who is not, and who says so.
import type { WorldOptions } from 'wasmqtt/simulator'
import { calm, latency, publish, subscribe } from '../../tutorial/home.ts'
import type { Item, Script } from '../../tutorial/script.ts'
import type { Scenario } from '../scenario.ts'
import { dial, settle, wait, withWill } from '../steps.ts'

const connect5 = (name: string) =>
  `10 ${(name.length + 13).toString(16)} 0004"MQTT" 05 02 0000 00 00 ${name.length.toString(16).padStart(2, '0')}"${name}"`

/** Two tabs that each come back when they are thrown out. */
const tabs = (first: string, second: string, rounds: number): Script => {
  const one = (tab: string, name: string): Item[] => [...dial(tab, connect5(name)), wait(1_000)]
  return [
    ...one('tab 1', first),
    ...one('tab 2', second),
    ...Array.from({ length: rounds }, () => [...one('tab 1', first), ...one('tab 2', second)]).flat(),
  ]
}

const thrownOut = (tab: string) => ({ kind: 'DISCONNECT', client: tab, direction: 'down' }) as const

/** The second connection of a client identifier ends the first [MQTT-3.1.4-3]. */
const twoTabs: Scenario = {
  id: 'two-tabs',
  world: { latency },
  script: tabs('dash', 'dash', 2),
  points: [
    { id: 'first', find: facts => facts.packet(thrownOut('tab 1')) },
    { id: 'second', find: facts => facts.packet(thrownOut('tab 2')) },
    { id: 'again', find: facts => facts.packets(thrownOut('tab 1'))[1]?.[0] },
  ],
  bug: {
    harm: facts => facts.packet(thrownOut('tab 2')),
    mended: { world: { latency }, script: tabs('dash-1', 'dash-2', 0) },
  },
}

const offline = (facts: Parameters<Scenario['points'][number]['find']>[0]) => facts.message('dashboard', 'offline')

const parting = (reasonCode: 0 | 4): Script => [
  settle,
  subscribe('home/#'),
  settle,
  publish('21'),
  settle,
  { type: 'disconnect', client: 'sensor', reasonCode },
  settle,
]

const willed: WorldOptions = { latency, clients: { sensor: withWill({ reconnect: false }), dashboard: calm } }

/** Reason 0x04 of DISCONNECT has the will published (§3.14.2.1). */
const politeWill: Scenario = {
  id: 'polite-will',
  world: willed,
  script: parting(4),
  points: [
    { id: 'disconnect', find: facts => facts.packet({ kind: 'DISCONNECT', direction: 'up' }) },
    { id: 'fired', find: facts => facts.event('will', ({ fate }) => fate === 'fired') },
    { id: 'message', find: offline },
  ],
  bug: { harm: offline, mended: { world: willed, script: parting(0) } },
}

const reloading = (delay: number) => ({
  world: {
    latency,
    clients: { sensor: withWill({ cleanStart: false, sessionExpiry: 3_600 }, delay), dashboard: calm },
  },
  script: [settle, subscribe('home/#'), settle, { type: 'reload', client: 'sensor' }, wait(10_000)] satisfies Script,
})

/** A reload ends the connection without DISCONNECT, and so the will is published. */
const reloadAlarm: Scenario = {
  id: 'reload-alarm',
  ...reloading(0),
  points: [
    { id: 'reload', find: facts => facts.action('reload') },
    { id: 'fired', find: facts => facts.event('will', ({ fate }) => fate === 'fired') },
    { id: 'message', find: offline },
    { id: 'back', find: facts => facts.client('sensor', 'connected', facts.action('reload')) },
  ],
  bug: { harm: offline, mended: reloading(5) },
}

const sleepy = (keepAlive: number): WorldOptions => ({
  latency,
  clients: { sensor: calm, dashboard: { ...calm, keepAlive } },
})

/** The proxy closes a link on which nothing has passed for a minute. */
const idle: Item[] = [
  wait(60_000),
  { type: 'cut', client: 'dashboard', clientLearns: 0, brokerLearns: 0 },
  wait(500),
  publish('21'),
  settle,
]

const proxy: Scenario = {
  id: 'proxy',
  world: sleepy(120),
  script: [settle, subscribe('home/#'), settle, ...idle, ...idle],
  points: [
    { id: 'silence', find: facts => facts.packet({ kind: 'SUBACK', client: 'dashboard' }) },
    { id: 'cut', find: facts => facts.link('broken') },
    { id: 'nobody', find: facts => facts.event('published', ({ subscribers }) => subscribers === 0) },
    { id: 'again', find: facts => facts.link('broken', facts.link('broken')) },
  ],
  bug: {
    harm: facts => facts.event('published', ({ subscribers }) => subscribers === 0),
    mended: {
      world: sleepy(30),
      script: [
        settle,
        subscribe('home/#'),
        settle,
        wait(60_500),
        publish('21'),
        settle,
        wait(60_500),
        publish('22'),
        settle,
      ],
    },
  },
}

export const sessionBugs: readonly Scenario[] = [twoTabs, politeWill, reloadAlarm, proxy]
