// The clock of a world: it runs, stands still, steps to the next event, and is told by frames.

interface Due {
  readonly at: number
  readonly run: () => void
  isCancelled: boolean
}

/** Milliseconds between two updates for a user who wants little motion. */
const CALM_MS = 250

export class Clock {
  /** Milliseconds of the world. */
  now = 0
  speed = 1
  #due: Due[] = []
  #isPlaying = false
  #frame = 0
  #last: number | undefined
  #isBusy = false
  readonly #onTick: () => void
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)')

  /** @param onTick called whenever the time has moved */
  constructor(onTick: () => void) {
    this.#onTick = onTick
  }

  get isPlaying(): boolean {
    return this.#isPlaying
  }

  /** Runs something after so many milliseconds; the function returned cancels it. */
  after(milliseconds: number, run: () => void): () => void {
    const due: Due = { at: this.now + milliseconds, run, isCancelled: false }
    const place = this.#due.findIndex(({ at }) => at > due.at)
    this.#due.splice(place < 0 ? this.#due.length : place, 0, due)
    return () => {
      due.isCancelled = true
    }
  }

  play(): void {
    if (this.#isPlaying) return
    this.#isPlaying = true
    this.#last = undefined
    this.#frame = requestAnimationFrame(this.#tick)
  }

  pause(): void {
    this.#isPlaying = false
    cancelAnimationFrame(this.#frame)
  }

  /** Goes on to the next event. False if none is pending. */
  async step(): Promise<boolean> {
    const next = this.#next()
    if (!next) return false
    await this.#runUntil(next.at)
    return true
  }

  readonly #tick = (time: number): void => {
    if (!this.#isPlaying) return
    this.#frame = requestAnimationFrame(this.#tick)
    const passed = time - (this.#last ?? time)
    if (this.#isBusy || (this.#calm.matches && this.#last !== undefined && passed < CALM_MS)) return
    this.#last = time
    // A hidden page gets no frames; the world then stands still.
    void this.#runUntil(this.now + Math.min(passed, 2 * CALM_MS) * this.speed)
  }

  async #runUntil(time: number): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    for (let next = this.#next(); next && next.at <= time; next = this.#next()) {
      this.#due.shift()
      this.now = Math.max(this.now, next.at)
      next.run()
      // The client and the broker answer in tasks of their own, at the same moment of the world.
      await settled()
    }
    this.now = Math.max(this.now, time)
    this.#isBusy = false
    this.#onTick()
  }

  #next(): Due | undefined {
    while (this.#due[0]?.isCancelled) this.#due.shift()
    return this.#due[0]
  }
}

/** Resolves once the tasks that are pending have run. */
export const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 4))
