// Chapter: sessions, which outlive a connection.
import type { WorldOptions } from 'wasmqtt/simulator'
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import {
  calm,
  kitchen,
  lasting,
  lastingHome,
  latency,
  longCut,
  publish,
  settle,
  subscribe,
  untilBack,
} from '../home.ts'
import type { Item, Script } from '../script.ts'

const join = (sessionExpiry: number): Item => ({
  type: 'add',
  client: 'dashboard',
  options: { ...calm, cleanStart: false, sessionExpiry },
})

/** The publishing while the dashboard was away. */
function whileAway(facts: Facts): number | undefined {
  const gone = facts.event('disconnected', ({ clientId }) => clientId === 'dashboard')
  return gone === undefined ? undefined : facts.events('published').find(([index]) => index > gone)?.[0]
}

/** The dashboard's return, without the message that it has missed. */
function returnWithout(facts: Facts): number | undefined {
  const published = whileAway(facts)
  const returned = published === undefined ? undefined : facts.client('dashboard', 'connected', published)
  return returned !== undefined && facts.messages('dashboard', published).length === 0 ? returned : undefined
}

const script = (expiry: number, granted: 0 | 1, sent: 0 | 1): Script => [
  join(expiry),
  settle,
  subscribe(kitchen, granted),
  settle,
  longCut('dashboard'),
  settle,
  publish('21.5', { qos: sent }),
  settle,
  untilBack,
]

const session: Exercise = {
  id: 'session',
  world: lastingHome,
  start: [settle, subscribe(kitchen, 1), settle],
  show: [longCut('dashboard'), settle, publish('21.5', { qos: 1 }), settle, untilBack],
  options: [
    { id: 'nothing', belief: 'mqtt-does-not-queue', evidence: facts => facts.message('dashboard', '21.5') },
    { id: 'queued', evidence: facts => facts.message('dashboard', '21.5') },
  ],
  points: [
    { id: 'published', find: whileAway },
    { id: 'connack', find: facts => facts.packets({ kind: 'CONNACK', client: 'dashboard' }).at(-1)?.[0] },
    { id: 'message', find: facts => facts.message('dashboard', '21.5') },
  ],
  panel: { type: 'session', client: 'dashboard' },
  task: {
    world: { latency, clients: { sensor: lasting } },
    start: [settle],
    offers: [
      {
        id: 'join',
        fields: [{ id: 'expiry', type: 'choice', values: [0, 10, 3_600], initial: 0 }],
        does: ({ expiry }) => [join(Number(expiry))],
      },
      {
        id: 'subscribe-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1], initial: 0 }],
        does: ({ qos }) => [subscribe(kitchen, Number(qos) as 0 | 1)],
      },
      { id: 'cut-dashboard', does: () => [longCut('dashboard')] },
      {
        id: 'publish-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1], initial: 0 }],
        does: ({ qos }) => [publish('21.5', { qos: Number(qos) as 0 | 1 })],
      },
      { id: 'back', does: () => [untilBack] },
    ],
    goal: facts => {
      const published = whileAway(facts)
      return published === undefined ? undefined : facts.messages('dashboard', published)[0]?.[0]
    },
    mistakes: [
      {
        id: 'qos-0',
        belief: 'session-keeps-all',
        find: facts =>
          facts.event('session-ended', ({ clientId }) => clientId === 'dashboard') === undefined
            ? returnWithout(facts)
            : undefined,
      },
      {
        id: 'no-session',
        belief: 'session-by-itself',
        find: facts =>
          returnWithout(facts) === undefined
            ? undefined
            : facts.event('session-ended', ({ clientId }) => clientId === 'dashboard'),
      },
    ],
    solution: script(3_600, 1, 1),
    wrong: [
      { mistake: 'no-session', script: script(0, 1, 1) },
      { mistake: 'no-session', script: script(10, 1, 1) },
      { mistake: 'qos-0', script: script(3_600, 1, 0) },
      { mistake: 'qos-0', script: script(3_600, 0, 1) },
    ],
  },
}

const leave: Item = { type: 'kill', client: 'dashboard' }
const come: Item = { type: 'reload', client: 'dashboard' }
const missedOne = publish('21.5', { qos: 1 })
const ended = (facts: Facts): number | undefined =>
  facts.event('session-ended', ({ clientId }) => clientId === 'dashboard')
const opens = (isClean: boolean, sessionExpiry: number): Item => ({
  type: 'add',
  client: 'dashboard',
  options: { ...calm, cleanStart: isClean, sessionExpiry },
})
const lastConnack = (facts: Facts): number | undefined =>
  facts.packets({ kind: 'CONNACK', client: 'dashboard' }).at(-1)?.[0]

/** The page is closed, a message is published, and the page is opened again. */
const reopened: Script = [leave, settle, missedOne, settle, come, settle]

