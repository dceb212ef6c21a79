// Chapter: retained messages.
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { home, kitchen, publish, settle, subscribe } from '../home.ts'
import type { Item } from '../script.ts'

const kept = (payload: string) => publish(payload, { retain: true })
const subscribed = (facts: Facts): number | undefined => facts.packet({ kind: 'SUBACK' })

const lastValue: Exercise = {
  id: 'last-value',
  world: home,
  start: [settle],
  show: [kept('20.0'), settle, kept('21.0'), settle, subscribe(kitchen), settle],
  options: [
    { id: 'both', belief: 'retained-history', evidence: facts => facts.message('dashboard', '21.0') },
    { id: 'last', evidence: facts => facts.message('dashboard', '21.0') },
    { id: 'nothing', belief: 'only-the-future', evidence: facts => facts.message('dashboard', '21.0') },
  ],
  points: [
    { id: 'first', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', retain: true }) },
    { id: 'down', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'down', retain: true }) },
  ],
  task: {
    offers: [
      {
        id: 'publish-retain',
        fields: [
          { id: 'payload', type: 'text', initial: '19.0' },
          { id: 'retain', type: 'check', initial: false },
        ],
        does: ({ payload, retain }) => [publish(String(payload), { retain: retain === true })],
      },
      { id: 'subscribe', does: () => [subscribe(kitchen)] },
    ],
    // The value comes after the subscription, from before it.
    goal: facts => {
      const down = facts.packet({ kind: 'PUBLISH', direction: 'down', retain: true, after: subscribed(facts) })
      return down === undefined ? undefined : facts.messages('dashboard')[0]?.[0]
    },
    mistakes: [
      {
        id: 'live',
        belief: 'only-the-future',
        find: facts => {
          const first = facts.messages('dashboard')[0]?.[0]
          const made = facts.events('published').find(([index]) => index > (subscribed(facts) ?? Infinity))
          return made === undefined ? undefined : first
        },
      },
      {
        id: 'not-retained',
        belief: 'broker-keeps',
        find: facts => {
          const isKept = facts.packet({ kind: 'PUBLISH', direction: 'up', retain: true }) !== undefined
          return facts.event('published') === undefined || isKept ? undefined : subscribed(facts)
        },
      },
    ],
    solution: [kept('19.0'), settle, subscribe(kitchen), settle],
    wrong: [
      { mistake: 'not-retained', script: [publish('19.0'), settle, subscribe(kitchen), settle] },
      { mistake: 'live', script: [subscribe(kitchen), settle, kept('19.0'), settle] },
    ],
  },
}

const start: Item[] = [settle, kept('21.0'), settle]

const ghost: Exercise = {
  id: 'ghost',
  world: home,
  start,
  show: [publish('22.0'), settle, subscribe(kitchen), settle],
  options: [
    { id: 'new', belief: 'any-publish-replaces', evidence: facts => facts.message('dashboard', '21.0') },
    { id: 'old', evidence: facts => facts.message('dashboard', '21.0') },
    { id: 'nothing', belief: 'only-the-future', evidence: facts => facts.message('dashboard', '21.0') },
  ],
  points: [
    { id: 'plain', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'ghost', find: facts => facts.message('dashboard', '21.0') },
  ],
  task: {
    offers: [
      {
        id: 'publish-retain',
        fields: [
          { id: 'payload', type: 'text', initial: '22.0' },
          { id: 'retain', type: 'check', initial: false },
        ],
        does: ({ payload, retain }) => [publish(String(payload), { retain: retain === true })],
      },
      { id: 'subscribe', does: () => [subscribe(kitchen)] },
    ],
    goal: facts => {
      const made = subscribed(facts)
      const cleared = facts.packets({ kind: 'PUBLISH', direction: 'up', retain: true }).at(-1)?.[0]
      if (made === undefined || cleared === undefined || cleared > made) return undefined
      return facts.messages('dashboard', made).length === 0 ? made : undefined
    },
    mistakes: [
      {
        id: 'plain',
        belief: 'any-publish-replaces',
        find: facts =>
          facts.event('published', ({ retain }) => retain === false) === undefined ||
          facts.event('published', ({ retain }) => retain === true) !== undefined
            ? undefined
            : facts.message('dashboard', '21.0'),
      },
      {
        id: 'replaced',
        belief: 'retained-history',
        find: facts =>
          facts
            .packets({ kind: 'PUBLISH', direction: 'down', retain: true })
            .find(() => facts.event('published', ({ retain }) => retain === true) !== undefined)?.[0],
      },
    ],
    solution: [kept(''), settle, subscribe(kitchen), settle],
    wrong: [
      { mistake: 'plain', script: [publish(''), settle, subscribe(kitchen), settle] },
      { mistake: 'replaced', script: [kept('22.0'), settle, subscribe(kitchen), settle] },
    ],
  },
}

export const retained: Chapter = {
  id: 'retained',
  exercises: [lastValue, ghost],
  recall: [
    { id: 'how-many', options: ['one', 'all', 'ten'], right: 'one' },
    { id: 'clear', options: ['empty', 'plain', 'unsubscribe'], right: 'empty' },
  ],
}
