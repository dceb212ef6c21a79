// Chapter: connecting to a broker.
import type { SimulatedClientOptions } from 'wasmqtt/simulator'
import type { Chapter, Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { calm, cut, latency, nextPacket, settle } from '../home.ts'
import type { Item } from '../script.ts'

const once = { ...calm, reconnect: false } as const

const greeting: Exercise = {
  id: 'greeting',
  world: { latency, clients: { sensor: once } },
  start: [],
  show: [settle],
  options: [
    { id: 'link', belief: 'open-is-connected', evidence: facts => facts.packet({ kind: 'CONNECT' }) },
    { id: 'sent', belief: 'sent-is-arrived', evidence: facts => facts.packet({ kind: 'CONNACK' }) },
    { id: 'answered', evidence: facts => facts.client('sensor', 'connected') },
  ],
  points: [
    { id: 'link', find: facts => facts.link('opened') },
    { id: 'connect', find: facts => facts.packet({ kind: 'CONNECT' }) },
    { id: 'connack', find: facts => facts.packet({ kind: 'CONNACK' }) },
  ],
  task: {
    world: { latency },
    offers: [
      { id: 'add', does: () => [{ type: 'add', client: 'sensor', options: once }] },
      { id: 'cut', does: () => [cut('sensor')] },
      nextPacket,
    ],
    isStepwise: true,
    // The broker has accepted the sensor, which will never learn of it.
    goal: facts => facts.packets({ kind: 'CONNACK', fate: 'lost' })[0]?.[0],
    mistakes: [
      { id: 'early', belief: 'sent-is-arrived', find: facts => facts.packet({ kind: 'CONNECT', fate: 'lost' }) },
      {
        id: 'unasked',
        belief: 'open-is-connected',
        find: facts => {
          const broken = facts.link('broken')
          return facts.packet({ kind: 'CONNECT' }) === undefined ? broken : undefined
        },
      },
      { id: 'late', belief: 'open-is-connected', find: facts => facts.client('sensor', 'connected') },
    ],
    solution: [
      { type: 'add', client: 'sensor', options: once },
      { type: 'sent', kind: 'CONNACK' },
      cut('sensor'),
      settle,
    ],
    wrong: [
      {
        mistake: 'early',
        script: [
          { type: 'add', client: 'sensor', options: once },
          { type: 'sent', kind: 'CONNECT' },
          cut('sensor'),
          settle,
        ],
      },
      { mistake: 'late', script: [{ type: 'add', client: 'sensor', options: once }, settle] },
      {
        mistake: 'unasked',
        script: [{ type: 'add', client: 'sensor', options: once }, cut('sensor'), settle],
      },
    ],
  },
}

/** The sensor with a user name and a password, or without. */
function join(username: string, password: string): Item {
  const credentials = {
    ...(username === 'none' ? {} : { username }),
    ...(password === 'none' ? {} : { password }),
  }
  const options: SimulatedClientOptions = { ...once, credentials }
  return { type: 'add', client: 'sensor', options }
}

const said = (facts: Facts): number | undefined => facts.packet({ kind: 'CONNECT' })
const accepted = (facts: Facts): number | undefined => facts.client('sensor', 'connected')

const credentials: Exercise = {
  id: 'credentials',
  world: { latency, clients: { sensor: { ...once, credentials: { username: 'sensor', password: 'sesame' } } } },
  start: [],
  show: [settle],
  options: [
    { id: 'sealed', belief: 'password-is-sealed', evidence: said },
    { id: 'hashed', belief: 'password-is-sealed', evidence: said },
    { id: 'readable', evidence: said },
  ],
  points: [
    { id: 'connect', find: said },
    { id: 'connack', find: facts => facts.packet({ kind: 'CONNACK' }) },
  ],
  task: {
    world: { latency },
    offers: [
      {
        id: 'join-credentials',
        fields: [
          { id: 'username', type: 'choice', values: ['none', 'sensor'], initial: 'sensor' },
          { id: 'password', type: 'choice', values: ['none', 'sesame', 'token-7f3a'], initial: 'none' },
        ],
        does: ({ username, password }) => [join(String(username), String(password))],
      },
    ],
    // A token alone, as MQTT 5 allows.
    goal: facts => {
      const connect = said(facts)
      const isAlone = facts.hasField(connect, 'Password') && !facts.hasField(connect, 'User Name')
      return isAlone && facts.text(connect, 'Password')?.startsWith('token') ? accepted(facts) : undefined
    },
    mistakes: [
      {
        id: 'named',
        belief: 'password-needs-user',
        find: facts => (facts.hasField(said(facts), 'User Name') ? said(facts) : undefined),
      },
      {
        id: 'nameless',
        belief: 'broker-asks-password',
        find: facts => (facts.hasField(said(facts), 'Password') ? undefined : accepted(facts)),
      },
      {
        id: 'password',
        belief: 'password-is-sealed',
        find: facts => (facts.text(said(facts), 'Password') === 'sesame' ? said(facts) : undefined),
      },
    ],
    solution: [join('none', 'token-7f3a'), settle],
    wrong: [
      { mistake: 'named', script: [join('sensor', 'token-7f3a'), settle] },
      { mistake: 'nameless', script: [join('none', 'none'), settle] },
      { mistake: 'password', script: [join('none', 'sesame'), settle] },
    ],
  },
}

export const connect: Chapter = {
  id: 'connect',
  exercises: [greeting, credentials],
  recall: [
    { id: 'address', options: ['broker', 'each-other', 'both'], right: 'broker' },
    { id: 'connack', options: ['connack', 'connect', 'open'], right: 'connack' },
    { id: 'secret', options: ['tls', 'mqtt', 'hash'], right: 'tls' },
  ],
}
