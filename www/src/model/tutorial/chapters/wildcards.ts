// Chapter: filters with wildcards.
import type { Chapter, Exercise, Offer } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { home, publish, settle, subscribe } from '../home.ts'
import type { Item } from '../script.ts'

/** Readings of this chapter: topic and payload. */
const readings = [
  ['home/kitchen/temperature', '21.5'],
  ['home/kitchen/humidity', '40'],
  ['home/hall/temperature', '19.0'],
  ['home/garden/pond/temperature', '11.0'],
  ['home/kitchen', 'lit'],
] as const

const publishAll: Item[] = [...readings.map(([topic, payload]) => publish(payload, { topic })), settle]

const offers: Offer[] = [
  {
    id: 'subscribe',
    fields: [{ id: 'filter', type: 'text', initial: 'home/' }],
    does: ({ filter }) => [subscribe(String(filter).trim())],
  },
  { id: 'publish-all', does: () => publishAll },
]

const try_ = (filter: string): Item[] => [subscribe(filter), settle, ...publishAll]

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
  world: home,
  start: [settle, subscribe('home/+/temperature'), settle],
  show: [
    publish('21.5', { topic: 'home/kitchen/temperature' }),
    publish('11.0', { topic: 'home/garden/pond/temperature' }),
    settle,
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
    start: [settle],
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
  world: home,
  start: [settle, subscribe('home/kitchen/#'), settle],
  show: [publish('21.5', { topic: 'home/kitchen/temperature' }), publish('lit', { topic: 'home/kitchen' }), settle],
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
    start: [settle],
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

const rooms = ['kitchen', 'hall'] as const
const values = { kitchen: { temperature: '21.5', humidity: '40' }, hall: { temperature: '19.0', humidity: '45' } }
type Design = 'flat' | 'payload' | 'levels'

/** Four readings, whose topics follow a design. */
const designed = (design: Design): Item[] => [
  ...rooms.flatMap(room =>
    (['temperature', 'humidity'] as const).map(kind => {
      const value = values[room][kind]
      if (design === 'flat') return publish(value, { topic: `home-${room}-${kind}` })
      if (design === 'payload') return publish(`${room} ${kind} ${value}`, { topic: 'home' })
      return publish(value, { topic: `home/${room}/${kind}` })
    }),
  ),
  settle,
]

/** The publishing of a topic that looks like another one with hyphens. */
const flat = (facts: Facts): number | undefined =>
  facts.event('published', ({ topic }) => topic?.startsWith('home-') === true)

const levels: Exercise = {
  id: 'levels',
  world: home,
  start: [settle, subscribe('home/+/temperature'), settle],
  show: [
    publish('21.5', { topic: 'home/kitchen/temperature' }),
    publish('19.0', { topic: 'home-hall-temperature' }),
    settle,
  ],
  options: [
    { id: 'both', belief: 'plus-is-any-text', evidence: flat },
    { id: 'levels', evidence: flat },
  ],
  points: [
    { id: 'levels', find: facts => facts.message('dashboard', '21.5') },
    { id: 'flat', find: flat },
  ],
  panel: { type: 'topics' },
  task: {
    start: [settle],
    offers: [
      {
        id: 'subscribe',
        fields: [{ id: 'filter', type: 'text', initial: 'home' }],
        does: ({ filter }) => [subscribe(String(filter).trim())],
      },
      {
        id: 'publish-design',
        fields: [{ id: 'design', type: 'choice', values: ['flat', 'payload', 'levels'], initial: 'flat' }],
        does: ({ design }) => designed(design as Design),
      },
    ],
    goal: facts => exactly(facts, temperatures),
    mistakes: [
      {
        id: 'flat',
        belief: 'plus-is-any-text',
        find: facts => {
          const made = facts.events('subscribed')[0]?.[0]
          return made !== undefined && facts.messages('dashboard').length === 0 ? flat(facts) : undefined
        },
      },
      { id: 'payload', belief: 'filter-sees-payload', find: facts => stray(facts, 'home') },
      { id: 'wide', belief: 'more-is-safe', find: facts => stray(facts, 'home/kitchen/humidity') },
    ],
    solution: [subscribe('home/+/temperature'), settle, ...designed('levels')],
    wrong: [
      { mistake: 'flat', script: [subscribe('home/+/temperature'), settle, ...designed('flat')] },
      { mistake: 'payload', script: [subscribe('home'), settle, ...designed('payload')] },
      { mistake: 'wide', script: [subscribe('home/#'), settle, ...designed('levels')] },
    ],
  },
}

const oven = '$lab/oven'
const ofOven = (facts: Facts): number | undefined => facts.event('published', ({ topic }) => topic === oven)
const heat = publish('180', { topic: oven })

const dollar: Exercise = {
  id: 'dollar',
  world: home,
  start: [settle, subscribe('#'), settle],
  show: [publish('19.0', { topic: 'lab/oven' }), heat, settle],
  options: [
    { id: 'both', belief: 'hash-is-everything', evidence: ofOven },
    { id: 'plain', evidence: ofOven },
  ],
  points: [
    { id: 'plain', find: facts => facts.message('dashboard', '19.0') },
    { id: 'hidden', find: ofOven },
  ],
  panel: { type: 'topics' },
  task: {
    start: [settle],
    offers: [
      {
        id: 'subscribe',
        fields: [{ id: 'filter', type: 'text', initial: '#' }],
        does: ({ filter }) => [subscribe(String(filter).trim())],
      },
      { id: 'publish-dollar', does: () => [heat] },
    ],
    goal: facts => facts.message('dashboard', '180'),
    mistakes: [
      { id: 'hash', belief: 'hash-is-everything', find: facts => missed(facts, /^#/, oven) },
      { id: 'plus', belief: 'plus-is-any-text', find: facts => missed(facts, /^\+/, oven) },
    ],
    solution: [subscribe('$lab/#'), settle, heat, settle],
    wrong: [
      { mistake: 'hash', script: [subscribe('#'), settle, heat, settle] },
      { mistake: 'plus', script: [subscribe('+/oven'), settle, heat, settle] },
    ],
  },
}

export const wildcards: Chapter = {
  id: 'wildcards',
  exercises: [plus, hash, levels, dollar],
  recall: [
    { id: 'plus', options: ['one', 'many', 'part'], right: 'one' },
    { id: 'hash', options: ['all', 'below', 'next'], right: 'all' },
    { id: 'design', options: ['levels', 'payload', 'flat'], right: 'levels' },
    { id: 'dollar', options: ['named', 'hash', 'plus'], right: 'named' },
  ],
}
