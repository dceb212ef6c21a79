// Chapter: what MQTT 5 adds.
import type { QoS } from 'wasmqtt/elements'
import type { SimulatedClientOptions, WorldOptions } from 'wasmqtt/simulator'
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { calm, cut, kitchen, lastingHome, latency, longCut, publish, settle, subscribe, untilBack } from '../home.ts'
import type { Item, Script } from '../script.ts'
import { delivered, properties, request } from './mqtt5-messages.ts'

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

const strict: WorldOptions = {
  latency,
  broker: { maximumQos: 1, retainAvailable: false },
  clients: { dashboard: calm },
}
const once: SimulatedClientOptions = { ...calm, reconnect: false }
const joins: Item = { type: 'add', client: 'sensor', options: once }
const refused = (facts: Facts): number | undefined =>
  facts.clients('sensor', 'done').find(([, { error }]) => error !== undefined)?.[0]
const welcome = (facts: Facts): number | undefined => facts.packets({ kind: 'CONNACK', client: 'sensor' })[0]?.[0]
/** Publishes while the sensor is still connecting, so that CONNACK decides. */
const early = (more: { qos?: QoS; retain?: boolean }): Script => [joins, publish('21.5', more), settle]
const asked = (facts: Facts) => facts.actions('publish')[0]?.[1].action

const limits: Exercise = {
  id: 'limits',
  world: strict,
  start: [settle, subscribe(kitchen, 1), settle],
  show: early({ qos: 2 }),
  options: [
    { id: 'sent', belief: 'brokers-take-all', evidence: refused },
    { id: 'lowered', belief: 'qos-is-lowered', evidence: refused },
    { id: 'kept', evidence: refused },
  ],
  points: [
    { id: 'connack', find: welcome },
    { id: 'refused', find: refused },
  ],
  task: {
    offers: [
      { id: 'add', does: () => [joins] },
      {
        id: 'publish-limited',
        fields: [
          { id: 'qos', type: 'choice', values: [0, 1, 2], initial: 2 },
          { id: 'retain', type: 'check', initial: true },
        ],
        does: ({ qos, retain }) => [publish('21.5', { qos: Number(qos) as QoS, retain: retain === true })],
      },
    ],
    // As well as this broker can.
    goal: facts => {
      const down = facts.packet({ kind: 'PUBLISH', direction: 'down', qos: 1 })
      return down === undefined ? undefined : facts.message('dashboard', '21.5')
    },
    mistakes: [
      {
        id: 'retained',
        belief: 'brokers-take-all',
        find: facts => (asked(facts)?.retain ? refused(facts) : undefined),
      },
      { id: 'too-high', belief: 'qos-is-lowered', find: refused },
      { id: 'too-low', belief: 'zero-is-safe', find: facts => facts.message('dashboard', '21.5') },
    ],
    solution: early({ qos: 1 }),
    wrong: [
      { mistake: 'too-high', script: early({ qos: 2 }) },
      { mistake: 'retained', script: early({ qos: 1, retain: true }) },
      { mistake: 'too-low', script: early({ qos: 0 }) },
    ],
  },
}

const aliasing = (assignedTopicAliases: number): Item => ({
  type: 'add',
  client: 'sensor',
  options: { ...calm, assignedTopicAliases },
})
const sent = (facts: Facts) => facts.packets({ kind: 'PUBLISH', direction: 'up', client: 'sensor' })
const bare = (facts: Facts): number | undefined => sent(facts).find(([, { topic }]) => topic === '')?.[0]
const named = (facts: Facts): number | undefined => sent(facts).filter(([, { topic }]) => topic === kitchen)[1]?.[0]
const pair: Script = [publish('21.5'), settle, publish('21.6'), settle]

const aliases: Exercise = {
  id: 'aliases',
  world: { latency, clients: { sensor: { ...calm, assignedTopicAliases: 4 }, dashboard: calm } },
  start: [settle, subscribe(kitchen), settle],
  show: pair,
  options: [
    { id: 'full', belief: 'topic-in-each', evidence: bare },
    { id: 'number', evidence: bare },
  ],
  points: [
    { id: 'first', find: facts => sent(facts)[0]?.[0] },
    { id: 'second', find: bare },
    { id: 'message', find: facts => facts.message('dashboard', '21.6') },
  ],
  task: {
    world: { latency, clients: { dashboard: calm } },
    offers: [
      {
        id: 'join-aliases',
        fields: [{ id: 'aliases', type: 'choice', values: [0, 4], initial: 0 }],
        does: values => [aliasing(Number(values.aliases))],
      },
      { id: 'publish', does: () => [publish('21.6')] },
      { id: 'cut', does: () => [cut('sensor')] },
    ],
    // A message without its topic came under that topic, over the second link.
    goal: facts => {
      const broken = facts.link('broken')
      const short = sent(facts).find(([index, { topic }]) => topic === '' && index > (broken ?? Infinity))?.[0]
      return short === undefined ? undefined : facts.messages('dashboard', short)[0]?.[0]
    },
    mistakes: [
      {
        id: 'none',
        belief: 'topic-in-each',
        find: facts => (bare(facts) === undefined && facts.link('broken') === undefined ? named(facts) : undefined),
      },
      {
        id: 'forgotten',
        belief: 'alias-outlives-link',
        find: facts => {
          const broken = facts.link('broken')
          if (broken === undefined || bare(facts) === undefined) return undefined
          return sent(facts).find(([index, { topic }]) => index > broken && topic === kitchen)?.[0]
        },
      },
    ],
    solution: [aliasing(4), settle, ...pair, cut('sensor'), settle, ...pair],
    wrong: [
      { mistake: 'none', script: [aliasing(0), settle, ...pair] },
      { mistake: 'forgotten', script: [aliasing(4), settle, ...pair, cut('sensor'), settle, publish('21.6'), settle] },
    ],
  },
}

