// Progress of the learner, kept in the browser, or where storage is denied by the page.

const KEY = 'wasmqtt-tutorial'

/** The part of `Storage` that is used. */
export interface Store {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

interface Kept {
  /** Exercises that were solved, and the answers that were chosen first, by `chapter/exercise`. */
  readonly solved: readonly string[]
  readonly answers: Readonly<Record<string, string>>
  /** Chapters whose questions were all answered rightly. */
  readonly recalled: readonly string[]
}

const nothing: Kept = { solved: [], answers: {}, recalled: [] }

export class Progress {
  /** True if nothing can be kept beyond this page. */
  isDenied = false
  #kept: Kept = nothing
  #store: Store | undefined

  /** @param open returns the storage, and may throw where it is denied */
  constructor(open: () => Store) {
    try {
      this.#store = open()
      this.#kept = read(this.#store.getItem(KEY))
    } catch {
      this.isDenied = true
    }
  }

  isSolved(exercise: string): boolean {
    return this.#kept.solved.includes(exercise)
  }

  isRecalled(chapter: string): boolean {
    return this.#kept.recalled.includes(chapter)
  }

  /** Returns the answer that was chosen first. */
  answer(exercise: string): string | undefined {
    return this.#kept.answers[exercise]
  }

  solve(exercise: string): void {
    if (!this.isSolved(exercise)) this.#keep({ ...this.#kept, solved: [...this.#kept.solved, exercise] })
  }

  recall(chapter: string): void {
    if (!this.isRecalled(chapter)) this.#keep({ ...this.#kept, recalled: [...this.#kept.recalled, chapter] })
  }

  choose(exercise: string, answer: string): void {
    if (this.answer(exercise) !== undefined) return
    this.#keep({ ...this.#kept, answers: { ...this.#kept.answers, [exercise]: answer } })
  }

  /** Forgets all. */
  clear(): void {
    this.#keep(nothing)
  }

  #keep(kept: Kept): void {
    this.#kept = kept
    try {
      this.#store?.setItem(KEY, JSON.stringify(kept))
    } catch {
      this.isDenied = true
    }
  }
}

/** Reads what was kept. Damaged text counts as nothing. */
function read(text: string | null): Kept {
  try {
    const given: unknown = JSON.parse(text ?? '{}')
    const { solved, answers, recalled } = (typeof given === 'object' && given !== null ? given : {}) as Partial<Kept>
    return { solved: texts(solved), answers: { ...answers }, recalled: texts(recalled) }
  } catch {
    return nothing
  }
}

const texts = (given: unknown): string[] =>
  Array.isArray(given) ? given.filter((one): one is string => typeof one === 'string') : []