const cleanStart: Exercise = {
  id: 'clean-start',
  world: { latency, clients: { sensor: lasting, dashboard: { ...calm, cleanStart: true, sessionExpiry: 3_600 } } },
  start: [settle, subscribe(kitchen, 1), settle],
  show: reopened,
  options: [
    { id: 'queued', belief: 'expiry-is-enough', evidence: lastConnack },
    { id: 'nothing', evidence: lastConnack },
  ],
  points: [
    { id: 'queued', find: whileAway },
    { id: 'connect', find: facts => facts.packets({ kind: 'CONNECT', client: 'dashboard' }).at(-1)?.[0] },
    { id: 'connack', find: lastConnack },
  ],
  panel: { type: 'session', client: 'dashboard' },
  task: {
    world: { latency, clients: { sensor: lasting } },
    start: [settle],
    offers: [
      {
        id: 'open-clean',
        fields: [
          { id: 'clean', type: 'check', initial: true },
          { id: 'expiry', type: 'choice', values: [0, 3_600], initial: 3_600 },
        ],
        does: ({ clean, expiry }) => [opens(clean === true, Number(expiry))],
      },
      { id: 'subscribe-1', does: () => [subscribe(kitchen, 1)] },
      { id: 'close-page', does: () => [leave] },
      { id: 'publish-1', does: () => [missedOne] },
      { id: 'open-page', does: () => [come] },
    ],
    goal: facts => {
      const published = whileAway(facts)
      return published === undefined ? undefined : facts.messages('dashboard', published)[0]?.[0]
    },
    mistakes: [
      {
        id: 'cleaned',
        belief: 'expiry-is-enough',
        find: facts => {
          const connect = facts.packets({ kind: 'CONNECT', client: 'dashboard' }).at(-1)?.[0]
          const isClean = facts.field(connect, 'Clean Start')?.value === true
          return isClean && returnWithout(facts) !== undefined ? connect : undefined
        },
      },
      {
        id: 'short',
        belief: 'session-by-itself',
        find: facts => (returnWithout(facts) === undefined ? undefined : ended(facts)),
      },
    ],
    solution: [opens(false, 3_600), settle, subscribe(kitchen, 1), settle, ...reopened],
    wrong: [
      { mistake: 'cleaned', script: [opens(true, 3_600), settle, subscribe(kitchen, 1), settle, ...reopened] },
      { mistake: 'short', script: [opens(false, 0), settle, subscribe(kitchen, 1), settle, ...reopened] },
    ],
  },
}

const narrow: WorldOptions = { ...lastingHome, broker: { queue: { messages: 2 } } }
const readings = ['20.0', '21.0', '22.0'] as const
const overflow = (facts: Facts): number | undefined => facts.event('dropped')
const away = (...qualities: (0 | 1)[]): Script => [
  longCut('dashboard'),
  settle,
  ...qualities.map((qos, place) => publish(readings[place] ?? '', { qos })),
  settle,
  untilBack,
]

const bounds: Exercise = {
  id: 'bounds',
  world: narrow,
  start: [settle, subscribe(kitchen, 1), settle],
  show: away(1, 1, 1),
  options: [
    { id: 'all', belief: 'queue-has-no-end', evidence: overflow },
    { id: 'first', evidence: overflow },
    { id: 'last', belief: 'newest-survives', evidence: facts => facts.message('dashboard', '20.0') },
  ],
  points: [
    { id: 'dropped', find: overflow },
    { id: 'message', find: facts => facts.message('dashboard', '20.0') },
  ],
  panel: { type: 'session', client: 'dashboard' },
  task: {
    offers: [
      { id: 'cut-dashboard', does: () => [longCut('dashboard')] },
      {
        id: 'publish-reading',
        fields: [
          { id: 'reading', type: 'choice', values: [...readings], initial: '20.0' },
          { id: 'qos', type: 'choice', values: [0, 1], initial: 1 },
        ],
        does: ({ reading, qos }) => [publish(String(reading), { qos: Number(qos) as 0 | 1 })],
      },
      { id: 'back', does: () => [untilBack] },
    ],
    // All three were published while it was away, and the newest came.
    goal: facts => {
      const all = facts.actions('publish').map(([, { action }]) => action)
      const gone = whileAway(facts)
      const newest = facts.message('dashboard', '22.0')
      return all.length >= 3 && gone !== undefined && newest !== undefined ? newest : undefined
    },
    mistakes: [
      {
        id: 'full',
        belief: 'queue-has-no-end',
        find: facts => (facts.message('dashboard', '20.0') === undefined ? undefined : overflow(facts)),
      },
      {
        id: 'unqueued',
        belief: 'session-keeps-all',
        find: facts => {
          const isSent = facts.actions('publish').length >= 3 && overflow(facts) === undefined
          return isSent ? returnWithoutNewest(facts) : undefined
        },
      },
    ],
    solution: away(0, 0, 1),
    wrong: [
      { mistake: 'full', script: away(1, 1, 1) },
      { mistake: 'unqueued', script: away(1, 1, 0) },
    ],
  },
}

/** The dashboard's return, at which the newest value does not come. */
function returnWithoutNewest(facts: Facts): number | undefined {
  const published = whileAway(facts)
  return published === undefined || facts.message('dashboard', '22.0') !== undefined
    ? undefined
    : facts.client('dashboard', 'connected', published)
}

export const sessions: Chapter = {
  id: 'sessions',
  exercises: [session, cleanStart, bounds],
  recall: [
    { id: 'holds', options: ['subscriptions', 'all', 'nothing'], right: 'subscriptions' },
    { id: 'expiry', options: ['expiry', 'keep-alive', 'restart'], right: 'expiry' },
    { id: 'clean', options: ['dropped', 'resumed', 'refused'], right: 'dropped' },
  ],
}
