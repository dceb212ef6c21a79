import { MqttError } from '../util/errors.js'
import { nextTask } from '../util/next-task.js'
import type { WorldSockets } from './sockets.js'
import type { Position } from './state.js'

/** Lets milliseconds pass on the fake timers of a test. */
export type Tick = (milliseconds: number) => unknown

/** A world whose time is to pass. */
interface Timed {
  readonly position: Position
  run(time: number): void
  step(): boolean
}

/** The pace of a world and of the clients of its sockets, together. @internal */
export class Pace {
  readonly #world: Timed
  readonly #sockets: WorldSockets
  readonly #tick: Tick | undefined
  /** The time of a tick that runs: its begin on both clocks, and its end on the world's. */
  #ticking: { readonly from: number; readonly hostFrom: number; readonly until: number } | undefined
  #wake: ReturnType<typeof setTimeout> | undefined
  #isAdvancing = false

  constructor(world: Timed, sockets: WorldSockets, tick: Tick | undefined) {
    this.#world = world
    this.#sockets = sockets
    this.#tick = tick
  }

  /** Lets time pass, and the host's tasks run after the events of each moment. */
  async advance(time: number): Promise<void> {
    if (this.#isAdvancing) throw new MqttError('advance() runs already; await it before the next call')
    this.#isAdvancing = true
    try {
      const end = this.#world.position.now + time
      await this.#sockets.settle()
      for (let isDone = false; !isDone; ) {
        const { now, nextAt = end } = this.#world.position
        const until = Math.min(Math.max(nextAt, now), end)
        if (this.#tick && until > now) await this.#pass(this.#tick, now, until)
        this.#reach(until)
        await this.#sockets.settle()
        const { now: reached, nextAt: next = Number.POSITIVE_INFINITY } = this.#world.position
        isDone = reached === end && next > end
      }
    } finally {
      this.#isAdvancing = false
    }
  }

  /** Comes to the host's time, before an action of a client whose timer has run in a tick. */
  follow(): void {
    const now = this.#hostTime()
    if (now === undefined) return
    const behind = now - this.#world.position.now
    if (behind > 0) this.#world.run(behind)
    // What the action brings may be due before the tick is over.
    this.#wakeIn(0)
  }

  /** Lets time pass on fake timers, up to the world's next event. */
  async #pass(tick: Tick, from: number, until: number): Promise<void> {
    this.#ticking = { from, hostFrom: Date.now(), until }
    try {
      // The first shows whether the fake timers run promises between two of them.
      const first = tick(1)
      await first
      const rest = until - from - 1
      if (first instanceof Promise) await tick(rest)
      else for (let passed = 0; passed < rest; passed++) await this.#passOne(tick)
    } finally {
      this.#ticking = undefined
      clearTimeout(this.#wake)
    }
  }

  /** Lets the host's tasks run, and then a millisecond pass. */
  async #passOne(tick: Tick): Promise<void> {
    await new Promise<void>(nextTask)
    tick(1)
  }

  /** Returns the world's time for the host's, during a tick. */
  #hostTime(): number | undefined {
    if (!this.#ticking) return undefined
    const { from, hostFrom, until } = this.#ticking
    return Math.min(from + Math.max(Date.now() - hostFrom, 0), until)
  }

  /** Lets the events happen that are due on the fake timers, and waits for the next. */
  #onWake(): void {
    const now = this.#hostTime()
    if (now === undefined || !this.#ticking) return
    this.#reach(now)
    this.#sockets.runTasks()
    const { now: reached, nextAt } = this.#world.position
    if (nextAt !== undefined && nextAt < this.#ticking.until) this.#wakeIn(Math.max(nextAt - reached, 0))
  }

  #wakeIn(time: number): void {
    clearTimeout(this.#wake)
    this.#wake = setTimeout(() => this.#onWake(), time)
  }

  /** Comes to a time, or lets the first event happen that is due without time. */
  #reach(time: number): void {
    const { now, nextAt } = this.#world.position
    if (time > now) this.#world.run(time - now)
    else if (nextAt !== undefined && nextAt <= now) this.#world.step()
  }
}
