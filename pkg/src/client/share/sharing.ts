import type { Acknowledgement } from '../../message/acknowledgement.js'
import type { PacketRecord } from '../../message/packet-record.js'
import type { ClientCore } from '../../wasm/interface.js'
import type { Reauthentication } from '../authentication.js'
import type { EndOptions } from '../end-options.js'
import type { Notice, Status } from '../events.js'
import { Election } from './election.js'
import { type PlainError, revive, revivedError } from './errors.js'
import type { Hub } from './hub.js'
import { isCounted } from './hub-tab.js'
import { Leadership } from './leadership.js'
import { Members } from './members.js'
import { type Port, port } from './ports.js'
import { nameOf, post, readEnvelope, type Step, TO_HUB, TO_TAB } from './protocol.js'
import { Requests } from './requests.js'
import type { Connected, Host, Tools } from './tools.js'

/** Time for which a new hub waits for the other tabs before it connects. */
const GATHER_MS = 300
/** Time for which a hub whose client has closed waits for the other tabs to end. */
const DISPERSE_MS = 500
/** Time for which the broker keeps the session while a tab takes over, in seconds. */
const SESSION_EXPIRY = 60
/** Identifiers of properties of DISCONNECT (MQTT 5.0 §3.14.2.2). */
const REASON_STRING = 31
const SESSION_EXPIRY_INTERVAL = 17
const USER_PROPERTY = 38

/**
 * A tab's client of a shared connection. It takes the place of the module's: it sends to the hub
 * what the client asks for, and hands on what comes.
 *
 * The hub is in the tab that leads, which speaks to it as the others do.
 */
export class Sharing implements Pick<ClientCore, 'publish' | 'withdraw' | 'queue' | 'disconnect' | 'kill'> {
  readonly members: Members
  readonly #requests: Requests
  readonly #id = crypto.randomUUID()
  readonly #name: string
  readonly #all: BroadcastChannel
  readonly #own: BroadcastChannel
  readonly #election: Election
  readonly #controller = new AbortController()
  /** Identifier of the hub that this tab speaks to. */
  #hub: string | undefined
  /** The one before. */
  #lastHub: string | undefined
  /** Number of hubs so far that are gone. A hub's answer to an earlier question is void. */
  #round = 0
  #isAwaiting = true
  /** Called when all is read that was sent to this tab before. */
  #onOwnMark: (() => void) | undefined
  /** Time at which a connected hub was last heard, as in `Date.now()`. */
  #heardAt = 0
  #port: Port | undefined
  #isPaused = false
  #isWatching = false
  #leading: Leadership | undefined
  /** Client identifier of the session that goes on, once there was one. */
  #clientId: string | undefined
  #wasConnected = false
  #isConnected = false
  #filters = new Set<string>()
  #isOver = false

