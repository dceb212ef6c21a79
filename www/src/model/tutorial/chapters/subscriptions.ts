// Chapter: subscriptions that overlap, share, and have options.
import type { Action, WorldOptions } from 'wasmqtt/simulator'
import type { Chapter, Exercise } from '../exercise.ts'
import { type Facts, textOf } from '../facts.ts'
import { calm, home, kitchen, lastingHome, latency, publish, settle, subscribe } from '../home.ts'
import type { Item, Script } from '../script.ts'

type Subscribe = Extract<Action, { type: 'subscribe' }>

const hall = 'home/hall/temperature'
const both: Script = [publish('21.5', { qos: 1 }), publish('19.0', { topic: hall, qos: 1 }), settle]
const arrived = (facts: Facts, topic: string, qos: number): number | undefined =>
  facts.packet({ kind: 'PUBLISH', direction: 'down', topic, qos })

const overlap: Exercise = {
  id: 'overlap',
  world: lastingHome,
  start: [settle, subscribe('home/#', 1), settle, subscribe(kitchen, 0), settle],
  show: [publish('21.5', { qos: 1 }), settle],
  options: [
    { id: 'twice', belief: 'overlap-doubles', evidence: facts => facts.message('dashboard', '21.5') },
    { id: 'exact', belief: 'exact-filter-wins', evidence: facts => arrived(facts, kitchen, 1) },
    { id: 'highest', evidence: facts => arrived(facts, kitchen, 1) },
  ],
  points: [
    { id: 'down', find: facts => arrived(facts, kitchen, 1) },
    { id: 'message', find: facts => facts.message('dashboard', '21.5') },
  ],
  panel: { type: 'topics' },
  task: {
    start: [settle, subscribe('home/#', 0), settle],
    offers: [
      {
        id: 'subscribe-filter-qos',
        fields: [
          { id: 'filter', type: 'text', initial: 'home/#' },
          { id: 'qos', type: 'choice', values: [0, 1], initial: 1 },
        ],
        does: ({ filter, qos }) => [subscribe(String(filter).trim(), Number(qos) as 0 | 1)],
      },
      { id: 'publish-both', does: () => both },
    ],
    // The kitchen at QoS 1, and the hall still at QoS 0.
    goal: facts => (arrived(facts, hall, 0) === undefined ? undefined : arrived(facts, kitchen, 1)),
    mistakes: [
      { id: 'replaced', belief: 'again-is-second', find: facts => arrived(facts, hall, 1) },
      {
        id: 'exact',
        belief: 'exact-filter-wins',
        find: facts => (facts.event('subscribed') === undefined ? undefined : arrived(facts, kitchen, 0)),
      },
    ],
    solution: [subscribe(kitchen, 1), settle, ...both],
    wrong: [
      { mistake: 'replaced', script: [subscribe('home/#', 1), settle, ...both] },
      { mistake: 'exact', script: [subscribe(kitchen, 0), settle, ...both] },
    ],
  },
}

const jobs = ['job 1', 'job 2', 'job 3', 'job 4'] as const
const allJobs: Script = [
  ...jobs.map(payload => publish(payload, { client: 'shop', topic: 'shop/orders', qos: 1 })),
  settle,
]
const crew: WorldOptions = { latency, clients: { shop: calm, anna: calm, ben: calm, boss: calm } }
const joins = (client: string, filter: string): Subscribe => ({ type: 'subscribe', client, filter, qos: 1 })
const shares: Script = [joins('anna', '$share/crew/shop/orders'), joins('ben', '$share/crew/shop/orders')]

const jobsOf = (facts: Facts, client: string): string[] =>
  facts.messages(client).map(([, { payload }]) => textOf(payload))

/** A job that both workers got. */
function doubled(facts: Facts): number | undefined {
  const anna = jobsOf(facts, 'anna')
  return facts.messages('ben').find(([, { payload }]) => anna.includes(textOf(payload)))?.[0]
}

