// Chapter: a broker of one's own, what lies below MQTT, and how to find what is wrong.
import type { SimulatedClientOptions, WorldOptions } from 'wasmqtt/simulator'
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { calm, home, kitchen, lasting, lastingHome, latency, publish, settle, subscribe } from '../home.ts'
import type { Item, Script } from '../script.ts'

const counters = '$SYS/broker/clients/'
const connectedCount = `${counters}connected`
const ownValue = (facts: Facts): number | undefined => facts.messages('dashboard')[0]?.[0]
const typed = (filter: string): Script => [subscribe(filter), settle]

const sys: Exercise = {
  id: 'sys',
  world: home,
  start: [settle],
  show: typed(`${counters}+`),
  options: [
    { id: 'nothing', belief: 'broker-is-mute', evidence: ownValue },
    { id: 'values', evidence: ownValue },
  ],
  points: [
    { id: 'subscribe', find: facts => facts.packet({ kind: 'SUBSCRIBE' }) },
    { id: 'value', find: ownValue },
  ],
  task: {
    offers: [
      {
        id: 'subscribe',
        fields: [{ id: 'filter', type: 'text', initial: '#' }],
        does: ({ filter }) => typed(String(filter).trim()),
      },
    ],
    // Exactly the number of clients that are connected.
    goal: facts => {
      const got = facts.messages('dashboard')
      return got.length === 1 && got[0]?.[1].topic === connectedCount ? got[0][0] : undefined
    },
    mistakes: [
      {
        id: 'hidden',
        belief: 'hash-is-everything',
        find: facts =>
          facts.messages('dashboard').length === 0
            ? facts.event('subscribed', ({ filter }) => filter?.startsWith('#') === true)
            : undefined,
      },
      { id: 'flood', belief: 'more-is-safe', find: facts => facts.messages('dashboard')[1]?.[0] },
    ],
    solution: typed(connectedCount),
    wrong: [
      { mistake: 'hidden', script: typed('#') },
      { mistake: 'flood', script: typed('$SYS/#') },
    ],
  },
}

/** The sensor's link breaks behind so many bytes, while it publishes. */
const tears = (after: number): Script => [
  { type: 'cut', client: 'sensor', direction: 'up', after, clientLearns: 300, brokerLearns: 300 },
  publish('21.5'),
  settle,
]
const upward = (facts: Facts) => facts.packets({ kind: 'PUBLISH', direction: 'up' })
const torn = (facts: Facts): number | undefined => upward(facts).find(([, { fate }]) => fate.type === 'truncated')?.[0]

const stream: Exercise = {
  id: 'stream',
  world: { latency, clients: { sensor: { ...calm, reconnect: false }, dashboard: calm } },
  start: [settle, subscribe(kitchen), settle],
  show: tears(10),
  options: [
    { id: 'part', belief: 'part-is-passed-on', evidence: torn },
    { id: 'nothing', evidence: torn },
  ],
  points: [{ id: 'torn', find: torn }],
  task: {
    offers: [
      {
        id: 'publish-torn',
        fields: [{ id: 'after', type: 'choice', values: [0, 20, 1_000], initial: 1_000 }],
        does: ({ after }) => tears(Number(after)),
      },
    ],
    // A part of the packet has come to the broker.
    goal: torn,
    mistakes: [
      { id: 'whole', belief: 'packet-is-frame', find: facts => facts.message('dashboard', '21.5') },
      { id: 'none', belief: 'packet-is-frame', find: facts => facts.packet({ kind: 'PUBLISH', fate: 'lost' }) },
    ],
    solution: tears(20),
    wrong: [
      { mistake: 'whole', script: tears(1_000) },
      { mistake: 'none', script: tears(0) },
    ],
  },
}

const sized = (bytes: number): Script => [publish('.'.repeat(bytes)), settle]
const lengthBytes = (facts: Facts, index: number): number => {
  const field = facts.field(index, 'Remaining Length')
  return field === undefined ? 0 : field.end - field.start
}

