// Bugs of the wild by which messages come twice, late, or not at all.
import { calm, cut, kitchen, lasting, latency, longCut, publish, subscribe, untilBack } from '../../tutorial/home.ts'
import type { Item, Script } from '../../tutorial/script.ts'
import type { Scenario } from '../scenario.ts'
import { dial, send, settle, wait } from '../steps.ts'

const connect311 = '10 12 0004"MQTT" 04 00 0000 0006"sensor"'
const reading = (head: string) => `${head} 1e 0018"${kitchen}" 0001 "21"`

const resending = (again: string): Script => [
  settle,
  subscribe('home/#', 1),
  settle,
  ...dial('sensor', connect311),
  send('sensor', reading('32')),
  wait(150),
  cut('sensor'),
  settle,
  ...dial('sensor', connect311, reading(again)),
]

/** A PUBLISH that is sent again without DUP [MQTT-3.3.1-1]. */
const noDup: Scenario = {
  id: 'no-dup',
  world: { latency, clients: { dashboard: calm } },
  script: resending('32'),
  points: [
    { id: 'lost', find: facts => facts.packet({ kind: 'PUBACK', client: 'sensor', fate: 'lost' }) },
    {
      id: 'again',
      find: facts => facts.packets({ kind: 'PUBLISH', client: 'sensor', direction: 'up', dup: false })[1]?.[0],
    },
    { id: 'twice', find: facts => facts.messages('dashboard')[1]?.[0] },
  ],
  bug: {
    harm: facts => facts.packets({ kind: 'PUBLISH', client: 'sensor', direction: 'up', dup: false })[1]?.[0],
    mended: { world: { latency, clients: { dashboard: calm } }, script: resending('3a') },
  },
}

const downgraded = (qos: 0 | 2): Script => [
  settle,
  subscribe('home/#', qos),
  settle,
  publish('21', { qos: 2 }),
  { type: 'sent', kind: 'PUBLISH', client: 'dashboard' },
  cut('dashboard'),
  wait(5_000),
]

/** The lower of the two qualities counts for the second hop [MQTT-3.8.4-8]. */
const downgrade: Scenario = {
  id: 'downgrade',
  world: { latency, clients: { sensor: lasting, dashboard: lasting } },
  script: downgraded(0),
  points: [
    { id: 'subscribe', find: facts => facts.packet({ kind: 'SUBSCRIBE', client: 'dashboard' }) },
    { id: 'up', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 2 }) },
    { id: 'down', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'down', qos: 0, fate: 'lost' }) },
  ],
  bug: {
    harm: facts => facts.packet({ kind: 'PUBLISH', direction: 'down', qos: 0, fate: 'lost' }),
    mended: { world: { latency, clients: { sensor: lasting, dashboard: lasting } }, script: downgraded(2) },
  },
}

const readings: Item[] = ['18', '19', '20', '21', '22', '23'].flatMap(value => [publish(value, { qos: 1 }), settle])

const away: Script = [settle, subscribe('home/#', 1), settle, longCut('dashboard'), wait(1_000), ...readings, untilBack]

/** A queue of a session that is away has a bound. */
const overflow: Scenario = {
  id: 'overflow',
  world: { latency, broker: { queue: { messages: 3 } }, clients: { sensor: lasting, dashboard: lasting } },
  script: away,
  points: [
    { id: 'away', find: facts => facts.link('broken') },
    { id: 'full', find: facts => facts.event('dropped', ({ clientId }) => clientId === 'dashboard') },
    {
      id: 'acknowledged',
      find: facts => facts.packet({ kind: 'PUBACK', client: 'sensor', after: facts.event('dropped') }),
    },
    { id: 'rest', find: facts => facts.messages('dashboard')[0]?.[0] },
  ],
  bug: {
    harm: facts => facts.event('dropped'),
    mended: { world: { latency, clients: { sensor: lasting, dashboard: lasting } }, script: away },
  },
}

const dashboardAnew = (cleanStart: boolean) => ({
  world: { latency, clients: { sensor: lasting, dashboard: { ...lasting, cleanStart } } },
  script: [
    settle,
    subscribe('home/#', 1),
    settle,
    { type: 'kill', client: 'dashboard' },
    settle,
    publish('21', { qos: 1 }),
    settle,
    { type: 'reload', client: 'dashboard' },
    subscribe('home/#', 1),
    wait(5_000),
  ] satisfies Script,
})

/** Clean Start ends the session that was kept [MQTT-3.1.2-4]. */
const cleanStart: Scenario = {
  id: 'clean-start',
  ...dashboardAnew(true),
  points: [
    { id: 'kept', find: facts => facts.packet({ kind: 'PUBACK', client: 'sensor' }) },
    {
      id: 'anew',
      find: facts =>
        facts.packet({
          kind: 'CONNECT',
          client: 'dashboard',
          after: facts.packet({ kind: 'PUBACK', client: 'sensor' }),
        }),
    },
    { id: 'ended', find: facts => facts.event('session-ended', ({ clientId }) => clientId === 'dashboard') },
  ],
  bug: {
    harm: facts => facts.event('session-ended', ({ clientId }) => clientId === 'dashboard'),
    mended: dashboardAnew(false),
  },
}

const intoTheVoid = (qos: 0 | 1): Script => [
  settle,
  subscribe('home/#', 1),
  settle,
  { type: 'black-hole', client: 'sensor' },
  wait(2_000),
  publish('20', { qos }),
  wait(2_000),
  publish('21', { qos }),
  wait(60_000),
]

const patient = { ...lasting, keepAlive: 20 }

/** A publication into a link that is dead, of which nobody knows yet. */
const void0: Scenario = {
  id: 'void',
  world: { latency, clients: { sensor: patient, dashboard: lasting } },
  script: intoTheVoid(0),
  points: [
    { id: 'broken', find: facts => facts.link('broken') },
    { id: 'done', find: facts => facts.client('sensor', 'done', facts.action('publish')) },
    { id: 'lost', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 0, fate: 'lost' }) },
    { id: 'noticed', find: facts => facts.client('sensor', 'lost') },
  ],
  bug: {
    harm: facts => facts.packet({ kind: 'PUBLISH', direction: 'up', qos: 0, fate: 'lost' }),
    mended: { world: { latency, clients: { sensor: patient, dashboard: lasting } }, script: intoTheVoid(1) },
  },
}

export const deliveryBugs: readonly Scenario[] = [noDup, downgrade, overflow, cleanStart, void0]
