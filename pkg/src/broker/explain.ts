import { MqttError } from '../util/errors.js'
import { text } from '../util/validate.js'
import { brokerLoader } from '../wasm/broker-module.js'
import { thrownError } from '../wasm/to-error.js'

/** Comparison of a level of a filter with a level of a topic (MQTT 5.0 §4.7). */
export interface LevelExplanation {
  /** Level of the filter; undefined after its end. */
  readonly filter?: string | undefined
  /** Level of the topic; undefined after its end. For `#` all levels that are left. */
  readonly topic?: string | undefined
  readonly verdict: 'equal' | 'plus' | 'hash' | 'differs' | 'topic-ended' | 'filter-ended' | 'dollar-hidden'
}

/** Explanation why a filter matches a topic, or not. */
export interface Explanation {
  readonly matches: boolean
  /** Comparisons by level, up to the one that decides. */
  readonly levels: readonly LevelExplanation[]
}

/**
 * Compares a filter with a topic level by level.
 *
 * @throws OptionError if either is invalid; MqttError before `await load()`.
 */
export function explain(filter: string, topic: string): Explanation {
  const { engine } = brokerLoader
  if (!engine) throw new MqttError('the WebAssembly module is not loaded; await load() first')
  text(filter, 'filter')
  text(topic, 'topic')
  try {
    return engine.glue.explain(filter, topic) as Explanation
  } catch (error) {
    throw thrownError(error, { kind: 'explain', filter, topic })
  }
}