const shared: Exercise = {
  id: 'shared',
  world: crew,
  start: [settle, ...shares, settle],
  show: allJobs,
  options: [
    { id: 'all', belief: 'each-gets-all', evidence: facts => facts.messages('ben')[0]?.[0] },
    { id: 'split', evidence: facts => facts.messages('ben')[0]?.[0] },
  ],
  points: [
    { id: 'anna', find: facts => facts.messages('anna')[0]?.[0] },
    { id: 'ben', find: facts => facts.messages('ben')[0]?.[0] },
  ],
  panel: { type: 'topics' },
  task: {
    start: [settle],
    offers: [
      {
        id: 'subscribe-crew',
        fields: [
          { id: 'who', type: 'choice', values: ['anna', 'ben', 'boss'], initial: 'anna' },
          { id: 'filter', type: 'text', initial: 'shop/orders' },
        ],
        does: ({ who, filter }) => [joins(String(who), String(filter).trim())],
      },
      { id: 'publish-jobs', does: () => allJobs },
    ],
    // Each job went to one worker, and the boss has seen all.
    goal: facts => {
      const done = [...jobsOf(facts, 'anna'), ...jobsOf(facts, 'ben')]
      const isSplit = done.length === jobs.length && doubled(facts) === undefined
      const isShared = jobsOf(facts, 'anna').length > 0 && jobsOf(facts, 'ben').length > 0
      const seen = facts.messages('boss')
      return isSplit && isShared && seen.length === jobs.length ? seen.at(-1)?.[0] : undefined
    },
    mistakes: [
      { id: 'doubled', belief: 'each-gets-all', find: doubled },
      {
        id: 'boss-works',
        belief: 'share-is-copy',
        find: facts => {
          const seen = facts.messages('boss')
          return seen.length > 0 && seen.length < jobs.length ? seen[0]?.[0] : undefined
        },
      },
    ],
    solution: [...shares, joins('boss', 'shop/orders'), settle, ...allJobs],
    wrong: [
      {
        mistake: 'doubled',
        script: [
          joins('anna', 'shop/orders'),
          joins('ben', 'shop/orders'),
          joins('boss', 'shop/orders'),
          settle,
          ...allJobs,
        ],
      },
      {
        mistake: 'doubled',
        script: [
          joins('anna', '$share/anna/shop/orders'),
          joins('ben', '$share/ben/shop/orders'),
          joins('boss', 'shop/orders'),
          settle,
          ...allJobs,
        ],
      },
      { mistake: 'boss-works', script: [...shares, joins('boss', '$share/crew/shop/orders'), settle, ...allJobs] },
    ],
  },
}

const bridged: WorldOptions = { latency, clients: { bridge: calm, dashboard: calm } }
const bridgeSubscribes = (more: Partial<Subscribe>): Subscribe => ({
  type: 'subscribe',
  client: 'bridge',
  filter: 'home/#',
  ...more,
})
const brought = publish('21.5', { client: 'bridge' })
const local = publish('set 22', { client: 'dashboard', topic: 'home/kitchen/heating' })
const echoed = (facts: Facts): number | undefined => facts.message('bridge', '21.5')