const takes = (receiveMaximum: number): SimulatedClientOptions => ({ ...calm, receiveMaximum })
const burst: Script = [...['1', '2', '3', '4'].map(payload => publish(payload, { qos: 1 })), settle]
const passedOn = (facts: Facts) => facts.packets({ kind: 'PUBLISH', direction: 'down', client: 'dashboard' })

/** The PUBLISH that is sent while this many others are not acknowledged. */
function crowded(facts: Facts, limit: number): number | undefined {
  const acknowledged = (before: number): number =>
    facts
      .packets({ kind: 'PUBACK', direction: 'up', client: 'dashboard' })
      .filter(([, { fate }]) => fate.type === 'delivered' && fate.at <= before).length
  return passedOn(facts).find(([, { at }], place) => place - acknowledged(at) >= limit)?.[0]
}

const flow: Exercise = {
  id: 'flow',
  world: { latency, clients: { sensor: calm, dashboard: takes(2) } },
  start: [settle, subscribe(kitchen, 1), settle],
  show: burst,
  options: [
    { id: 'four', belief: 'sender-sets-pace', evidence: facts => passedOn(facts)[2]?.[0] },
    { id: 'two', evidence: facts => passedOn(facts)[2]?.[0] },
    { id: 'lost', belief: 'limit-drops', evidence: facts => facts.message('dashboard', '4') },
  ],
  points: [
    { id: 'second', find: facts => passedOn(facts)[1]?.[0] },
    { id: 'third', find: facts => passedOn(facts)[2]?.[0] },
  ],
  panel: { type: 'session', client: 'dashboard' },
  task: {
    world: { latency, clients: { sensor: calm } },
    start: [settle],
    offers: [
      {
        id: 'join-receive',
        fields: [{ id: 'receiveMaximum', type: 'choice', values: [1, 2, 10], initial: 10 }],
        does: ({ receiveMaximum }) => [{ type: 'add', client: 'dashboard', options: takes(Number(receiveMaximum)) }],
      },
      {
        id: 'subscribe-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1], initial: 0 }],
        does: ({ qos }) => [subscribe(kitchen, Number(qos) as 0 | 1)],
      },
      { id: 'publish-burst', does: () => burst },
    ],
    // All four, one by one.
    goal: facts => {
      const got = facts.messages('dashboard')
      return got.length === 4 && crowded(facts, 1) === undefined ? got[3]?.[0] : undefined
    },
    mistakes: [
      {
        id: 'unbound',
        belief: 'limit-is-for-all',
        find: facts => passedOn(facts).filter(([, { qos }]) => qos === 0)[1]?.[0],
      },
      { id: 'many', belief: 'sender-sets-pace', find: facts => crowded(facts, 1) },
    ],
    solution: [
      { type: 'add', client: 'dashboard', options: takes(1) },
      settle,
      subscribe(kitchen, 1),
      settle,
      ...burst,
    ],
    wrong: [
      {
        mistake: 'many',
        script: [
          { type: 'add', client: 'dashboard', options: takes(2) },
          settle,
          subscribe(kitchen, 1),
          settle,
          ...burst,
        ],
      },
      {
        mistake: 'unbound',
        script: [
          { type: 'add', client: 'dashboard', options: takes(1) },
          settle,
          subscribe(kitchen, 0),
          settle,
          ...burst,
        ],
      },
    ],
  },
}

/** PUBACK of this reason. */
const answered = (facts: Facts, reason: number): number | undefined =>
  facts
    .packets({ kind: 'PUBACK', client: 'sensor', fate: 'delivered' })
    .find(([index]) => Number(facts.field(index, 'Reason Code')?.value ?? 0) === reason)?.[0]
const NOBODY = 0x10

