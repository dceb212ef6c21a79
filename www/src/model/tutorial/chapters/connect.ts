// Chapter: connecting to a broker.
import type { Chapter, Exercise } from '../exercise.ts'
import { calm, cut, latency, nextPacket } from '../home.ts'

const once = { ...calm, reconnect: false } as const

const greeting: Exercise = {
  id: 'greeting',
  teaches: 'connect',
  needs: [],
  world: { latency, clients: { sensor: once } },
  start: [],
  show: [{ type: 'settle' }],
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
      { type: 'settle' },
    ],
    wrong: [
      {
        mistake: 'early',
        script: [
          { type: 'add', client: 'sensor', options: once },
          { type: 'sent', kind: 'CONNECT' },
          cut('sensor'),
          { type: 'settle' },
        ],
      },
      { mistake: 'late', script: [{ type: 'add', client: 'sensor', options: once }, { type: 'settle' }] },
      {
        mistake: 'unasked',
        script: [{ type: 'add', client: 'sensor', options: once }, cut('sensor'), { type: 'settle' }],
      },
    ],
  },
}

export const connect: Chapter = {
  id: 'connect',
  exercises: [greeting],
  recall: [
    { id: 'address', options: ['broker', 'each-other', 'both'], right: 'broker' },
    { id: 'connack', options: ['connack', 'connect', 'open'], right: 'connack' },
  ],
}
