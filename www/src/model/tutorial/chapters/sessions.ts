// Chapter: sessions, which outlive a connection.
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { calm, kitchen, lasting, lastingHome, latency, longCut, publish, subscribe, untilBack } from '../home.ts'
import type { Item, Script } from '../script.ts'

const settle = { type: 'settle' } as const
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
  teaches: 'session',
  needs: ['qos-1'],
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

export const sessions: Chapter = {
  id: 'sessions',
  exercises: [session],
  recall: [
    { id: 'holds', options: ['subscriptions', 'all', 'nothing'], right: 'subscriptions' },
    { id: 'expiry', options: ['expiry', 'keep-alive', 'restart'], right: 'expiry' },
  ],
}
