import { MqttError } from '../util/errors.js'
import { text } from '../util/validate.js'
import { brokerLoader } from '../wasm/broker-module.js'
import { thrownError } from '../wasm/to-error.js'

/** How a level of a filter and a level of a topic compare (MQTT 5.0 §4.7). */
export interface LevelExplanation {
  /** Left out behind the filter's end. */
  readonly filter?: string | undefined
  /** For `#` all levels that are left. Left out behind the topic's end. */
  readonly topic?: string | undefined
  readonly verdict: 'equal' | 'plus' | 'hash' | 'differs' | 'topic-ended' | 'filter-ended' | 'dollar-hidden'
}

/** Why a filter matches a topic, or why not. */
export interface Explanation {
  readonly matches: boolean
  /** One entry a level, up to the one that decides. */
  readonly levels: readonly LevelExplanation[]
}

/** Loads the module, for {@link explain}. The others do that by themselves. */
export async function load(): Promise<void> {
  await brokerLoader.load()
}

/**
 * Compares a filter with a topic level by level.
 *
 * @throws OptionError if one of them is none; MqttError if the module is not loaded: `await load()`.
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
