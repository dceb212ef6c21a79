// Chapter: the three qualities of service.
import type { Chapter, Exercise, Offer } from '../exercise.ts'
import { type Facts, textOf } from '../facts.ts'
import {
  cut,
  kitchen,
  lasting,
  lastingHome,
  latency,
  letRun,
  nextPacket,
  publish,
  settle,
  stall,
  subscribe,
  wait,
} from '../home.ts'
import type { Item, Script } from '../script.ts'

const start = (qos: 0 | 1 | 2): Script => [settle, subscribe(kitchen, qos), settle]

const cutOffer: Offer = { id: 'cut', does: () => [cut('sensor')] }
const stallOffer: Offer = { id: 'stall', does: () => [stall('sensor', 2_000)] }

/** A PUBLISH of the sensor whose link stood still, and that came nevertheless. */
function late(facts: Facts): number | undefined {
  const stalled = facts.action('stall')
  if (stalled === undefined || facts.action('cut') !== undefined) return undefined
  return facts.messages('dashboard').find(([index]) => index > stalled)?.[0]
}

const atMostOnce: Exercise = {
  id: 'at-most-once',
  world: lastingHome,
  start: start(0),
  show: [publish('21.5'), { type: 'wait', milliseconds: 40 }, stall('sensor', 2_000), settle],
  options: [
    { id: 'lost', belief: 'packets-get-lost', evidence: facts => facts.message('dashboard', '21.5') },
    { id: 'late', evidence: facts => facts.message('dashboard', '21.5') },
  ],
  points: [
    { id: 'publish', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'message', find: facts => facts.message('dashboard', '21.5') },
  ],
  task: {
    offers: [{ id: 'publish', does: () => [publish('21.5')] }, stallOffer, cutOffer, letRun],
    isStepwise: true,
    goal: facts => {
      const lost = facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 0, fate: 'lost' })
      return lost
    },
    mistakes: [
      { id: 'stalled', belief: 'packets-get-lost', find: late },
      {
        id: 'late',
        belief: 'packets-get-lost',
        find: facts =>
          facts.action('cut') === undefined ? undefined : facts.messages('dashboard').find(([index]) => index > 0)?.[0],
      },
    ],
    solution: [publish('21.5'), cut('sensor'), settle],
    wrong: [
      { mistake: 'stalled', script: [publish('21.5'), stall('sensor', 2_000), settle] },
      { mistake: 'late', script: [publish('21.5'), settle, cut('sensor'), settle] },
    ],
  },
}

const answer = (facts: Facts): number | undefined => facts.packet({ kind: 'PUBACK', direction: 'down' })

const atLeastOnce: Exercise = {
  id: 'at-least-once',
  world: lastingHome,
  start: start(1),
  show: [
    publish('21.5', { qos: 1 }),
    { type: 'sent', kind: 'PUBACK', client: 'sensor' },
    stall('sensor', 30_000),
    { type: 'wait', milliseconds: 31_000 },
  ],
  options: [
    { id: 'again', belief: 'qos1-timer', evidence: answer },
    { id: 'waits', evidence: answer },
    { id: 'gives-up', belief: 'packets-get-lost', evidence: answer },
  ],
  points: [
    { id: 'publish', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'puback', find: answer },
  ],
  task: {
    offers: [{ id: 'publish-1', does: () => [publish('21.5', { qos: 1 })] }, stallOffer, cutOffer, nextPacket, letRun],
    isStepwise: true,
    // One action, two arrivals.
    goal: facts => {
      const made = facts.actions('publish')
      const again = facts.packets({ kind: 'PUBLISH', direction: 'up', dup: true, fate: 'delivered' })[0]?.[0]
      const got = facts.messages('dashboard')
      return again !== undefined && got.length > made.length ? got.at(-1)?.[0] : undefined
    },
    mistakes: [
      {
        id: 'too-early',
        belief: 'each-sending-delivered',
        find: facts => {
          const lost = facts.packet({ kind: 'PUBLISH', direction: 'up', fate: 'lost' })
          const again = facts.packet({ kind: 'PUBLISH', direction: 'up', after: lost, fate: 'delivered' })
          return lost === undefined ? undefined : again
        },
      },
      {
        id: 'two-messages',
        belief: 'copies-are-repetitions',
        find: facts => (facts.action('cut') === undefined ? facts.actions('publish')[1]?.[0] : undefined),
      },
      {
        id: 'stalled',
        belief: 'qos1-timer',
        find: facts =>
          facts.action('cut') === undefined && facts.action('stall') !== undefined
            ? facts.packets({ kind: 'PUBACK', direction: 'down', fate: 'delivered' })[0]?.[0]
            : undefined,
      },
    ],
    solution: [publish('21.5', { qos: 1 }), { type: 'sent', kind: 'PUBACK', client: 'sensor' }, cut('sensor'), settle],
    wrong: [
      { mistake: 'too-early', script: [publish('21.5', { qos: 1 }), cut('sensor'), settle] },
      {
        mistake: 'stalled',
        script: [
          publish('21.5', { qos: 1 }),
          { type: 'sent', kind: 'PUBACK', client: 'sensor' },
          stall('sensor', 2_000),
          settle,
        ],
      },
      { mistake: 'two-messages', script: [publish('21.5', { qos: 1 }), settle, publish('21.5', { qos: 1 }), settle] },
    ],
  },
}

