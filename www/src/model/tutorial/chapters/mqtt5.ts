// Chapter: what MQTT 5 adds.
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { kitchen, lastingHome, longCut, publish, subscribe, untilBack } from '../home.ts'
import type { Item, Script } from '../script.ts'

const settle = { type: 'settle' } as const
const expiring = (seconds: number): Item =>
  publish('21.5', { qos: 1, ...(seconds > 0 ? { properties: { messageExpiryInterval: seconds } } : {}) })

const returned = (facts: Facts): number | undefined => facts.client('dashboard', 'connected')
/** The connection after the long cut, as the broker sees it. */
const returning = (facts: Facts): number =>
  facts.event('connected', ({ clientId }) => clientId === 'dashboard') ?? Number.POSITIVE_INFINITY

const dropped = (facts: Facts): number | undefined => facts.event('dropped')

const script = (seconds: number): Script => [longCut('dashboard'), settle, expiring(seconds), settle, untilBack]

const expiry: Exercise = {
  id: 'expiry',
  teaches: 'expiry',
  needs: ['session'],
  world: lastingHome,
  start: [settle, subscribe(kitchen, 1), settle],
  show: script(5),
  options: [
    { id: 'gets', belief: 'queue-is-current', evidence: returned },
    { id: 'gone', evidence: returned },
  ],
  points: [
    { id: 'publish', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'back', find: returned },
  ],
  panel: { type: 'session', client: 'dashboard' },
  task: {
    offers: [
      { id: 'cut-dashboard', does: () => [longCut('dashboard')] },
      {
        id: 'publish-expiry',
        fields: [{ id: 'messageExpiry', type: 'choice', values: [0, 5, 60], initial: 0 }],
        does: ({ messageExpiry }) => [expiring(Number(messageExpiry))],
      },
      { id: 'back', does: () => [untilBack] },
    ],
    // It came late, with a lifetime, and in time.
    goal: facts => {
      const down = facts.packet({ kind: 'PUBLISH', direction: 'down', after: returning(facts) })
      const isBound = down !== undefined && facts.hasField(down, 'Message Expiry Interval')
      return isBound ? facts.messages('dashboard', down)[0]?.[0] : undefined
    },
    mistakes: [
      {
        id: 'short',
        belief: 'queue-is-current',
        find: facts =>
          facts.messages('dashboard').length === 0 && returned(facts) !== undefined
            ? (dropped(facts) ?? returned(facts))
            : undefined,
      },
      {
        id: 'unbound',
        belief: 'queue-is-current',
        find: facts => facts.messages('dashboard')[0]?.[0],
      },
    ],
    solution: script(60),
    wrong: [
      { mistake: 'short', script: script(5) },
      { mistake: 'unbound', script: script(0) },
    ],
  },
}

export const mqtt5: Chapter = {
  id: 'mqtt5',
  exercises: [expiry],
  recall: [{ id: 'expired', options: ['dropped', 'delivered', 'returned'], right: 'dropped' }],
}
