import type { LevelExplanation } from '../broker/explain.js'
import { optionError, text } from '../util/validate.js'
import { call, glue } from './module.js'

/** The trie's nodes that a topic's level leads to. */
export interface MatchingLevel {
  /** Level of the topic; undefined after its end. */
  readonly topic?: string
  /** Beginnings of filters that still may match, or do. */
  readonly cursors: readonly string[]
}

/** Result for one filter. */
export interface FilterMatch {
  readonly filter: string
  readonly matches: boolean
  /** Comparisons by level, up to the one that decides. */
  readonly levels: readonly LevelExplanation[]
  /** First level that does not match, from 1. */
  readonly failedLevel?: number
  /** Why it does not match, in one sentence. */
  readonly reason?: string
}

/** The way of a topic through a trie of filters (MQTT 5.0 §4.7). */
export interface Matching {
  readonly levels: readonly MatchingLevel[]
  /** In the order of the call. */
  readonly filters: readonly FilterMatch[]
}

/**
 * Compares a topic with filters, level by level, as the broker's router does.
 *
 * @throws OptionError if the topic or a filter is invalid; MqttError before `await load()`.
 */
export function explain(topic: string, filters: readonly string[]): Matching {
  text(topic, 'topic')
  if (!Array.isArray(filters)) throw optionError('filters', filters, 'it must be an array of topic filters')
  const checked = filters.map((filter, index) => text(filter, `filters[${index}]`))
  return call(() => glue().explainAll(topic, checked)) as Matching
}
