// Election of the tab that leads, by Web Locks.

/** Time in which a tab that leads must answer, or its lock is taken. */
const SILENCE_MS = 4000
/** Time between two questions to it. */
const BEAT_MS = 1000
/** Time for the news of another tab that has taken the lock. */
const NEWS_MS = 200
/** A timer that is this late shows that this tab itself was asleep. */
const ASLEEP_MS = 3000

/** Callbacks of an election. */
interface Candidate {
  lead(): void
  /** Called when another tab has taken the lock. */
  lost(): void
  /** Asks the tab that leads for a sign of life. */
  ask(): void
  onError(error: unknown): void
}

/**
 * A tab's part in electing the one that leads: the tab that holds a lock. A lock is free when its
 * tab closes or crashes, and the next tab in the queue has it at once.
 *
 * A tab that is frozen keeps its lock but answers nothing, so another tab takes it.
 */
export class Election {
  #request: AbortController | undefined
  /** Releases the lock, while this tab holds it. */
  #release: (() => void) | undefined
  /** Identifier of this page among those that hold locks. */
  #page: Promise<string | undefined> = Promise.resolve(undefined)
  #beat: ReturnType<typeof setInterval> | undefined
  #ticked = 0
  #heard = performance.now()
  #isOver = false

  readonly #locks: LockManager
  readonly #name: string
  readonly #candidate: Candidate

  constructor(locks: LockManager, name: string, candidate: Candidate) {
    this.#locks = locks
    this.#name = name
    this.#candidate = candidate
  }

  get isLeader(): boolean {
    return this.#release !== undefined
  }

  /** Waits for the lock, and watches the tab that has it. */
  begin(): void {
    if (this.#isOver) return
    this.#request = new AbortController()
    this.#ask({ signal: this.#request.signal })
    this.#heard = this.#ticked = performance.now()
    this.#beat ??= setInterval(() => this.#tick(), BEAT_MS)
  }

  /** Notes a sign of life of the tab that leads. */
  heard(): void {
    this.#heard = performance.now()
  }

  /** Lets the lock go, or leaves the queue for it. */
  resign(): void {
    this.#request?.abort()
    this.#release?.()
    this.#release = undefined
  }

  end(): void {
    this.#isOver = true
    this.resign()
    clearInterval(this.#beat)
  }

  /** True if no other page has taken the lock. */
  async holds(): Promise<boolean> {
    const { held = [] } = await this.#locks.query()
    const holder = held.find(({ name }) => name === this.#name)
    return this.isLeader && holder?.clientId === (await this.#page)
  }

  /** Waits for the lock, and leads until it is released or taken. */
  async #ask(options: LockOptions, onHeld?: () => void): Promise<void> {
    let release: (() => void) | undefined
    const hold = () => {
      if (this.#isOver) return
      const released = new Promise<void>(resolve => {
        release = this.#release = resolve
      })
      this.#page = this.#locks.query().then(({ held = [] }) => held.find(({ name }) => name === this.#name)?.clientId)
      onHeld?.()
      this.#candidate.lead()
      return released
    }
    try {
      await this.#locks.request(this.#name, options, hold)
    } catch (error) {
      // Without a lock this was the queue for it, which the tab has left.
      if (!release && (error as Error).name !== 'AbortError') this.#candidate.onError(error)
      if (!release || this.#release !== release) return
      this.#release = undefined
      this.#candidate.lost()
    }
  }

  #tick(): void {
    const now = performance.now()
    const wasAsleep = now - this.#ticked > ASLEEP_MS
    this.#ticked = now
    if (this.isLeader) return
    // News that was sent meanwhile is not read yet.
    if (wasAsleep) this.#heard = now
    this.#candidate.ask()
    if (now - this.#heard > SILENCE_MS) this.#take()
  }

  /** Takes the lock from a tab that is silent, one tab at a time. */
  async #take(): Promise<void> {
    this.#heard = performance.now()
    const since = this.#heard
    const take = async () => {
      await new Promise(resolve => setTimeout(resolve, NEWS_MS))
      if (this.#heard > since || this.isLeader || this.#isOver) return
      this.#request?.abort()
      await new Promise<void>(resolve => void this.#ask({ steal: true }, resolve).then(resolve))
    }
    await this.#locks.request(`${this.#name}/take`, { ifAvailable: true }, lock => (lock ? take() : undefined))
  }
}
