// The world of most exercises: a sensor, a broker and a dashboard.
import type { Action, SimulatedClientOptions, WorldOptions } from 'wasmqtt/simulator'
import type { Offer } from './exercise.ts'
import type { Item } from './script.ts'

/** Until nothing is about to happen. */
export const settle = { type: 'settle' } as const

export const wait = (milliseconds: number): Item => ({ type: 'wait', milliseconds })

/** Topic of most messages. */
export const kitchen = 'home/kitchen/temperature'

/** Options with which a trace has what the learner did, and nothing besides. */
export const calm: SimulatedClientOptions = {
  keepAlive: 0,
  assignedTopicAliases: 0,
  // Delays are random up to the bound, which the first exercises do not need.
  reconnect: { min: 1_000, max: 1_000 },
}

/** Options of a client that keeps its session for an hour. */
export const lasting: SimulatedClientOptions = { ...calm, cleanStart: false, sessionExpiry: 3_600 }

export const latency = 100

export const home: WorldOptions = { latency, clients: { sensor: calm, dashboard: calm } }

export const lastingHome: WorldOptions = { latency, clients: { sensor: lasting, dashboard: lasting } }

type Publish = Extract<Action, { type: 'publish' }>

/** The sensor publishes a temperature. */
export const publish = (payload: string, more: Partial<Publish> = {}): Publish => ({
  type: 'publish',
  client: 'sensor',
  topic: kitchen,
  payload,
  ...more,
})

/** The dashboard subscribes. */
export const subscribe = (filter: string, qos: 0 | 1 | 2 = 0): Action => ({
  type: 'subscribe',
  client: 'dashboard',
  filter,
  qos,
})

/** A link that breaks, and both hosts learn of it soon. */
export const cut = (client: string): Action => ({ type: 'cut', client, clientLearns: 300, brokerLearns: 300 })

/** A link that is dead for twenty seconds. The broker learns of it at once, the client then. */
export const longCut = (client: string): Action => ({ type: 'cut', client, clientLearns: 20_000, brokerLearns: 300 })

/** Until a client is back after a long cut. */
export const untilBack = { type: 'wait', milliseconds: 25_000 } as const

/** A link on which nothing arrives for a time. Then all does. */
export const stall = (client: string, milliseconds: number): Action => ({ type: 'stall', client, milliseconds })

export const nextPacket: Offer = { id: 'packet', does: () => 'packet' }

/** Lets time pass until nothing is about to happen. */
export const letRun: Offer = { id: 'settle', does: () => [settle] }