const reasons: Exercise = {
  id: 'reasons',
  world: lastingHome,
  start: [settle],
  show: [publish('21.5', { qos: 1 }), settle],
  options: [
    { id: 'waits', belief: 'puback-is-delivery', evidence: facts => answered(facts, NOBODY) },
    { id: 'told', evidence: facts => answered(facts, NOBODY) },
    { id: 'same', belief: 'answers-are-alike', evidence: facts => answered(facts, NOBODY) },
  ],
  points: [
    { id: 'published', find: facts => facts.event('published') },
    { id: 'puback', find: facts => answered(facts, NOBODY) },
  ],
  task: {
    offers: [
      { id: 'subscribe', does: () => [subscribe(kitchen)] },
      {
        id: 'publish-qos',
        fields: [{ id: 'qos', type: 'choice', values: [0, 1], initial: 0 }],
        does: ({ qos }) => [publish('21.5', { qos: Number(qos) as 0 | 1 })],
      },
    ],
    // The sensor is told that somebody listens.
    goal: facts => answered(facts, 0),
    mistakes: [
      { id: 'nobody', belief: 'puback-is-delivery', find: facts => answered(facts, NOBODY) },
      {
        id: 'silent',
        belief: 'publisher-is-told',
        find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 0, fate: 'delivered' }),
      },
    ],
    solution: [subscribe(kitchen), settle, publish('21.5', { qos: 1 }), settle],
    wrong: [
      { mistake: 'nobody', script: [publish('21.5', { qos: 1 }), settle] },
      { mistake: 'silent', script: [subscribe(kitchen), settle, publish('21.5'), settle] },
    ],
  },
}

const old = (cleanStart: boolean): Item => ({
  type: 'add',
  client: 'dashboard',
  options: { version: 4, keepAlive: 0, cleanStart, reconnect: { min: 1_000, max: 1_000 } },
})
const oldSensor: SimulatedClientOptions = { version: 4, keepAlive: 0 }
const missedBy = (cleanStart: boolean): Script => [
  old(cleanStart),
  settle,
  subscribe(kitchen, 1),
  settle,
  longCut('dashboard'),
  settle,
  publish('21.5', { qos: 1 }),
  settle,
  untilBack,
]
const leftAt = (facts: Facts): number =>
  facts.event('disconnected', ({ clientId }) => clientId === 'dashboard') ?? Number.POSITIVE_INFINITY

const versions: Exercise = {
  id: 'versions',
  world: { latency, clients: { sensor: { ...oldSensor, reconnect: false }, dashboard: calm } },
  start: [settle, subscribe(kitchen, 1), settle],
  show: [publish('21.5', { qos: 1 }), settle],
  options: [
    { id: 'apart', belief: 'versions-are-apart', evidence: facts => facts.message('dashboard', '21.5') },
    { id: 'joined', evidence: facts => facts.message('dashboard', '21.5') },
  ],
  points: [
    { id: 'up', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'down', find: delivered },
    { id: 'puback', find: facts => facts.packet({ kind: 'PUBACK', client: 'sensor' }) },
  ],
  task: {
    world: { latency, clients: { sensor: { ...oldSensor, reconnect: false } } },
    start: [settle],
    offers: [
      {
        id: 'join-old',
        fields: [{ id: 'cleanSession', type: 'check', initial: true }],
        does: ({ cleanSession }) => [old(cleanSession === true)],
      },
      { id: 'subscribe-1', does: () => [subscribe(kitchen, 1)] },
      { id: 'cut-dashboard', does: () => [longCut('dashboard')] },
      { id: 'publish-1', does: () => [publish('21.5', { qos: 1 })] },
      { id: 'back', does: () => [untilBack] },
    ],
    goal: facts => {
      const published = facts.events('published').find(([index]) => index > leftAt(facts))?.[0]
      return published === undefined ? undefined : facts.messages('dashboard', published)[0]?.[0]
    },
    mistakes: [
      {
        id: 'clean',
        belief: 'clean-is-only-the-start',
        find: facts => facts.event('session-ended', ({ clientId }) => clientId === 'dashboard'),
      },
    ],
    solution: missedBy(false),
    wrong: [{ mistake: 'clean', script: missedBy(true) }],
  },
}

export const mqtt5: Chapter = {
  id: 'mqtt5',
  exercises: [expiry, limits, aliases, flow, reasons, properties, request, versions],
  recall: [
    { id: 'expired', options: ['dropped', 'delivered', 'returned'], right: 'dropped' },
    { id: 'flow', options: ['receive-maximum', 'keep-alive', 'queue'], right: 'receive-maximum' },
    { id: 'reply', options: ['responder', 'broker', 'network'], right: 'responder' },
    { id: 'older', options: ['clean-session', 'expiry', 'alias'], right: 'clean-session' },
  ],
}