const exactlyOnce: Exercise = {
  id: 'exactly-once',
  world: lastingHome,
  start: start(2),
  show: [publish('21.5', { qos: 2 }), { type: 'sent', kind: 'PUBREC', client: 'sensor' }, cut('sensor'), settle],
  options: [
    {
      id: 'twice',
      belief: 'each-sending-delivered',
      evidence: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', dup: true }),
    },
    { id: 'once', evidence: facts => facts.message('dashboard', '21.5') },
  ],
  points: [
    { id: 'lost', find: facts => facts.packet({ kind: 'PUBREC', fate: 'lost' }) },
    { id: 'again', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', dup: true }) },
    { id: 'pubcomp', find: facts => facts.packet({ kind: 'PUBCOMP', client: 'sensor' }) },
  ],
  panel: { type: 'session', client: 'sensor' },
  task: {
    offers: [
      {
        id: 'publish-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1, 2], initial: 1 }],
        does: ({ qos }) => [publish('21.5', { qos: Number(qos) as 0 | 1 | 2 })],
      },
      cutOffer,
      nextPacket,
      letRun,
    ],
    isStepwise: true,
    // An answer was lost, the sensor sent again, and the dashboard has the message once.
    goal: facts => {
      const lost = facts.packet({ direction: 'down', client: 'sensor', fate: 'lost' })
      const over = facts.packets({ kind: 'PUBCOMP', client: 'sensor', fate: 'delivered' })[0]?.[0]
      const isOnce = facts.messages('dashboard').length === facts.actions('publish').length
      return lost !== undefined && over !== undefined && isOnce ? over : undefined
    },
    mistakes: [
      {
        id: 'qos-1',
        belief: 'each-sending-delivered',
        find: facts => {
          const [, second] = facts.messages('dashboard')
          return facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 1, dup: true }) ? second?.[0] : undefined
        },
      },
      {
        id: 'no-cut',
        belief: 'packets-get-lost',
        find: facts =>
          facts.action('cut') === undefined
            ? facts.packets({ kind: 'PUBCOMP', client: 'sensor', fate: 'delivered' })[0]?.[0]
            : undefined,
      },
    ],
    solution: [publish('21.5', { qos: 2 }), { type: 'sent', kind: 'PUBREC', client: 'sensor' }, cut('sensor'), settle],
    wrong: [
      {
        mistake: 'qos-1',
        script: [
          publish('21.5', { qos: 1 }),
          { type: 'sent', kind: 'PUBACK', client: 'sensor' },
          cut('sensor'),
          settle,
        ],
      },
      { mistake: 'no-cut', script: [publish('21.5', { qos: 2 }), settle] },
    ],
  },
}

const second = (facts: Facts, qos: number): number | undefined =>
  facts.packet({ kind: 'PUBLISH', direction: 'down', client: 'dashboard', qos })

