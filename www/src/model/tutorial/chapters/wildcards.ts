// Chapter: filters with wildcards.
import type { Chapter, Exercise, Offer } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { home, publish, subscribe } from '../home.ts'
import type { Item } from '../script.ts'

/** Readings of this chapter: topic and payload. */
const readings = [
  ['home/kitchen/temperature', '21.5'],
  ['home/kitchen/humidity', '40'],
  ['home/hall/temperature', '19.0'],
  ['home/garden/pond/temperature', '11.0'],
  ['home/kitchen', 'lit'],
] as const

const publishAll: Item[] = [
  ...readings.map(([topic, payload]) => publish(payload, { topic })),
  { type: 'settle' as const },
]

const offers: Offer[] = [
  {
    id: 'subscribe',
    fields: [{ id: 'filter', type: 'text', initial: 'home/' }],
    does: ({ filter }) => [subscribe(String(filter).trim())],
  },
  { id: 'publish-all', does: () => publishAll },
]

const try_ = (filter: string): Item[] => [subscribe(filter), { type: 'settle' }, ...publishAll]

/** Message that completes exactly these topics, if all were published after the only filter. */
function exactly(facts: Facts, topics: readonly string[]): number | undefined {
  const got = facts.messages('dashboard')
  const isRight = got.length === topics.length && topics.every(topic => got.some(([, entry]) => entry.topic === topic))
  return isRight && facts.events('subscribed').length === 1 ? got.at(-1)?.[0] : undefined
}

/** First message of a topic that was not asked for. */
const stray = (facts: Facts, topic: string): number | undefined =>
  facts.messages('dashboard').find(([, entry]) => entry.topic === topic)?.[0]

/** The publishing of a topic that the filter missed. */
function missed(facts: Facts, filter: RegExp, topic: string): number | undefined {
  const made = facts.events('subscribed', event => filter.test(event.filter ?? ''))[0]?.[0]
  if (made === undefined || stray(facts, topic) !== undefined) return undefined
  return facts.events('published', event => event.topic === topic).find(([index]) => index > made)?.[0]
}

const temperatures = ['home/kitchen/temperature', 'home/hall/temperature']

const plus: Exercise = {
  id: 'plus',
  teaches: 'plus',
  needs: ['topic'],
  world: home,
  start: [{ type: 'settle' }, subscribe('home/+/temperature'), { type: 'settle' }],
  show: [
    publish('21.5', { topic: 'home/kitchen/temperature' }),
    publish('11.0', { topic: 'home/garden/pond/temperature' }),
    { type: 'settle' },
  ],
  options: [
    {
      id: 'both',
      belief: 'plus-is-any-text',
      evidence: facts => facts.event('published', ({ topic }) => topic === 'home/garden/pond/temperature'),
    },
    { id: 'one', evidence: facts => facts.message('dashboard', '21.5') },
  ],
  points: [
    { id: 'kitchen', find: facts => facts.message('dashboard', '21.5') },
    { id: 'pond', find: facts => facts.packet({ kind: 'PUBLISH', topic: 'home/garden/pond/temperature' }) },
  ],
  panel: { type: 'topics' },
  task: {
    start: [{ type: 'settle' }],
    offers,
    goal: facts => exactly(facts, temperatures),
    mistakes: [
      {
        id: 'star',
        belief: 'star-is-wildcard',
        find: facts => missed(facts, /\*/, 'home/kitchen/temperature'),
      },
      { id: 'wide', belief: 'plus-is-any-text', find: facts => stray(facts, 'home/kitchen/humidity') },
    ],
    solution: try_('home/+/temperature'),
    wrong: [
      { mistake: 'star', script: try_('home/*/temperature') },
      { mistake: 'wide', script: try_('home/+/+') },
    ],
  },
}

const ofKitchen = ['home/kitchen/temperature', 'home/kitchen/humidity', 'home/kitchen']

const hash: Exercise = {
  id: 'hash',
  teaches: 'hash',
  needs: ['plus'],
  world: home,
  start: [{ type: 'settle' }, subscribe('home/kitchen/#'), { type: 'settle' }],
  show: [
    publish('21.5', { topic: 'home/kitchen/temperature' }),
    publish('lit', { topic: 'home/kitchen' }),
    { type: 'settle' },
  ],
  options: [
    { id: 'below', belief: 'hash-needs-level', evidence: facts => facts.message('dashboard', 'lit') },
    { id: 'both', evidence: facts => facts.message('dashboard', 'lit') },
  ],
  points: [
    { id: 'below', find: facts => facts.message('dashboard', '21.5') },
    { id: 'itself', find: facts => facts.message('dashboard', 'lit') },
  ],
  panel: { type: 'topics' },
  task: {
    start: [{ type: 'settle' }],
    offers,
    goal: facts => exactly(facts, ofKitchen),
    mistakes: [
      {
        id: 'level',
        belief: 'hash-needs-level',
        find: facts => missed(facts, /^home\/kitchen\/\+$/, 'home/kitchen'),
      },
      { id: 'wide', belief: 'plus-is-any-text', find: facts => stray(facts, 'home/hall/temperature') },
    ],
    solution: try_('home/kitchen/#'),
    wrong: [
      { mistake: 'level', script: try_('home/kitchen/+') },
      { mistake: 'wide', script: try_('home/#') },
    ],
  },
}

export const wildcards: Chapter = {
  id: 'wildcards',
  exercises: [plus, hash],
  recall: [
    { id: 'plus', options: ['one', 'many', 'part'], right: 'one' },
    { id: 'hash', options: ['all', 'below', 'next'], right: 'all' },
  ],
}
