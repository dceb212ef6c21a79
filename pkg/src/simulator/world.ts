import { type BrokerOptions, readBrokerOptions } from '../broker/options.js'
import type { MonitorView, QoS, Trace, TraceEntry } from '../elements/types.js'
import {
  bool,
  fields,
  func,
  integer,
  optionError,
  positive32,
  qos,
  signal,
  text,
  uint32,
  type Validator,
} from '../util/validate.js'
import type { WorldCore } from '../wasm/interface.js'
import { type Action, readAction, type SimulatedClientOptions } from './actions.js'
import { call, glue, typed } from './module.js'
import { Pace, type Tick } from './pace.js'
import type { Snapshot } from './snapshot.js'
import { WorldSockets, type WorldWebSocket } from './sockets.js'
import type { Branch, Choice, Position } from './state.js'

/** A message that a client's handlers were given. */
export interface SimulatedMessage {
  readonly topic: string
  readonly payload: Uint8Array
}

/** Options of a broker that need a host or a store. */
type Hook = 'store' | 'users' | 'authenticate' | 'authenticateEnhanced' | 'authorize' | 'authorizeReceive'

/** Options of a world. */
export interface WorldOptions {
  /** Seed of all random numbers, a whole number from 0 to 4294967295. Default 7. */
  readonly seed?: number
  /** Milliseconds from one end of a link to the other. Default 20. */
  readonly latency?: number
  /** Random milliseconds that are added, at most. Bytes never overtake others. Default 0. */
  readonly jitter?: number
  /** True for a broker with a store, which takes some milliseconds for a batch. Default false. */
  readonly store?: boolean
  /** Length of the trace at which the clock stands. Default 1,000,000. */
  readonly traceEntries?: number
  /** Options of the broker, but for its hooks, its store, and those that a link does not carry. */
  readonly broker?: Omit<BrokerOptions, 'acl' | 'redirect' | 'responseInformation' | Hook>
  /** Clients that are there from the beginning, by client identifier. */
  readonly clients?: Readonly<Record<string, SimulatedClientOptions>>
  /**
   * Lets milliseconds pass on the fake timers of a test, for `advance()`: with Vitest
   * `milliseconds => vi.advanceTimersByTimeAsync(milliseconds)`. `Date` must be faked too.
   *
   * Without a promise it is called for one millisecond at a time, so that tasks run in between.
   */
  readonly tick?: Tick
}

/** Options of a long run. */
export interface RunOptions {
  /** Called now and then with the world's time. */
  readonly onProgress?: (now: number) => void
  /** Stops the run, which then rejects with the signal's reason. The world stays where it is. */
  readonly signal?: AbortSignal
}

/** Options of playback. */
export interface PlayOptions {
  /** Milliseconds of the world in one of the page. Default 1. */
  readonly speed?: number
  /** Called after each frame with the world's time. */
  readonly onFrame?: (now: number) => void
  /** Stops the playback, which then resolves. */
  readonly signal?: AbortSignal
}

/** Options that a simulated broker does not have. */
const absent = [
  'store',
  'users',
  'authenticate',
  'authenticateEnhanced',
  'authorize',
  'authorizeReceive',
  'acl',
  'redirect',
  'responseInformation',
]

/** Milliseconds of a world's clock. Beyond it JavaScript does not count exactly. */
const milliseconds = integer(0, Number.MAX_SAFE_INTEGER)

const speed: Validator<number> = (value, name) => {
  if (typeof value === 'number' && value > 0 && value <= 1_000_000) return value
  throw optionError(name, value, 'it must be a number above 0, at most 1000000')
}

const plain: Validator<object> = (value, name) => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw optionError(name, value, 'it must be an object')
}

const worldFields = fields({
  seed: uint32,
  latency: uint32,
  jitter: uint32,
  store: bool,
  traceEntries: positive32,
  broker: plain,
  clients: plain,
  tick: func<Tick>('milliseconds => vi.advanceTimersByTimeAsync(milliseconds)'),
})
const runFields = fields({ onProgress: func<(now: number) => void>('now => {}'), signal })
const playFields = fields({ speed, onFrame: func<(now: number) => void>('now => {}'), signal })

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Index behind each entry of a trace. */
const LAST = 4_294_967_295
/** Number that no link has. */
const NO_LINK = 4_294_967_295