const echo: Exercise = {
  id: 'echo',
  world: bridged,
  start: [settle, bridgeSubscribes({}), subscribe(kitchen), settle],
  show: [brought, settle],
  options: [
    { id: 'spared', belief: 'sender-is-spared', evidence: echoed },
    { id: 'back', evidence: echoed },
  ],
  points: [
    { id: 'brought', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', client: 'bridge' }) },
    { id: 'back', find: echoed },
  ],
  task: {
    start: [settle, subscribe(kitchen), settle],
    offers: [
      {
        id: 'subscribe-bridge',
        fields: [{ id: 'noLocal', type: 'check', initial: false }],
        does: ({ noLocal }) => [bridgeSubscribes({ noLocal: noLocal === true })],
      },
      { id: 'publish-bridge', does: () => [brought] },
      { id: 'publish-dashboard', does: () => [local] },
    ],
    // What others publish comes to the bridge, and its own does not.
    goal: facts => {
      const out = facts.message('dashboard', '21.5')
      const heard = facts.message('bridge', 'set 22')
      return out !== undefined && heard !== undefined && echoed(facts) === undefined ? heard : undefined
    },
    mistakes: [
      { id: 'echoed', belief: 'sender-is-spared', find: echoed },
      {
        id: 'deaf',
        belief: 'bridge-hears-all',
        find: facts =>
          facts.event('subscribed') === undefined
            ? facts.event('published', ({ topic }) => topic === 'home/kitchen/heating')
            : undefined,
      },
    ],
    solution: [bridgeSubscribes({ noLocal: true }), settle, brought, settle, local, settle],
    wrong: [
      { mistake: 'echoed', script: [bridgeSubscribes({}), settle, brought, settle, local, settle] },
      { mistake: 'deaf', script: [brought, settle, local, settle] },
    ],
  },
}

const kept = publish('21.0', { retain: true })
const again = (retainHandling: 0 | 1 | 2): Subscribe => ({
  type: 'subscribe',
  client: 'dashboard',
  filter: kitchen,
  retainHandling,
})
const twice = (handling: 0 | 1 | 2): Script => [again(handling), settle, again(handling), settle]
const subacks = (facts: Facts) => facts.packets({ kind: 'SUBACK', client: 'dashboard' })

const handling: Exercise = {
  id: 'handling',
  world: home,
  start: [settle, kept, settle, subscribe(kitchen), settle],
  show: [subscribe(kitchen), settle],
  options: [
    { id: 'known', belief: 'known-is-not-repeated', evidence: facts => facts.message('dashboard', '21.0') },
    { id: 'again', evidence: facts => facts.message('dashboard', '21.0') },
  ],
  points: [
    { id: 'subscribe', find: facts => facts.packet({ kind: 'SUBSCRIBE' }) },
    { id: 'again', find: facts => facts.message('dashboard', '21.0') },
  ],
  task: {
    start: [settle, kept, settle],
    offers: [
      {
        id: 'subscribe-handling',
        fields: [{ id: 'handling', type: 'choice', values: [0, 1, 2], initial: 0 }],
        does: values => [again(Number(values.handling) as 0 | 1 | 2)],
      },
    ],
    // Two subscriptions, and the value came with the first.
    goal: facts => {
      const [first, second] = subacks(facts)
      const got = facts.messages('dashboard')
      return first && second && got.length === 1 && (got[0]?.[0] ?? 0) < second[0] ? second[0] : undefined
    },
    mistakes: [
      { id: 'each', belief: 'known-is-not-repeated', find: facts => facts.messages('dashboard')[1]?.[0] },
      {
        id: 'never',
        belief: 'retained-always-comes',
        find: facts => (facts.messages('dashboard').length === 0 ? subacks(facts)[0]?.[0] : undefined),
      },
    ],
    solution: twice(1),
    wrong: [
      { mistake: 'each', script: twice(0) },
      { mistake: 'never', script: twice(2) },
    ],
  },
}

const withBridge: WorldOptions = { latency, clients: { sensor: calm, bridge: calm } }
const toBridge = (facts: Facts, retain: boolean): number | undefined =>
  facts.packet({ kind: 'PUBLISH', direction: 'down', client: 'bridge', retain })
const subscribedAt = (facts: Facts): number =>
  facts.event('subscribed', ({ clientId }) => clientId === 'bridge') ?? Number.POSITIVE_INFINITY
const publishedAt = (facts: Facts): number | undefined => facts.event('published')
const asPublished = (retainAsPublished: boolean): Item => bridgeSubscribes({ retainAsPublished })

const published: Exercise = {
  id: 'as-published',
  world: withBridge,
  start: [settle, bridgeSubscribes({}), settle],
  show: [kept, settle],
  options: [
    { id: 'kept', belief: 'retain-travels', evidence: facts => toBridge(facts, false) },
    { id: 'cleared', evidence: facts => toBridge(facts, false) },
  ],
  points: [
    { id: 'up', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', retain: true }) },
    { id: 'down', find: facts => toBridge(facts, false) },
  ],
  task: {
    start: [settle],
    offers: [
      {
        id: 'subscribe-as-published',
        fields: [{ id: 'asPublished', type: 'check', initial: false }],
        does: values => [asPublished(values.asPublished === true)],
      },
      { id: 'publish-kept', does: () => [kept] },
    ],
    // A live message, with the mark of its publisher.
    goal: facts => ((publishedAt(facts) ?? 0) > subscribedAt(facts) ? toBridge(facts, true) : undefined),
    mistakes: [
      { id: 'plain', belief: 'retain-travels', find: facts => toBridge(facts, false) },
      {
        id: 'late',
        belief: 'retain-marks-keeping',
        find: facts => {
          const at = publishedAt(facts)
          return at !== undefined && at < subscribedAt(facts) ? toBridge(facts, true) : undefined
        },
      },
    ],
    solution: [asPublished(true), settle, kept, settle],
    wrong: [
      { mistake: 'plain', script: [asPublished(false), settle, kept, settle] },
      { mistake: 'late', script: [kept, settle, asPublished(false), settle] },
    ],
  },
}

export const subscriptions: Chapter = {
  id: 'subscriptions',
  exercises: [overlap, shared, echo, handling, published],
  recall: [
    { id: 'overlap', options: ['highest', 'exact', 'latest'], right: 'highest' },
    { id: 'share', options: ['one', 'all', 'first'], right: 'one' },
    { id: 'loop', options: ['no-local', 'qos', 'retain'], right: 'no-local' },
  ],
}
