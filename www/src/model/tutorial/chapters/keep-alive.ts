// Chapter: keep alive, and links that are half open.
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { calm, kitchen, lastingHome, latency, settle, subscribe, wait } from '../home.ts'
import type { Item, Script } from '../script.ts'

const silence: Item = { type: 'black-hole', client: 'sensor' }
const join = (keepAlive: number): Item => ({
  type: 'add',
  client: 'sensor',
  options: { ...calm, keepAlive, reconnect: false },
})

/** The broker gives the sensor up. */
const noticed = (facts: Facts): number | undefined =>
  facts.event('disconnected', ({ clientId }) => clientId === 'sensor')

const broken = (facts: Facts): number | undefined => facts.link('broken')

/** Milliseconds between the power cut and the broker's notice. */
function delay(facts: Facts): number {
  const [from, to] = [broken(facts), noticed(facts)]
  return from === undefined || to === undefined ? Number.NaN : facts.at(to) - facts.at(from)
}

/** The power cut, if the broker has not noticed half a minute later. */
function unnoticed(facts: Facts): number | undefined {
  const from = broken(facts)
  const isLate = from !== undefined && facts.trace.now - facts.at(from) >= 30_000
  return isLate && noticed(facts) === undefined ? from : undefined
}

const keepAliveOf = (facts: Facts): number => Number(facts.actions('add').at(-1)?.[1].action.keepAlive ?? 0)

const script = (keepAlive: number): Script => [join(keepAlive), settle, silence, wait(30_000)]

const halfOpen: Exercise = {
  id: 'half-open',
  world: {
    latency,
    clients: { sensor: { ...calm, keepAlive: 10, reconnect: false }, dashboard: calm },
  },
  start: [settle],
  show: [wait(2_000), silence, wait(16_000)],
  options: [
    { id: 'at-once', belief: 'dead-link-noticed', evidence: noticed },
    { id: 'ten', belief: 'keep-alive-exact', evidence: noticed },
    { id: 'fifteen', evidence: noticed },
  ],
  points: [
    { id: 'broken', find: broken },
    { id: 'noticed', find: noticed },
  ],
  task: {
    world: { latency, clients: { dashboard: calm } },
    start: [settle],
    offers: [
      {
        id: 'join-keep-alive',
        fields: [{ id: 'keepAlive', type: 'choice', values: [0, 5, 10, 60], initial: 0 }],
        does: ({ keepAlive }) => [join(Number(keepAlive))],
      },
      { id: 'silence', does: () => [silence] },
      { id: 'wait', does: () => [wait(30_000)] },
    ],
    goal: facts => (delay(facts) <= 10_000 ? noticed(facts) : undefined),
    mistakes: [
      {
        id: 'none',
        belief: 'no-keep-alive-needed',
        find: facts => (keepAliveOf(facts) === 0 ? unnoticed(facts) : undefined),
      },
      {
        id: 'long',
        belief: 'dead-link-noticed',
        find: facts => (keepAliveOf(facts) > 0 ? unnoticed(facts) : undefined),
      },
      {
        id: 'slow',
        belief: 'keep-alive-exact',
        find: facts => (delay(facts) > 10_000 ? noticed(facts) : undefined),
      },
    ],
    solution: script(5),
    wrong: [
      { mistake: 'none', script: script(0) },
      { mistake: 'slow', script: script(10) },
      { mistake: 'long', script: script(60) },
    ],
  },
}

const come: Item = { type: 'reload', client: 'dashboard' }
const dashboardSilence: Item = { type: 'black-hole', client: 'dashboard' }
const leaving = (cause: string) => (facts: Facts) =>
  facts.event('disconnected', event => {
    const { kind } = event.cause as { kind: string }
    return event.clientId === 'dashboard' && kind === cause
  })
const takenOver = leaving('taken-over')

const takeover: Exercise = {
  id: 'takeover',
  world: lastingHome,
  start: [settle, subscribe(kitchen, 1), settle],
  show: [dashboardSilence, come, settle],
  options: [
    { id: 'refused', belief: 'first-keeps-name', evidence: takenOver },
    { id: 'both', belief: 'names-are-shared', evidence: takenOver },
    { id: 'new', evidence: takenOver },
  ],
  points: [
    { id: 'connect', find: facts => facts.packet({ kind: 'CONNECT', client: 'dashboard' }) },
    { id: 'taken', find: takenOver },
  ],
  panel: { type: 'session', client: 'dashboard' },
  task: {
    offers: [
      { id: 'come', does: () => [come] },
      { id: 'silence-dashboard', does: () => [dashboardSilence] },
    ],
    // The broker throws out a connection in which it still believed.
    goal: takenOver,
    mistakes: [{ id: 'told', belief: 'each-arrival-throws-out', find: leaving('transport-closed') }],
    solution: [dashboardSilence, come, settle],
    wrong: [{ mistake: 'told', script: [come, settle] }],
  },
}

const proxied = (milliseconds: number): Item => ({
  type: 'wait',
  milliseconds,
  proxy: { client: 'sensor', idle: 60_000 },
})
const joinBehind = (keepAlive: number): Item => ({
  type: 'add',
  client: 'sensor',
  options: { ...calm, keepAlive, reconnect: false },
})
const MINUTES = 200_000
const behind = (keepAlive: number): Script => [joinBehind(keepAlive), settle, proxied(MINUTES)]

const proxy: Exercise = {
  id: 'proxy',
  world: { latency, clients: { sensor: { ...calm, keepAlive: 90, reconnect: false } } },
  start: [settle],
  show: [proxied(100_000)],
  options: [
    { id: 'stays', belief: 'any-keep-alive', evidence: broken },
    { id: 'cut', evidence: broken },
  ],
  points: [
    { id: 'broken', find: broken },
    { id: 'gone', find: noticed },
  ],
  task: {
    world: { latency },
    offers: [
      {
        id: 'join-behind',
        fields: [{ id: 'keepAlive', type: 'choice', values: [0, 45, 90], initial: 90 }],
        does: ({ keepAlive }) => [joinBehind(Number(keepAlive))],
      },
      { id: 'wait-behind', does: () => [proxied(MINUTES)] },
    ],
    // Three minutes later it has pinged again, over the same link.
    goal: facts => {
      const [first, ...more] = facts.packets({ kind: 'PINGRESP', client: 'sensor', fate: 'delivered' })
      const last = more.at(-1)
      const isLong = first !== undefined && last !== undefined && last[1].at - first[1].at >= 120_000
      return isLong && broken(facts) === undefined ? last[0] : undefined
    },
    mistakes: [
      {
        id: 'off',
        belief: 'idle-stays-open',
        find: facts => (keepAliveOf(facts) === 0 ? broken(facts) : undefined),
      },
      { id: 'slow', belief: 'any-keep-alive', find: broken },
    ],
    solution: behind(45),
    wrong: [
      { mistake: 'off', script: behind(0) },
      { mistake: 'slow', script: behind(90) },
    ],
  },
}

export const keepAlive: Chapter = {
  id: 'keep-alive',
  exercises: [halfOpen, proxy, takeover],
  recall: [
    { id: 'half', options: ['one-and-a-half', 'one', 'at-once'], right: 'one-and-a-half' },
    { id: 'same-name', options: ['older', 'newer', 'neither'], right: 'older' },
    { id: 'zero', options: ['never', 'at-once', 'minute'], right: 'never' },
  ],
}
