// Which topics a filter matches, and why not, as the core explains it.
import { explain, type LevelExplanation, load } from 'wasmqtt/broker'
import { type Problem, problemOf } from './problem.ts'
import { type Readable, Signal } from './signal.ts'

/** How one level of the filter and one of the topic compare. */
export type { LevelExplanation as LevelVerdict }

/** The result of the filter for one topic. */
export interface TopicVerdict {
  readonly topic: string
  readonly matches: boolean
  /** Up to the level that decides. */
  readonly levels: readonly LevelExplanation[]
  /** Set where the topic itself is wrong. */
  readonly problem?: Problem
}

/** A filter against a list of topics. */
export interface FilterReport {
  readonly filter: string
  readonly topics: readonly TopicVerdict[]
  /** Set where the filter itself is wrong. */
  readonly problem?: Problem
}

const topicsMax = 50

/** Holds a filter and topics, and asks the core about them at each change. */
export class FilterCheck {
  readonly #report: Signal<FilterReport>
  #loaded = false

  constructor(filter: string, topics: readonly string[]) {
    this.#report = new Signal({ filter, topics: topics.map(unknown) })
  }

  get report(): Readable<FilterReport> {
    return this.#report
  }

  /** Loads the module, then explains. */
  async start(): Promise<void> {
    try {
      await load()
      this.#loaded = true
      this.#explain(
        this.#report.value.filter,
        this.#report.value.topics.map(({ topic }) => topic),
      )
    } catch (error) {
      this.#report.value = { ...this.#report.value, problem: problemOf(error, 'The module did not load') }
    }
  }

  setFilter(filter: string): void {
    this.#explain(
      filter,
      this.#report.value.topics.map(({ topic }) => topic),
    )
  }

  addTopic(topic: string): void {
    const { filter, topics } = this.#report.value
    const others = topics.map(other => other.topic).filter(other => other !== topic)
    this.#explain(filter, [...others, topic].slice(-topicsMax))
  }

  removeTopic(topic: string): void {
    const { filter, topics } = this.#report.value
    const others = topics.map(other => other.topic).filter(other => other !== topic)
    this.#explain(filter, others)
  }

  #explain(filter: string, topics: readonly string[]): void {
    if (!this.#loaded) {
      this.#report.value = { filter, topics: topics.map(unknown) }
      return
    }
    try {
      // A wrong filter is told apart from a wrong topic by a topic that is always right.
      explain(filter, 'a')
      this.#report.value = { filter, topics: topics.map(topic => verdictOf(filter, topic)) }
    } catch (error) {
      const problem = problemOf(error, 'This is not a topic filter')
      this.#report.value = { filter, topics: topics.map(unknown), problem }
    }
  }
}

const unknown = (topic: string): TopicVerdict => ({ topic, matches: false, levels: [] })

function verdictOf(filter: string, topic: string): TopicVerdict {
  try {
    return { topic, ...explain(filter, topic) }
  } catch (error) {
    return { ...unknown(topic), problem: problemOf(error, 'This is not a topic name') }
  }
}
