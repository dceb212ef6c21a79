// The outcome of a request of the user.
import { type Problem, problemOf } from './problem.ts'
import { Signal } from './signal.ts'

export type Outcome =
  | { readonly type: 'none' }
  | { readonly type: 'waiting'; readonly text: string }
  | { readonly type: 'done'; readonly text: string }
  | { readonly type: 'failed'; readonly problem: Problem }

/** The words for each way that a request can go. */
export interface Words {
  readonly waiting: string
  /** Or a function, for what is known only then. */
  readonly done: string | (() => string)
  readonly failed: string
}

/** The outcome of the newest request; older ones that settle later do not replace it. */
export class LastOutcome extends Signal<Outcome> {
  #count = 0

  constructor() {
    super({ type: 'none' })
  }

  /** Runs `request` and says how it went; never rejects. */
  async follow(words: Words, request: () => Promise<unknown>): Promise<boolean> {
    this.#count += 1
    const mine = this.#count
    const say = (outcome: Outcome) => {
      if (mine === this.#count) this.value = outcome
    }
    say({ type: 'waiting', text: words.waiting })
    try {
      await request()
      say({ type: 'done', text: typeof words.done === 'string' ? words.done : words.done() })
      return true
    } catch (error) {
      say({ type: 'failed', problem: problemOf(error, words.failed) })
      return false
    }
  }

  /** A success does not hold any more; a failure still does. */
  forgetDone(): void {
    if (this.value.type === 'done') this.value = { type: 'none' }
  }

  clear(): void {
    this.#count += 1
    this.value = { type: 'none' }
  }
}
