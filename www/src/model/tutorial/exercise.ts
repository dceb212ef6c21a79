// An exercise as data: predict, run, see why, solve. Its words stand in `texts/`.
import type { Action, WorldOptions } from 'wasmqtt/simulator'
import type { Belief } from './beliefs.ts'
import type { Concept } from './concepts.ts'
import type { Facts } from './facts.ts'
import type { Item, Script } from './script.ts'

/** Finds an entry of the trace, as evidence. */
export type Find = (facts: Facts) => number | undefined

/** An answer to choose before the run. One without a belief is right. */
export interface Option {
  readonly id: string
  readonly belief?: Belief
  /** Entry that confirms the answer, or contradicts it. */
  readonly evidence: Find
}

/** An entry that the explanation points at. */
export interface Point {
  readonly id: string
  readonly find: Find
}

export type Value = string | number | boolean
export type Values = Readonly<Record<string, Value>>

/** A field of an offer: a text, a choice, or a mark. */
export type Field =
  | { readonly id: string; readonly type: 'text'; readonly initial: string }
  | {
      readonly id: string
      readonly type: 'choice'
      readonly values: readonly (string | number)[]
      readonly initial: Value
    }
  | { readonly id: string; readonly type: 'check'; readonly initial: boolean }

/** Something that the learner can do in the world. */
export interface Offer {
  readonly id: string
  readonly fields?: readonly Field[]
  /** Actions and time; `packet` goes on to the next packet. */
  readonly does: (values: Values) => readonly Item[] | 'packet'
}

/** A wrong turn that the trace shows. */
export interface Mistake {
  readonly id: string
  readonly belief: Belief
  /** Entry that contradicts the belief; undefined if the turn was not taken. */
  readonly find: Find
}

export interface Task {
  /** Script before the learner may act. The exercise's start, if absent. */
  readonly start?: Script
  readonly world?: WorldOptions
  readonly offers: readonly Offer[]
  /** True if the world stands still after an action, until the learner lets it go on. */
  readonly isStepwise?: boolean
  /** Entry with which it is solved. */
  readonly goal: Find
  readonly mistakes: readonly Mistake[]
  readonly solution: Script
  /** Wrong answers, by the mistake that each makes. */
  readonly wrong: readonly { readonly mistake: string; readonly script: Script }[]
}

/** An exercise; what it teaches and needs stands in `outline.ts`. */
export interface Exercise {
  readonly id: string
  readonly world: WorldOptions
  readonly start: Script
  /** Script that is shown after the prediction. */
  readonly show: Script
  readonly options: readonly Option[]
  readonly points: readonly Point[]
  readonly task: Task
  /** Panel below the packets: filters against topics, both sides of a session, a will. */
  readonly panel?: { readonly type: 'topics' } | { readonly type: 'session' | 'will'; readonly client: string }
}

/** A question that is asked again later. The first option of the texts with this name is right. */
export interface Recall {
  readonly id: string
  readonly options: readonly string[]
  readonly right: string
}

export interface Chapter {
  readonly id: string
  readonly exercises: readonly Exercise[]
  readonly recall: readonly Recall[]
}

/** Returns the concepts that a script's actions take. */
export function conceptsOf(script: Script): Set<Concept> {
  const found = new Set<Concept>()
  for (const item of script) for (const concept of conceptsOfItem(item)) found.add(concept)
  return found
}

const ofType: Partial<Record<Item['type'], Concept>> = {
  add: 'connect',
  publish: 'publish',
  subscribe: 'publish',
  unsubscribe: 'publish',
  disconnect: 'will',
  kill: 'connect',
  reload: 'session',
  restart: 'session',
  cut: 'connect',
  stall: 'connect',
  'black-hole': 'half-open',
}

function conceptsOfItem(item: Item): Concept[] {
  const found = [ofType[item.type]].filter(concept => concept !== undefined)
  const { qos, retain, filter, options, properties } = item as Partial<Record<string, unknown>> & Partial<Action>
  if (qos === 1) found.push('qos-1')
  if (qos === 2) found.push('qos-2')
  if (retain) found.push('retained')
  if (typeof filter === 'string' && filter.includes('+')) found.push('plus')
  if (typeof filter === 'string' && filter.includes('#')) found.push('hash')
  const { will, keepAlive, sessionExpiry } = (options ?? {}) as Record<string, unknown>
  if (will) found.push('will')
  if (keepAlive) found.push('half-open')
  if (sessionExpiry) found.push('session')
  const { messageExpiryInterval } = (properties ?? {}) as Record<string, unknown>
  if (messageExpiryInterval !== undefined) found.push('expiry')
  if (item.type === 'disconnect' && item.reasonCode === 4) found.push('will-kept')
  return found
}