const bytes: Exercise = {
  id: 'bytes',
  world: home,
  start: [settle],
  show: [publish('hi', { topic: 'a/b' }), settle],
  options: [
    { id: 'five', belief: 'text-is-all', evidence: facts => upward(facts)[0]?.[0] },
    { id: 'ten', evidence: facts => upward(facts)[0]?.[0] },
    { id: 'hundreds', belief: 'mqtt-is-http', evidence: facts => upward(facts)[0]?.[0] },
  ],
  points: [{ id: 'publish', find: facts => upward(facts)[0]?.[0] }],
  task: {
    offers: [
      {
        id: 'publish-size',
        fields: [{ id: 'size', type: 'choice', values: [10, 100, 101], initial: 10 }],
        does: ({ size }) => sized(Number(size)),
      },
    ],
    // Its length takes two bytes, and one byte less would not do.
    goal: facts =>
      upward(facts).find(
        ([index]) => lengthBytes(facts, index) === 2 && facts.field(index, 'Remaining Length')?.value === 128,
      )?.[0],
    mistakes: [
      {
        id: 'short',
        belief: 'length-is-fixed',
        find: facts => upward(facts).find(([index]) => lengthBytes(facts, index) === 1)?.[0],
      },
    ],
    solution: sized(101),
    wrong: [
      { mistake: 'short', script: sized(10) },
      { mistake: 'short', script: sized(100) },
    ],
  },
}

const restarts = (state: 'none' | 'written'): Item => ({ type: 'restart', state })
const untilThere: Item = { type: 'wait', milliseconds: 8_000 }
const back = (facts: Facts, isPresent: boolean): number | undefined =>
  facts.event('connected', event => event.clientId === 'dashboard' && event.sessionPresent === isPresent)
const stored: WorldOptions = { ...lastingHome, store: true }

const restart: Exercise = {
  id: 'restart',
  world: lastingHome,
  start: [settle, subscribe(kitchen, 1), settle],
  show: [restarts('none'), untilThere, settle],
  options: [
    { id: 'there', belief: 'memory-outlives-broker', evidence: facts => back(facts, false) },
    { id: 'gone', evidence: facts => back(facts, false) },
  ],
  points: [
    { id: 'restarted', find: facts => facts.all().find(([, { type }]) => type === 'restarted')?.[0] },
    { id: 'connack', find: facts => facts.packet({ kind: 'CONNACK', client: 'dashboard' }) },
  ],
  panel: { type: 'session', client: 'dashboard' },
  task: {
    world: stored,
    offers: [
      {
        id: 'restart-broker',
        fields: [{ id: 'state', type: 'choice', values: ['none', 'written'], initial: 'none' }],
        does: ({ state }) => [restarts(state as 'none' | 'written'), untilThere],
      },
    ],
    // The session is still there.
    goal: facts => back(facts, true),
    mistakes: [{ id: 'lost', belief: 'memory-outlives-broker', find: facts => back(facts, false) }],
    solution: [restarts('written'), untilThere],
    wrong: [{ mistake: 'lost', script: [restarts('none'), untilThere] }],
  },
}

const once: SimulatedClientOptions = { ...calm, reconnect: false }
const small: WorldOptions = {
  latency,
  broker: { sessionsMaximum: 2 },
  clients: { sensor: once, dashboard: { ...lasting, reconnect: false } },
}
const tablet: Item = { type: 'add', client: 'tablet', options: once }
const leaves = (client: string): Item => ({ type: 'disconnect', client })
const turnedAway = (facts: Facts): number | undefined => facts.client('tablet', 'closed')