/** Moments of work for the next rewind, in one task of the page. */
const TENDED = 500

/**
 * A broker and its clients on a clock of their own, over links with the faults of real networks.
 *
 * Nothing happens by itself: `act` does what a user or the network does, then `step`, `run` or
 * `play` lets time pass. The same options and actions make the same trace, to the byte.
 */
export class World {
  #core: WorldCore
  readonly #sockets: WorldSockets
  readonly #pace: Pace
  #isTending = false
  #isFree = false

  /**
   * @throws OptionError if an option is wrong; MqttError before `await load()`.
   */
  constructor(options: WorldOptions = {}) {
    const { seed = 7, latency = 20, jitter = 0, store = false, ...given } = worldFields(options, 'options')
    const { traceEntries = 1_000_000, broker = {}, clients = {}, tick } = given
    for (const name of absent) {
      if (name in broker) throw optionError(`broker.${name}`, undefined, 'a simulated broker has none')
    }
    const { core } = readBrokerOptions(broker)
    const list = [seed, latency, jitter, Number(store), traceEntries, core]
    const { WorldCore } = glue()
    this.#core = call(() => new WorldCore(list))
    this.#sockets = new WorldSockets(this.#core, () => this.#pace.follow())
    this.#pace = new Pace(this, this.#sockets, tick)
    for (const [client, options] of Object.entries(clients)) this.act({ type: 'add', client, options })
  }

  /** Where the world stands. */
  get position(): Position {
    return this.#core.state() as Position
  }

  /** Milliseconds on the world's clock. */
  get now(): number {
    return this.position.now
  }

