// Chapter: the last will.
import type { Action, SimulatedClientOptions, WorldOptions } from 'wasmqtt/simulator'
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { calm, latency, settle, subscribe, wait } from '../home.ts'
import type { Item } from '../script.ts'

const status = 'home/sensor/status'

const sensor = (more: SimulatedClientOptions = {}, delay = 0): SimulatedClientOptions => ({
  ...calm,
  reconnect: false,
  will: { topic: status, payload: 'gone', ...(delay > 0 ? { delay } : {}) },
  ...more,
})

const world = (options: SimulatedClientOptions): WorldOptions => ({
  latency,
  clients: { sensor: options, dashboard: calm },
})

const start: Item[] = [settle, subscribe(status), settle]
const silence: Item = { type: 'black-hole', client: 'sensor' }
const kill: Item = { type: 'kill', client: 'sensor' }
const goodbye = (reasonCode: 0 | 4): Action => ({ type: 'disconnect', client: 'sensor', reasonCode })

const fate = (facts: Facts, fate: string): number | undefined => facts.event('will', event => event.fate === fate)
const gone = (facts: Facts): number | undefined => facts.message('dashboard', 'gone')
const said = (facts: Facts): number | undefined => facts.packet({ kind: 'DISCONNECT', direction: 'up' })

const lastWill: Exercise = {
  id: 'last-will',
  world: world(sensor({ keepAlive: 10 })),
  start,
  show: [silence, wait(16_000)],
  options: [
    { id: 'sensor', belief: 'client-sends-will', evidence: facts => fate(facts, 'fired') },
    { id: 'broker', evidence: facts => fate(facts, 'fired') },
    { id: 'nobody', belief: 'dead-link-noticed', evidence: gone },
  ],
  points: [
    { id: 'broken', find: facts => facts.link('broken') },
    { id: 'fired', find: facts => fate(facts, 'fired') },
    { id: 'message', find: gone },
  ],
  panel: { type: 'will', client: 'sensor' },
  task: {
    world: world(sensor()),
    offers: [
      { id: 'goodbye', does: () => [goodbye(0)] },
      { id: 'kill', does: () => [kill] },
    ],
    goal: gone,
    mistakes: [{ id: 'cleared', belief: 'will-at-each-end', find: facts => fate(facts, 'cleared') }],
    solution: [kill, settle],
    wrong: [{ mistake: 'cleared', script: [goodbye(0), settle] }],
  },
}

const parting: Exercise = {
  id: 'parting',
  world: world(sensor()),
  start,
  show: [goodbye(4), settle],
  options: [
    { id: 'cleared', belief: 'will-only-unclean', evidence: facts => fate(facts, 'fired') },
    { id: 'fired', evidence: facts => fate(facts, 'fired') },
  ],
  points: [
    { id: 'disconnect', find: said },
    { id: 'fired', find: facts => fate(facts, 'fired') },
  ],
  panel: { type: 'will', client: 'sensor' },
  task: {
    offers: [
      {
        id: 'goodbye-reason',
        fields: [{ id: 'reason', type: 'choice', values: ['plain', 'will'], initial: 'plain' }],
        does: ({ reason }) => [goodbye(reason === 'will' ? 4 : 0)],
      },
      { id: 'kill', does: () => [kill] },
    ],
    // The sensor says goodbye, and its will is published all the same.
    goal: facts => (said(facts) === undefined ? undefined : gone(facts)),
    mistakes: [
      { id: 'cleared', belief: 'will-at-each-end', find: facts => fate(facts, 'cleared') },
      {
        id: 'unsaid',
        belief: 'will-only-unclean',
        find: facts => (said(facts) === undefined ? fate(facts, 'fired') : undefined),
      },
    ],
    solution: [goodbye(4), settle],
    wrong: [
      { mistake: 'cleared', script: [goodbye(0), settle] },
      { mistake: 'unsaid', script: [kill, settle] },
    ],
  },
}

const reload: Action = { type: 'reload', client: 'sensor' }
const patient = (delay: number) => world(sensor({ cleanStart: false, sessionExpiry: 3_600 }, delay))

const delayed: Exercise = {
  id: 'delayed',
  world: patient(5),
  start,
  show: [reload, wait(8_000)],
  options: [
    { id: 'fired', belief: 'will-at-once', evidence: facts => fate(facts, 'cancelled') },
    { id: 'cancelled', evidence: facts => fate(facts, 'cancelled') },
  ],
  points: [
    { id: 'delayed', find: facts => fate(facts, 'delayed') },
    { id: 'cancelled', find: facts => fate(facts, 'cancelled') },
  ],
  panel: { type: 'will', client: 'sensor' },
  task: {
    world: { latency, clients: { dashboard: calm } },
    offers: [
      {
        id: 'join-delay',
        fields: [{ id: 'delay', type: 'choice', values: [0, 5], initial: 0 }],
        does: ({ delay }) => [
          {
            type: 'add',
            client: 'sensor',
            options: sensor({ cleanStart: false, sessionExpiry: 3_600 }, Number(delay)),
          },
        ],
      },
      { id: 'reload', does: () => [reload] },
      { id: 'kill', does: () => [kill] },
      { id: 'wait-10', does: () => [wait(10_000)] },
    ],
    // A reload goes unnoticed, and a real end does not.
    goal: facts => {
      const back = fate(facts, 'cancelled')
      const all = facts.events('will', event => event.fate === 'fired')
      return back !== undefined && all.length === 1 && (all[0]?.[0] ?? 0) > back ? gone(facts) : undefined
    },
    mistakes: [
      {
        id: 'at-once',
        belief: 'will-at-once',
        find: facts => (facts.action('reload') === undefined ? undefined : fate(facts, 'fired')),
      },
      {
        id: 'no-end',
        belief: 'will-at-each-end',
        find: facts => (facts.action('kill') === undefined ? fate(facts, 'cancelled') : undefined),
      },
    ],
    solution: [
      { type: 'add', client: 'sensor', options: sensor({ cleanStart: false, sessionExpiry: 3_600 }, 5) },
      settle,
      reload,
      settle,
      kill,
      wait(10_000),
    ],
    wrong: [
      {
        mistake: 'at-once',
        script: [
          { type: 'add', client: 'sensor', options: sensor({ cleanStart: false, sessionExpiry: 3_600 }) },
          settle,
          reload,
          wait(10_000),
          kill,
          wait(10_000),
        ],
      },
      {
        mistake: 'no-end',
        script: [
          { type: 'add', client: 'sensor', options: sensor({ cleanStart: false, sessionExpiry: 3_600 }, 5) },
          settle,
          reload,
          wait(10_000),
        ],
      },
    ],
  },
}

export const will: Chapter = {
  id: 'will',
  exercises: [lastWill, parting, delayed],
  recall: [
    { id: 'sender', options: ['broker', 'client', 'subscriber'], right: 'broker' },
    { id: 'disconnect', options: ['cleared', 'fired', 'kept'], right: 'cleared' },
  ],
}
