// A world on a page: it plays, stands still, steps, and is looked back at.
import type { Trace } from 'wasmqtt/elements'
import { type Branch, type Choice, type Snapshot, World, type WorldOptions } from 'wasmqtt/simulator'
import { cutAt, cutOf, type IdleProxy } from './idle-proxy.ts'
import { Leg } from './pace.ts'
import { type Item, isPassing, isQuiet, perform, type Script } from './script.ts'

/** Milliseconds of the page that count for a frame, at most. A hidden page gets no frames. */
const FRAME_MS_MAX = 800

export class Stage {
  speed = 1
  isPlaying = false
  /** Moment that is looked at; undefined is the present. */
  seen: number | undefined
  /** Number of entries of the start. Later ones are judged. */
  readonly from: number
  #world: World
  #trace: Trace | undefined
  #frame = 0
  #last: number | undefined
  #leg: Leg | undefined
  /** Moment up to which the world plays on by itself; undefined is until it is quiet. */
  #until: number | undefined
  /** Proxy that may cut a link until then. */
  #proxy: IdleProxy | undefined
  readonly #isLive: boolean
  readonly #changed: () => void
  /** Matches for a reader who wants little motion, whose clock jumps from event to event. */
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)')

  /**
   * @param isLive true if the world goes on at the end of its trace
   * @param changed called whenever the time or the trace has moved
   * @throws MqttError if the run of a link cannot be opened
   */
  constructor(options: WorldOptions, start: Script, isLive: boolean, changed: () => void, run?: string) {
    const world = new World(options)
    perform(world, start)
    this.from = world.position.entries
    this.#world = world
    this.#isLive = isLive
    this.#changed = changed
    if (run === undefined) return
    this.#world = World.fromLink(run)
    world.free()
  }

  get trace(): Trace {
    this.#trace ??= this.#world.trace()
    return this.#trace
  }

  get world(): World {
    return this.#world
  }

  /** Moment that is drawn. */
  get now(): number {
    return this.seen ?? this.trace.now
  }

  /** True if nothing more comes by itself. */
  get isAtEnd(): boolean {
    return this.seen === undefined && (!this.#isLive || isQuiet(this.#world))
  }

  /** Returns the state of all actors at the moment that is drawn. */
  snapshot(): Snapshot {
    return this.#atSeen(world => world.snapshot())
  }

  /** Returns the pending events at the moment that is drawn, and the trace of until then. */
  pending(): { readonly trace: Trace; readonly choices: Choice[] } {
    return this.#atSeen(world => ({ trace: world.trace(), choices: world.choices() }))
  }

  /** Makes a pending event the next. In the past that is looked at, it goes on differently. */
  choose(index: number): void {
    this.#goOn()
    this.#world.choose(index)
    this.#moved()
  }

  get branches(): Branch[] {
    return this.#world.branches()
  }

  /** Goes to the end of a branch. */
  switchTo(branch: string): void {
    this.pause()
    this.seen = undefined
    this.#world.switchTo(branch)
    this.#moved()
  }

  /** The whole run as the text of a link. */
  get link(): string {
    return this.#world.toLink()
  }

  /**
   * Does something now, or in the past that is looked at, from where it goes on differently.
   *
   * @throws OptionError or MqttError if it cannot be done
   */
  act(items: readonly Item[], isStill: boolean): void {
    this.#goOn()
    for (const item of items) {
      if (!isPassing(item)) this.#world.act(item)
      else if (item.type === 'wait') {
        this.#until = this.#world.now + item.milliseconds
        this.#proxy = item.proxy
      }
    }
    this.#moved()
    if (!isStill || items.some(isPassing)) this.play()
  }

  /** Does a script at once. */
  perform(script: Script): void {
    perform(this.#world, script)
    this.#moved()
  }

  play(): void {
    if (this.seen === undefined && !this.#isLive) this.seen = 0
    if (this.isPlaying) return
    this.isPlaying = true
    this.#last = undefined
    this.#frame = requestAnimationFrame(this.#tick)
    this.#changed()
  }

  pause(): void {
    this.isPlaying = false
    cancelAnimationFrame(this.#frame)
    this.#changed()
  }

  /** Looks at a moment. */
  look(time: number): void {
    this.isPlaying = false
    cancelAnimationFrame(this.#frame)
    this.seen = time >= this.trace.now ? undefined : Math.max(0, time)
    this.#changed()
  }

  /** Goes on to the next event, the next packet, or the next timer. */
  step(unit: string): void {
    this.pause()
    const isWanted = (type: string) => unit === 'event' || type === unit
    if (this.seen !== undefined) {
      const { entries } = this.trace
      const next = entries.find(({ at, type }) => at > (this.seen ?? 0) && isWanted(type))
      this.look(next?.at ?? this.trace.now)
      return
    }
    if (!this.#isLive) return
    if (unit === 'packet') this.#world.stepToPacket()
    else if (unit === 'timer') this.#world.stepToTimer()
    else this.#world.step()
    this.#moved()
  }

  free(): void {
    this.isPlaying = false
    cancelAnimationFrame(this.#frame)
    this.#world.free()
  }

  #atSeen<T>(read: (world: World) => T): T {
    const world = this.#world
    if (this.seen === undefined) return read(world)
    const { branch } = world.position
    world.rewind(this.seen)
    const found = read(world)
    world.switchTo(branch)
    return found
  }

  /** Makes the moment that is looked at the present. */
  #goOn(): void {
    if (this.seen !== undefined) this.#world.rewind(this.seen)
    this.seen = undefined
    this.#until = undefined
  }

  #moved(): void {
    this.#trace = undefined
    this.#changed()
  }

  readonly #tick = (time: number): void => {
    if (!this.isPlaying) return
    this.#frame = requestAnimationFrame(this.#tick)
    const passed = time - (this.#last ?? time)
    this.#last = time
    this.#advance(Math.min(passed, FRAME_MS_MAX) * this.speed)
  }

  /** Lets milliseconds of the page pass, over as many events as they reach. */
  #advance(passed: number): void {
    for (let left = passed; this.isPlaying; left = this.#leg?.rest ?? 0) {
      const next = this.#next()
      if (next === undefined) {
        this.pause()
        return
      }
      if (this.#leg?.to !== next || this.#leg.at !== this.now) this.#leg = new Leg(this.now, next)
      const leg = this.#leg
      leg.advance(left)
      const isThere = leg.at === next
      if (this.#calm.matches && !isThere) leg.at = this.now
      if (isThere || leg.at > this.now) this.#go(leg.at)
      if (!isThere || leg.rest === 0) return
    }
  }

  /** Goes on to a moment; at the present, lets an event happen. */
  #go(time: number): void {
    const { now } = this
    if (this.seen !== undefined) {
      const isEnd = time >= this.trace.now
      this.seen = isEnd ? undefined : time
      if (isEnd && !this.#isLive) this.isPlaying = false
      this.#changed()
    } else if (time > now) {
      this.#world.run(time - now)
      this.#moved()
    } else if (this.#proxy && this.#cutAt() === now) {
      this.#world.act(cutOf(this.#proxy))
      this.#moved()
    } else {
      this.#world.step()
      this.#moved()
    }
  }

  /** Moment of the next change; undefined if there is none to wait for. */
  #next(): number | undefined {
    const { seen } = this
    if (seen !== undefined) {
      const times = this.trace.entries.flatMap(entry =>
        entry.type === 'packet' ? [entry.at, entry.arrivesAt] : [entry.at],
      )
      return Math.min(this.trace.now, ...times.filter(time => time > seen))
    }
    if (!this.#isLive) return undefined
    const { now, nextAt } = this.#world.position
    const until = this.#until
    if (until !== undefined && now < until) return Math.min(until, nextAt ?? until, this.#cutAt() ?? until)
    return isQuiet(this.#world) ? undefined : nextAt
  }

  /** Moment at which the proxy cuts, if nothing passes until then. */
  #cutAt(): number | undefined {
    const at = this.#proxy && cutAt(this.#world, this.#proxy)
    return at === undefined ? undefined : Math.max(at, this.#world.now)
  }
}