const room: Exercise = {
  id: 'room',
  world: small,
  start: [settle],
  show: [tablet, settle],
  options: [
    { id: 'served', belief: 'broker-has-room', evidence: turnedAway },
    { id: 'refused', evidence: turnedAway },
    { id: 'pushes', belief: 'newest-pushes-out', evidence: turnedAway },
  ],
  points: [
    { id: 'connack', find: facts => facts.packet({ kind: 'CONNACK', client: 'tablet' }) },
    { id: 'rejected', find: facts => facts.event('rejected') },
  ],
  task: {
    offers: [
      {
        id: 'goodbye-client',
        fields: [{ id: 'leaver', type: 'choice', values: ['dashboard', 'sensor'], initial: 'dashboard' }],
        does: ({ leaver }) => [leaves(String(leaver))],
      },
      { id: 'add-tablet', does: () => [tablet] },
    ],
    goal: facts => facts.client('tablet', 'connected'),
    mistakes: [
      {
        id: 'kept',
        belief: 'session-ends-with-link',
        find: facts => (facts.action('disconnect') === undefined ? undefined : turnedAway(facts)),
      },
      { id: 'full', belief: 'broker-has-room', find: turnedAway },
    ],
    solution: [leaves('sensor'), settle, tablet, settle],
    wrong: [
      { mistake: 'kept', script: [leaves('dashboard'), settle, tablet, settle] },
      { mistake: 'full', script: [tablet, settle] },
    ],
  },
}

const misspelt = 'home/kitchen/temprature'
const inVain = (facts: Facts): number | undefined => facts.event('published', ({ subscribers }) => subscribers === 0)

const debug: Exercise = {
  id: 'debug',
  world: home,
  start: [settle, subscribe(misspelt, 1), settle],
  show: [publish('21.5', { qos: 1 }), settle],
  options: [
    { id: 'network', belief: 'network-first', evidence: facts => facts.packet({ kind: 'PUBACK' }) },
    { id: 'qos', belief: 'qos-fixes', evidence: facts => facts.packet({ kind: 'PUBACK' }) },
    { id: 'filter', evidence: inVain },
  ],
  points: [
    { id: 'up', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'puback', find: facts => facts.packet({ kind: 'PUBACK' }) },
    { id: 'published', find: inVain },
  ],
  panel: { type: 'topics' },
  task: {
    start: [settle, subscribe(misspelt, 1), settle, publish('21.5', { retain: true }), settle],
    offers: [
      {
        id: 'publish-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1, 2], initial: 1 }],
        does: ({ qos }) => [publish('22.0', { qos: Number(qos) as 0 | 1 | 2 })],
      },
      { id: 'reload', does: () => [{ type: 'reload', client: 'sensor' }] },
      {
        id: 'subscribe',
        fields: [{ id: 'filter', type: 'text', initial: misspelt }],
        does: ({ filter }) => [subscribe(String(filter).trim())],
      },
    ],
    // The new value, live.
    goal: facts => facts.message('dashboard', '22.0'),
    mistakes: [
      {
        id: 'restarted',
        belief: 'network-first',
        find: facts => (facts.action('reload') === undefined ? undefined : inVain(facts)),
      },
      {
        id: 'louder',
        belief: 'qos-fixes',
        find: facts => inVain(facts),
      },
      {
        id: 'old',
        belief: 'retained-is-live',
        find: facts => facts.message('dashboard', '21.5'),
      },
    ],
    solution: [subscribe(kitchen), settle, publish('22.0'), settle],
    wrong: [
      { mistake: 'louder', script: [publish('22.0', { qos: 2 }), settle] },
      {
        mistake: 'restarted',
        script: [{ type: 'reload', client: 'sensor' }, settle, publish('22.0', { qos: 1 }), settle],
      },
      { mistake: 'old', script: [subscribe(kitchen), settle] },
    ],
  },
}

export const operating: Chapter = {
  id: 'operating',
  exercises: [sys, stream, bytes, restart, room, debug],
  recall: [
    { id: 'store', options: ['store', 'session', 'qos'], right: 'store' },
    { id: 'frames', options: ['stream', 'frame', 'line'], right: 'stream' },
    { id: 'first-look', options: ['suback', 'qos', 'restart'], right: 'suback' },
  ],
}