const byHop: Exercise = {
  id: 'by-hop',
  world: lastingHome,
  start: [settle, subscribe(kitchen, 0), settle],
  show: [publish('21.5', { qos: 2 }), settle],
  options: [
    { id: 'two', belief: 'qos2-end-to-end', evidence: facts => second(facts, 0) },
    { id: 'zero', evidence: facts => second(facts, 0) },
    { id: 'refused', belief: 'publisher-is-told', evidence: facts => facts.packet({ kind: 'PUBCOMP' }) },
  ],
  points: [
    { id: 'up', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'down', find: facts => second(facts, 0) },
  ],
  task: {
    start: [settle],
    offers: [
      {
        id: 'subscribe-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1, 2], initial: 0 }],
        does: ({ qos }) => [subscribe(kitchen, Number(qos) as 0 | 1 | 2)],
      },
      {
        id: 'publish-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1, 2], initial: 2 }],
        does: ({ qos }) => [publish('21.5', { qos: Number(qos) as 0 | 1 | 2 })],
      },
    ],
    // Two to the broker, one from there.
    goal: facts => {
      const up = facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 2 })
      return up === undefined ? undefined : facts.packet({ kind: 'PUBLISH', direction: 'down', qos: 1, after: up })
    },
    mistakes: [
      {
        id: 'end-to-end',
        belief: 'qos2-end-to-end',
        find: facts =>
          facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 2 }) === undefined ? undefined : second(facts, 0),
      },
      {
        id: 'raised',
        belief: 'subscription-raises-qos',
        find: facts => {
          const up = facts.packets({ kind: 'PUBLISH', direction: 'up' })[0]?.[1].qos
          return up === undefined || up === 2 ? undefined : second(facts, up)
        },
      },
    ],
    solution: [subscribe(kitchen, 1), settle, publish('21.5', { qos: 2 }), settle],
    wrong: [
      { mistake: 'end-to-end', script: [subscribe(kitchen, 0), settle, publish('21.5', { qos: 2 }), settle] },
      { mistake: 'raised', script: [subscribe(kitchen, 2), settle, publish('21.5', { qos: 0 }), settle] },
    ],
  },
}

const two = (qos: 1 | 2): Item[] => [publish('20.0', { qos }), publish('21.0', { qos })]
/** Until the broker has answered both, and neither answer has come. */
const bothAnswered = wait(150)

/** The older value, behind the newer one. */
function older(facts: Facts): number | undefined {
  const newer = facts.message('dashboard', '21.0')
  if (newer === undefined) return undefined
  return facts.messages('dashboard', newer).find(([, { payload }]) => textOf(payload) === '20.0')?.[0]
}

const order: Exercise = {
  id: 'order',
  world: lastingHome,
  start: start(1),
  show: [...two(1), bothAnswered, cut('sensor'), settle],
  options: [
    { id: 'pairs', belief: 'copies-stay-together', evidence: older },
    { id: 'again', evidence: older },
    { id: 'once', belief: 'qos1-is-once', evidence: older },
  ],
  points: [
    { id: 'resent', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', dup: true }) },
    { id: 'older', find: older },
  ],
  task: {
    offers: [
      {
        id: 'publish-two',
        fields: [{ id: 'qos', type: 'choice', values: [1, 2], initial: 2 }],
        does: ({ qos }) => two(Number(qos) as 1 | 2),
      },
      cutOffer,
      nextPacket,
      letRun,
    ],
    isStepwise: true,
    // The older value comes after the newer one.
    goal: older,
    mistakes: [
      {
        id: 'qos-2',
        belief: 'resending-mixes',
        find: facts => facts.packets({ kind: 'PUBCOMP', client: 'sensor', fate: 'delivered' })[1]?.[0],
      },
      {
        id: 'early',
        belief: 'resending-mixes',
        find: facts => {
          const lost = facts.packet({ kind: 'PUBLISH', direction: 'up', fate: 'lost' })
          return lost === undefined ? undefined : facts.message('dashboard', '21.0')
        },
      },
      {
        id: 'uncut',
        belief: 'copies-stay-together',
        find: facts =>
          facts.action('cut') === undefined
            ? facts.packets({ kind: 'PUBACK', client: 'sensor', fate: 'delivered' })[1]?.[0]
            : undefined,
      },
    ],
    solution: [...two(1), bothAnswered, cut('sensor'), settle],
    wrong: [
      { mistake: 'qos-2', script: [...two(2), { type: 'sent', kind: 'PUBREC' }, cut('sensor'), settle] },
      { mistake: 'early', script: [...two(1), cut('sensor'), settle] },
      {
        mistake: 'early',
        script: [...two(1), { type: 'sent', kind: 'PUBACK', client: 'sensor' }, cut('sensor'), settle],
      },
      { mistake: 'uncut', script: [...two(1), settle] },
    ],
  },
}

const completed = (facts: Facts): number | undefined =>
  facts.packets({ kind: 'PUBCOMP', client: 'sensor', fate: 'delivered' })[0]?.[0]
const confirmed = (facts: Facts): number | undefined =>
  facts.packets({ kind: 'PUBACK', client: 'sensor', fate: 'delivered' })[0]?.[0]

const cost: Exercise = {
  id: 'cost',
  world: lastingHome,
  start: start(0),
  show: [publish('21.5', { qos: 2 }), settle],
  options: [
    { id: 'one', belief: 'qos-is-free', evidence: completed },
    { id: 'two', evidence: completed },
  ],
  points: [
    { id: 'pubrec', find: facts => facts.packet({ kind: 'PUBREC' }) },
    { id: 'pubcomp', find: completed },
  ],
  task: {
    offers: [
      {
        id: 'publish-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1, 2], initial: 2 }],
        does: ({ qos }) => [publish('21.5', { qos: Number(qos) as 0 | 1 | 2 })],
      },
    ],
    // It knows after one round trip, and has sent one packet.
    goal: facts => (facts.actions('publish').length === 1 ? confirmed(facts) : undefined),
    mistakes: [
      { id: 'qos-2', belief: 'qos-is-free', find: completed },
      {
        id: 'qos-0',
        belief: 'sent-is-arrived',
        find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 0, fate: 'delivered' }),
      },
    ],
    solution: [publish('21.5', { qos: 1 }), settle],
    wrong: [
      { mistake: 'qos-0', script: [publish('21.5'), settle] },
      { mistake: 'qos-2', script: [publish('21.5', { qos: 2 }), settle] },
    ],
  },
}

