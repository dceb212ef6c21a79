// Chapter: publishing, subscribing, and the topics between them.
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { home, kitchen, publish, settle, subscribe } from '../home.ts'

/** Publishing that came to the broker before the subscription of so far did. */
function publishedBefore(facts: Facts): number | undefined {
  const subscribed = facts.packets({ kind: 'SUBACK' }).at(-1)?.[0]
  if (subscribed === undefined || facts.messages('dashboard').length > 0) return undefined
  return facts.packets({ kind: 'SUBSCRIBE' }).find(([index]) => (facts.event('published') ?? Infinity) < index)?.[0]
}

const through: Exercise = {
  id: 'through',
  world: home,
  start: [settle],
  show: [publish('21.5'), settle, subscribe(kitchen), settle],
  options: [
    { id: 'kept', belief: 'broker-keeps', evidence: facts => facts.packet({ kind: 'SUBACK' }) },
    { id: 'told', belief: 'publisher-is-told', evidence: facts => facts.event('published') },
    { id: 'nothing', evidence: facts => facts.packet({ kind: 'SUBACK' }) },
  ],
  points: [
    { id: 'publish', find: facts => facts.packet({ kind: 'PUBLISH' }) },
    { id: 'subscribe', find: facts => facts.packet({ kind: 'SUBSCRIBE' }) },
  ],
  task: {
    offers: [
      { id: 'publish', does: () => [publish('21.5')] },
      { id: 'subscribe', does: () => [subscribe(kitchen)] },
    ],
    goal: facts => facts.message('dashboard', '21.5'),
    mistakes: [{ id: 'late', belief: 'broker-keeps', find: publishedBefore }],
    solution: [subscribe(kitchen), settle, publish('21.5'), settle],
    wrong: [{ mistake: 'late', script: [publish('21.5'), settle, subscribe(kitchen), settle] }],
  },
}

/** The subscription that was made by hand, if no message came through it. */
function fruitless(facts: Facts, fits: (filter: string) => boolean): number | undefined {
  if (facts.messages('dashboard').length > 0) return undefined
  const made = facts.events('subscribed', ({ filter }) => filter !== undefined && fits(filter))[0]?.[0]
  return made === undefined ? undefined : facts.events('published').find(([index]) => index > made)?.[0]
}

const cellar = 'home/Cellar/temperature'

const names: Exercise = {
  id: 'names',
  world: home,
  start: [settle, subscribe(kitchen), settle],
  show: [publish('21.5', { topic: 'home/Kitchen/temperature' }), settle],
  options: [
    { id: 'same', belief: 'topics-ignore-case', evidence: facts => facts.event('published') },
    { id: 'other', evidence: facts => facts.event('published') },
    { id: 'refused', belief: 'publisher-is-told', evidence: facts => facts.packet({ kind: 'PUBLISH' }) },
  ],
  points: [{ id: 'publish', find: facts => facts.packet({ kind: 'PUBLISH' }) }],
  panel: { type: 'topics' },
  task: {
    start: [settle, publish('14.0', { topic: cellar }), settle],
    offers: [
      {
        id: 'subscribe',
        fields: [{ id: 'filter', type: 'text', initial: 'home/' }],
        does: ({ filter }) => [subscribe(String(filter).trim())],
      },
      { id: 'publish', does: () => [publish('14.5', { topic: cellar })] },
    ],
    goal: facts => facts.message('dashboard', '14.5'),
    mistakes: [
      {
        id: 'slash',
        belief: 'leading-slash',
        find: facts =>
          fruitless(facts, filter => filter.startsWith('/') && filter.slice(1).toLowerCase() === cellar.toLowerCase()),
      },
      {
        id: 'case',
        belief: 'topics-ignore-case',
        find: facts => fruitless(facts, filter => filter !== cellar && filter.toLowerCase() === cellar.toLowerCase()),
      },
    ],
    solution: [subscribe(cellar), settle, publish('14.5', { topic: cellar }), settle],
    wrong: [
      {
        mistake: 'case',
        script: [subscribe(cellar.toLowerCase()), settle, publish('14.5', { topic: cellar }), settle],
      },
      {
        mistake: 'slash',
        script: [subscribe(`/${cellar}`), settle, publish('14.5', { topic: cellar }), settle],
      },
    ],
  },
}

export const publishing: Chapter = {
  id: 'publish',
  exercises: [through, names],
  recall: [
    { id: 'nobody', options: ['dropped', 'kept', 'error'], right: 'dropped' },
    { id: 'exact', options: ['exact', 'case', 'slash'], right: 'exact' },
  ],
}