  /**
   * Does an action now. In the past it first makes a branch.
   *
   * @throws OptionError if a member is wrong; MqttError if there is no such client, it refuses or
   *   has no link, or the trace is full. The world is as before then.
   */
  act(action: Action): void {
    const list = readAction(action)
    const [type, client, bytes] = list as [string, string, Uint8Array]
    if (type === 'open') call(() => this.#core.openSocket(client))
    else if (type === 'send') call(() => this.#core.sendBytes(client, this.#linkOf(client), bytes))
    else if (type === 'close') call(() => this.#core.closeSocket(client, this.#linkOf(client)))
    else call(() => this.#core.act(list))
  }

  /**
   * Lets the next event happen. Returns false if none is pending.
   *
   * @throws MqttError if the trace is full.
   */
  step(): boolean {
    return call(() => this.#core.step())
  }

  /**
   * Steps until a packet is sent between the broker and a client, or any client without a name.
   * Returns false if nothing is pending any more.
   *
   * @throws MqttError as `step`; without such a client; or if there is no such packet within 10,000
   *   events.
   */
  stepToPacket(client?: string): boolean {
    const name = client === undefined ? undefined : text(client, 'client')
    return call(() => this.#core.stepToPacket(name))
  }

  /** Steps until a timer has run. Returns and throws as `stepToPacket`. */
  stepToTimer(): boolean {
    return call(() => this.#core.stepToTimer())
  }

  /**
   * Lets so many milliseconds pass, with all that happens in them. In the past, what was done then
   * is done again.
   *
   * @throws OptionError if the time is negative or no whole number; MqttError if the trace is full.
   */
  run(time: number): void {
    milliseconds(time, 'milliseconds')
    call(() => this.#core.run(time))
  }

  /**
   * As `run`, in slices of some milliseconds between which the page runs.
   *
   * Rejects as `run` throws, and with the signal's reason.
   */
  async runAsync(time: number, options?: RunOptions): Promise<void> {
    milliseconds(time, 'milliseconds')
    const { onProgress, signal } = runFields(options, 'options')
    signal?.throwIfAborted()
    const onSlice = (now: number) => {
      onProgress?.(now)
      return !signal?.aborted
    }
    const isDone = await this.#core.runAsync(time, onSlice).catch(thrown => Promise.reject(typed(thrown)))
    if (!isDone) signal?.throwIfAborted()
  }

  /**
   * Plays the world at a speed, until the signal stops it or the trace is full. Rejects in the
   * second case, and with the error of `onFrame`.
   */
  async play(options?: PlayOptions): Promise<void> {
    const { speed = 1, onFrame, signal } = playFields(options, 'options')
    const frame = (now: number) => {
      if (!signal?.aborted) onFrame?.(now)
      return !signal?.aborted
    }
    await this.#core.play(speed, frame).catch(thrown => Promise.reject(typed(thrown)))
  }

  /**
   * Returns a class of WebSockets to the world's broker, for code that is not simulated: this
   * package's client, MQTT.js, or any other. Use it in `createWebSocket`, or put it in the place
   * of the global `WebSocket`.
   *
   * The name is for the network of that code, in the actions of faults and in the trace. Its
   * connections run over links of the world, and their events come during `advance()`.
   *
   * @throws OptionError if the name is empty, or that of a simulated client.
   */
  webSocket(client: string): WorldWebSocket {
    text(client, 'client')
    const isSimulated = this.snapshot().clients.some(
      ({ clientId, connection }) => clientId === client && connection !== 'foreign',
    )
    if (isSimulated || client === '') {
      throw optionError('client', client, 'it must be a name that no simulated client has')
    }
    return this.#sockets.classOf(client)
  }

  /**
   * Lets so many milliseconds pass, and the host's tasks run after each event, so that the clients
   * of `webSocket()` do what they do. Their own timers pass by `tick` of the options.
   *
   * Rejects as `run` throws, with an MqttError during another call, and with the error of `tick`.
   */
  async advance(time: number): Promise<void> {
    milliseconds(time, 'milliseconds')
    await this.#pace.advance(time)
  }

  /** Returns the pending events, the earliest first. */
  choices(): Choice[] {
    return this.#core.choices() as Choice[]
  }

  /**
   * Makes a pending event the next, by its index in `choices()`: the caller is the network.
   *
   * @throws MqttError if there is none of this index.
   */
  choose(index: number): void {
    uint32(index, 'index')
    call(() => this.#core.choose(index))
  }

  /**
   * Returns the entries of the trace from one index up to another, at most 10,000. Their number is
   * `position.entries`.
   */
  entries(from = 0, to = from + 10_000): TraceEntry[] {
    return this.#core.entries(uint32(from, 'from'), uint32(to, 'to')) as TraceEntry[]
  }

  /**
   * Returns the messages that a client's handlers were given, in order.
   *
   * @throws MqttError if there is no such client.
   */
  messages(client: string): SimulatedMessage[] {
    text(client, 'client')
    return call(() => this.#core.messages(client)) as SimulatedMessage[]
  }

  /** Returns the trace of so far, for `wasmqtt/elements`. It converts all entries. */
  trace(): Trace {
    const { now, entries: count } = this.position
    const entries: TraceEntry[] = []
    while (entries.length < count) entries.push(...this.entries(entries.length))
    return { version: 1, clients: this.#core.clients(), now, entries }
  }

  /** Returns the guarantees, each with its first violation in the trace. */
  monitors(): MonitorView[] {
    return this.#core.monitors() as MonitorView[]
  }

  /** Returns the state of the broker, its clients and the links. */
  snapshot(): Snapshot {
    return this.#core.snapshot() as Snapshot
  }

  /**
   * Goes to a time of the branch, behind all that happened until then.
   *
   * @throws OptionError if the time is negative; MqttError if it is behind the end of the branch.
   */
  rewind(time: number): void {
    milliseconds(time, 'milliseconds')
    call(() => this.#core.rewind(time))
    this.#leave()
  }

  /**
   * Goes to a moment of the branch, as `position.moment` names it.
   *
   * @throws OptionError if it is negative; MqttError if the branch has fewer.
   */
  rewindTo(moment: number): void {
    milliseconds(moment, 'moment')
    call(() => this.#core.rewindTo(moment))
    this.#leave()
  }

  /** Returns all branches. The first is `main`. */
  branches(): Branch[] {
    return this.#core.branches() as Branch[]
  }

  /**
   * Goes to the end of a branch.
   *
   * @throws MqttError if there is none of this name.
   */
  switchTo(name: string): void {
    text(name, 'name')
    call(() => this.#core.switch(name))
    this.#sockets.drop(this.#core)
  }

  /**
   * Renames the current branch.
   *
   * @throws MqttError if another branch has the name.
   */
  renameBranch(name: string): void {
    text(name, 'name')
    call(() => this.#core.rename(name))
  }

  /**
   * Returns the current branch and moment as the text of a link: letters, digits, `-` and `_`. The
   * same package opens it by `World.fromLink`.
   */
  toLink(): string {
    return this.#core.toLink()
  }

  /**
   * Opens the run of a link at its moment.
   *
   * @throws OptionError if it is no text; MqttError if it is damaged, of another version, or cannot
   *   be done; MqttError before `await load()`.
   */
  static fromLink(link: string): World {
    const { WorldCore } = glue()
    if (typeof link !== 'string') throw optionError('link', link, 'it must be the text of toLink()')
    return World.#of(call(() => WorldCore.fromLink(link)))
  }

  /**
   * Returns a new world in which the same was done at the same times, up to the present. But each
   * publication and subscription of a simulated client has this quality of service.
   *
   * Events that `choose` has chosen come in their natural order there. An action that cannot be
   * done there is left out, such as the cut of a link that is not open.
   *
   * @throws OptionError if it is not 0, 1 or 2; MqttError if the trace is full.
   */
  atQos(quality: QoS): World {
    qos(quality, 'quality')
    return World.#of(call(() => this.#core.atQos(quality)))
  }

  /** Returns the run as JSON: the link that opens it again, its position, and the whole trace. */
  toJson(): string {
    const bytesAsText = (_: string, value: unknown) => (value instanceof Uint8Array ? hexadecimal(value) : value)
    const { position } = this
    return JSON.stringify({ link: this.toLink(), position, trace: this.trace() }, bytesAsText)
  }

  /**
   * Returns the trace as the bytes of a pcapng file, which Wireshark opens. Each link is a TCP
   * stream with what each host has sent, at the time of the sending.
   */
  toPcapng(): Uint8Array {
    return this.#core.toPcapng()
  }

  /**
   * Returns entries of the trace, from one index up to another, as a Mermaid sequence diagram. It
   * has at most 1,000 marks and 50,000 characters, and says how many are left out.
   */
  toMermaid(from = 0, to = LAST): string {
    return this.#core.toMermaid(uint32(from, 'from'), uint32(to, 'to'))
  }

  /**
   * Returns entries of the trace, from one index up to another, as an SVG picture. Time runs down,
   * each host is a line, each packet an arrow. It has at most 1,000 marks, and says how many are
   * left out. It has no script and loads nothing.
   */
  toSvg(from = 0, to = LAST): string {
    return this.#core.toSvg(uint32(from, 'from'), uint32(to, 'to'))
  }

  /** Frees the memory of the world, which cannot be used any more. */
  free(): void {
    this.#isFree = true
    this.#core.free()
  }

  static #of(core: WorldCore): World {
    const world = new World()
    world.#core.free()
    world.#core = core
    world.#sockets.drop(core)
    return world
  }

  /** Returns the latest link of a client without code. */
  #linkOf(client: string): number {
    const link = this.snapshot().clients.find(({ clientId }) => clientId === client)?.link
    return link ?? NO_LINK
  }

  /** The world is at another moment of its past. */
  #leave(): void {
    this.#sockets.drop(this.#core)
    this.#tend()
  }

  /** Readies the next rewind, in tasks of the page. It then replays a fifth of the run at most. */
  #tend(): void {
    if (this.#isTending) return
    this.#isTending = true
    setTimeout(() => {
      this.#isTending = false
      if (!this.#isFree && !this.#core.tend(TENDED)) this.#tend()
    })
  }
}