  /** Actions for each kind of step that is none of a subscription. */
  readonly #steps: Readonly<Record<string, (...values: never[]) => void>> = {
    connected: (connected: Connected) => this.#onConnected(connected),
    status: (status: object) => this.#onStatus(status),
    closed: (error: PlainError) => this.#fail(this.#revived(error)),
    refused: (refusal: [string, unknown, unknown]) => this.#onRefused(...refusal),
    filters: (filters: string[], isThere: boolean) => {
      for (const filter of filters) this.#filters[isThere ? 'add' : 'delete'](filter)
    },
    took: (last: number) => this.#requests.taken(last),
    done: (number: number, answer: Acknowledgement) => this.#requests.done(number, answer),
    failed: (number: number, error: PlainError) => this.#requests.failed(number, error),
    unhandled: (...message: Parameters<Members['message']>) => this.#host.onUnhandled(this.members.message(...message)),
    notice: (notice: object) => this.#host.onNotice(revive<Notice>(notice, this.#tools)),
    packet: (packet: PacketRecord) => this.#host.onPacket({ ...packet, time: packet.time - performance.timeOrigin }),
    pause: () => {
      this.#isPaused = true
    },
    gone: () => this.#hubLost(),
    dropped: () => {
      this.#hubLost()
      this.#hello()
    },
  }

  readonly #host: Host
  readonly #tools: Tools

  constructor(host: Host, tools: Tools) {
    this.#host = host
    this.#tools = tools
    this.#name = nameOf(host.share)
    this.#all = new BroadcastChannel(this.#name)
    this.#own = new BroadcastChannel(`${this.#name}/${this.#id}`)
    this.members = new Members(host, tools, { send: step => this.#push(step), hub: () => this.#hub })
    this.#requests = new Requests(host, tools)
    this.#election = new Election(navigator.locks, this.#name, {
      lead: () => void this.#lead().catch(error => this.#fail(error)),
      lost: () => this.#demoted(this.#leading),
      ask: () => this.#ask(),
      onError: error => this.#host.onError(error),
    })
    this.#all.onmessage = ({ data }) => this.#onBroadcast(data)
    this.#own.onmessage = ({ data }) => this.#onOwn(data)
  }

  get role(): 'leader' | 'follower' {
    return this.#leading ? 'leader' : 'follower'
  }

  connect(): void {
    const { signal } = this.#controller
    // Held for as long as the tab lives, so that the hub sees it go.
    const alive = () => {
      if (this.#isOver) return
      this.#hello()
      this.#election.begin()
      return new Promise(resolve => signal.addEventListener('abort', resolve))
    }
    navigator.locks.request(`${this.#name}/${this.#id}`, alive).catch(error => this.#fail(error))
    const listen = (target: Partial<EventTarget> | undefined, type: string, run: () => void) =>
      target?.addEventListener?.(type, run, { signal })
    for (const [target, type] of [[globalThis, 'pagehide'] as const, [globalThis.document, 'freeze'] as const]) {
      listen(target, type, () => this.#hide())
    }
  }

  publish(topic: string, payload: Uint8Array, flags: number, properties: readonly unknown[] = []): number {
    this.#host.glue.check(topic, false)
    const named = properties.length > 0 ? this.#tools.fromList(properties) : undefined
    const number = this.#requests.add(topic, payload, flags, named)
    this.#pushRequests()
    return number
  }

  withdraw(request: number): void {
    if (this.#requests.withdraw(request)) this.#push(['withdraw', request])
  }

  queue(): Float64Array {
    return this.#requests.queue()
  }

  watch(on: boolean): void {
    this.#isWatching = on
    this.#push(['watch', on])
  }

  reauthenticate(): Promise<Reauthentication> {
    return this.members.reauthenticate() as Promise<Reauthentication>
  }

  /** Leaves. The last tab ends the connection. */
  disconnect(reasonCode: number, properties: readonly unknown[] = []): void {
    this.#leave(leading => this.#endHub(leading, endOptions(reasonCode, properties)))
  }

  /** Leaves as a crash would. If this tab leads, the transport closes without DISCONNECT. */
  kill(): void {
    this.#leave(leading => leading.leave(false))
  }

  free(): void {
    this.#leave(leading => this.#abandon(leading.hub))
  }

  /** Nothing to do: the hub's client is in its own page. */
  wake(): void {
    this.#ask()
  }

  async #abandon(hub: Hub): Promise<void> {
    // The others have heard the same, and none of them is to try again.
    if (hub.client?.status.phase === 'closed') await hub.dispersed(1, DISPERSE_MS)
    await hub.leave(true)
  }

  /** Ends the lead: hands the connection over, or ends it if this is the last tab. */
  async #endHub(leading: Leadership, options: EndOptions): Promise<void> {
    const { hub } = leading
    hub.drop(this.#id)
    if ((await leading.others(this.#id)).length > 0) return hub.handOver(() => this.#election.end())
    const hasDefault = this.#host.version !== 4 && this.#host.options.sessionExpiry === undefined
    return hub.end({ ...(hasDefault && { sessionExpiry: 0 }), ...options })
  }

  #leave(end: (leading: Leadership) => Promise<void>, error?: Error): void {
    if (this.#isOver) return
    this.#push(['bye'])
    this.#port?.flush()
    this.#isOver = true
    const leading = this.#leading
    this.#leading = undefined
    const close = () => {
      this.#election.end()
      this.#controller.abort()
      this.#all.close()
      this.#own.close()
      leading?.close()
    }
    const ended = leading && end(leading).catch(error => this.#host.onError(error))
    const closed = ended ? ended.then(close) : close()
    this.#host.closing(Promise.resolve(closed))
    this.#host.finish(error)
    this.members.close(error)
  }

  /** The page goes away, or is frozen: another tab is to lead. */
  #hide(): void {
    const leading = this.#leading
    this.#port?.flush()
    if (!leading) return
    this.#leading = undefined
    // The last page of all ends as a page without `share` does: the broker publishes the will.
    void leading.leave(leading.hub.tabs.size > 1)
    this.#election.resign()
    this.#hubLost()
    // It may come back.
    this.#election.begin()
  }

  /** Tells the tab that leads that this one is there. */
  #hello(): void {
    post(this.#all, this.#id, '', [['hello', this.#host.identity, this.#round]])
  }

  #ask(): void {
    if (this.#hub) this.#push(['ping'])
    else this.#hello()
  }

  /** This tab leads now. */
  async #lead(): Promise<void> {
    if (this.#isOver) return
    const leading = new Leadership(this.#name, this.#election, {
      identity: this.#host.identity,
      open: waiting => this.#host.open(this.#options(waiting)),
      onLost: () => this.#demoted(leading),
    })
    this.#leading = leading
    const { id, hub } = leading
    post(this.#all, id, '', [['lead']])
    await this.#readAll()
    if (this.#leading !== leading) return
    this.#hubLost()
    const way = port(steps => this.#receive(id, steps))
    hub.accept(this.#id, this.#host.identity, this.#round, way)
    await leading.gather(this.#id, GATHER_MS)
    hub.start()
  }

  /** Returns the options of the hub's client. It goes on with the session of an earlier hub. */
  #options({ messages, bytes }: { messages: number; bytes: number }): object {
    const { options, version, queue } = this.#host
    const limit = messages + queue.messages
    return {
      ...options,
      share: undefined,
      signal: undefined,
      queue: { messages: limit, bytes: Math.min(queue.bytes + bytes, 2 ** 32 - 1) },
      offline: { ...options.offline, limit },
      ...(version !== 4 && { sessionExpiry: options.sessionExpiry ?? SESSION_EXPIRY }),
      ...(this.#clientId !== undefined && {
        clientId: this.#clientId,
        cleanStart: version === 4 && (options.cleanStart ?? true),
      }),
    }
  }

  /** Waits for what the last hub has sent until its end. */
  async #readAll(): Promise<void> {
    const channel = new BroadcastChannel(`${this.#name}/${this.#id}`)
    await new Promise<void>(resolve => {
      this.#onOwnMark = resolve
      post(channel, this.#id, this.#id, [])
    })
    channel.close()
  }

  /** Another tab has taken the lead, while this one did not answer. */
  #demoted(leading: Leadership | undefined): void {
    if (!leading || leading !== this.#leading) return
    this.#leading = undefined
    this.#election.resign()
    void leading.leave(true)
    this.#hubLost()
    this.#hello()
    this.#election.begin()
  }

  /** Waits for another hub, of which a welcome for an earlier round is none. */
  #awaitHub(): void {
    if (this.#isAwaiting) return
    this.#isAwaiting = true
    this.#round++
  }

  /** Takes back what the hub had, since it is gone. */
  #hubLost(): void {
    this.#awaitHub()
    this.#isPaused = this.#isConnected = false
    if (this.#hub === undefined) return
    this.#lastHub = this.#hub
    this.#hub = undefined
    this.#port = undefined
    this.#requests.lost()
    const error = new this.#tools.errors.ConnectionError('the tab that held the connection is gone; another takes over')
    if (this.#wasConnected) this.#host.setStatus({ phase: 'connecting', attempt: 1, error })
  }

  /** Handles what goes to all tabs: news of a hub, or of a tab. */
  #onBroadcast(data: unknown): void {
    const news = readEnvelope(data, TO_TAB)
    if (news?.steps[0]?.[0] === 'lead') {
      this.#election.heard()
      if (this.#leading) this.#demoted(this.#leading)
      else {
        // The last hub may have sent what is still to be read here.
        this.#awaitHub()
        this.#isPaused = true
        this.#hello()
      }
      return
    }
    const hello = readEnvelope(data, TO_HUB)
    if (hello?.steps[0]?.[0] === 'hello') this.#leading?.onHello(hello)
  }

  #onOwn(data: unknown): void {
    const envelope = readEnvelope(data, TO_TAB)
    if (envelope?.to !== this.#id) return
    if (envelope.from === this.#id) this.#onOwnMark?.()
    else this.#receive(envelope.from, envelope.steps)
  }

  /** Handles steps of a hub, also of one that has lost its lock and does not know it. */
  #receive(hub: string, steps: readonly Step[]): void {
    if (this.#isOver) return
    const counted = steps.filter(isCounted).length
    for (const step of steps) {
      if (step[0] === 'welcome') this.#onWelcome(hub, step[1] as number)
      else if (this.#isWanted(hub, step[0])) this.#handle(step)
    }
    if (hub !== this.#hub) return
    this.#election.heard()
    if (this.#isConnected) this.#heardAt = Date.now()
    if (counted > 0) this.#push(['got', counted])
  }

  /** True if a step is to be handled: those of the hub, and some of one before. */
  #isWanted(hub: string, kind: string): boolean {
    if (hub === this.#hub) return true
    if (this.#hub === undefined && kind === 'refused') return true
    // The broker does not send again what a hub has acknowledged that does not know of its end.
    return hub === this.#lastHub ? /^(message|held|done|closed)$/.test(kind) : /^(message|done)$/.test(kind)
  }

  #onWelcome(hub: string, round: number): void {
    if (!this.#isAwaiting || round !== this.#round) return
    this.#hubLost()
    this.#isAwaiting = false
    this.#hub = hub
    this.#isPaused = false
    const { hub: own } = this.#leading ?? {}
    this.#port = own
      ? port(steps => own.receive(this.#id, steps))
      : port(steps => post(this.#own, this.#id, hub, steps))
    this.members.again()
    this.#pushRequests()
    if (this.#isWatching) this.#push(['watch', true])
    this.#push(['joined', [...this.#filters]])
    this.#filters.clear()
  }

  #handle([kind, ...values]: Step): void {
    if (!this.members.receive([kind, ...values])) this.#steps[kind]?.(...(values as never[]))
  }

  #onConnected(connected: Connected): void {
    const { clientId, absence } = connected
    // The first connection of another hub.
    const isNew = absence < 0 && this.#wasConnected
    this.#clientId = clientId
    this.#wasConnected = this.#isConnected = true
    this.#requests.connected(true)
    this.#host.connected(isNew ? { ...connected, absence: Math.max(Date.now() - this.#heardAt, 0) } : connected)
    this.#heardAt = Date.now()
  }

  #onStatus(status: object): void {
    this.#isConnected = false
    this.#requests.connected(false)
    this.#host.setStatus(revive<Status>(status, this.#tools))
  }

  #onRefused(name: string, own: unknown, others: unknown): void {
    const { OptionError } = this.#tools.errors
    const [mine, theirs] = [own, others].map(value => JSON.stringify(value))
    const message = `${name} is ${mine}, and ${theirs} in the tabs that share ${JSON.stringify(this.#host.share)}; use the same, or another name for share`
    this.#fail(new OptionError(name, own, message))
  }

  #fail(error: unknown): void {
    this.#leave(leading => this.#abandon(leading.hub), error as Error)
  }

  #pushRequests(): void {
    if (!this.#port || this.#isPaused) return
    for (const step of this.#requests.take()) this.#push(step)
  }

  /** Sends a step, if there is a hub. Steps that are lost here are sent again. */
  #push(step: Step): void {
    this.#port?.push(step)
  }

  #revived(error: unknown): Error {
    return revivedError(error as PlainError, this.#tools)
  }
}

/** Returns the options of `end()` of the module's arguments. */
function endOptions(reasonCode: number, properties: readonly unknown[]): EndOptions {
  const values = new Map<unknown, unknown>()
  const userProperties: [string, string][] = []
  for (let index = 0; index < properties.length; index += 2) {
    const [id, value] = properties.slice(index)
    if (id === USER_PROPERTY) userProperties.push(value as [string, string])
    else values.set(id, value)
  }
  return {
    reasonCode,
    ...(values.has(SESSION_EXPIRY_INTERVAL) && { sessionExpiry: values.get(SESSION_EXPIRY_INTERVAL) as number }),
    ...(values.has(REASON_STRING) && { reasonString: values.get(REASON_STRING) as string }),
    ...(userProperties.length > 0 && { userProperties }),
  }
}