const lampTopic = 'home/hall/lamp'
const command = (payload: string): Item => ({
  type: 'publish',
  client: 'switch',
  topic: lampTopic,
  payload,
  qos: 1,
})
const lampAnswered = { type: 'sent', kind: 'PUBACK', client: 'switch' } as const

/** True if the lamp is lit by the commands that came. */
const isLit = (facts: Facts): boolean =>
  facts.messages('lamp').reduce((lit, [, { payload }]) => textOf(payload) === 'on' || !lit, false)

const secondCommand = (facts: Facts): number | undefined => facts.messages('lamp')[1]?.[0]

const idempotent: Exercise = {
  id: 'idempotent',
  world: { latency, clients: { switch: lasting, lamp: lasting } },
  start: [settle, { type: 'subscribe', client: 'lamp', filter: lampTopic, qos: 1 }, settle],
  show: [command('toggle'), lampAnswered, cut('switch'), settle],
  options: [
    { id: 'lit', belief: 'qos1-is-once', evidence: secondCommand },
    { id: 'dark', evidence: secondCommand },
  ],
  points: [
    { id: 'first', find: facts => facts.messages('lamp')[0]?.[0] },
    { id: 'second', find: secondCommand },
  ],
  task: {
    offers: [
      {
        id: 'publish-command',
        fields: [{ id: 'command', type: 'choice', values: ['toggle', 'on'], initial: 'toggle' }],
        does: values => [command(String(values.command))],
      },
      { id: 'cut-switch', does: () => [cut('switch')] },
      nextPacket,
      letRun,
    ],
    isStepwise: true,
    // The command comes twice, and the lamp is lit all the same.
    goal: facts => (facts.actions('publish').length === 1 && isLit(facts) ? secondCommand(facts) : undefined),
    mistakes: [
      {
        id: 'toggled',
        belief: 'qos1-is-once',
        find: facts => (isLit(facts) ? undefined : secondCommand(facts)),
      },
      {
        id: 'untried',
        belief: 'worked-once',
        find: facts =>
          facts.packets({ kind: 'PUBACK', client: 'switch', fate: 'delivered' }).length > 0 &&
          facts.messages('lamp').length === 1
            ? facts.messages('lamp')[0]?.[0]
            : undefined,
      },
      {
        id: 'two-commands',
        belief: 'copies-are-repetitions',
        find: facts => facts.actions('publish')[1]?.[0],
      },
    ],
    solution: [command('on'), lampAnswered, cut('switch'), settle],
    wrong: [
      { mistake: 'toggled', script: [command('toggle'), lampAnswered, cut('switch'), settle] },
      { mistake: 'untried', script: [command('on'), settle] },
      { mistake: 'two-commands', script: [command('on'), settle, command('on'), settle] },
    ],
  },
}

export const qos: Chapter = {
  id: 'qos',
  exercises: [atMostOnce, atLeastOnce, exactlyOnce, byHop, order, cost, idempotent],
  recall: [
    { id: 'again', options: ['reconnect', 'timer', 'never'], right: 'reconnect' },
    { id: 'cost', options: ['four', 'two', 'one'], right: 'four' },
    { id: 'hop', options: ['smaller', 'larger', 'published'], right: 'smaller' },
    { id: 'choice', options: ['one', 'two', 'zero'], right: 'one' },
  ],
}
