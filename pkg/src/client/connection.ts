import { type ConnackProperties, fromList, type PropertyList } from '../message/properties.js'
import { ignore } from '../util/abort.js'
import { ClosedError, type ConnectDetails, ConnectError, ConnectionError, SubscribeError } from '../util/errors.js'
import { limitTime } from '../util/limit-time.js'
import { nextTask } from '../util/next-task.js'
import { onPageResume } from '../util/page-resume.js'
import { optionError } from '../util/validate.js'
import { ClientHost, type Receiver } from '../wasm/callbacks.js'
import type { ClientCore, Host as CoreHost, Glue, LinkableCore } from '../wasm/interface.js'
import { type Engine, freeLater, type Loader } from '../wasm/loader.js'
import { closeError, requestError, type Subject, thrownError } from '../wasm/to-error.js'
import type { WebSocketLike } from '../wasm/websocket-like.js'
import { askCredentials, createSocket, serverUrl } from './attempt.js'
import type { Reauthentication } from './authentication.js'
import { connectError, isFinal, phaseOf } from './connect-error.js'
import type { GapEvent, Status } from './events.js'
import type { Observer } from './observer.js'
import { OfflineQueue } from './offline-queue.js'
import type { Settings } from './options.js'
import type { Parts } from './parts.js'
import { PendingRequests } from './pending-requests.js'
import { type QueueState, type ServerLimits, serverLimits } from './server.js'
import type { Sharing } from './share/sharing.js'
import type { Connected, Host } from './share/tools.js'
import { StoredSession } from './stored-session.js'
import { type BrokerLink, LINK, type Linkable, type Servers, shownUrl } from './target.js'

/**
 * The life of a client, from loading the module over all its connections to its end, and the
 * requests that wait for a connection.
 *
 * The module decides when to connect and where to. The face opens sockets, and asks for URLs and
 * credentials.
 */
export class Connection {
  readonly requests = new PendingRequests()
  readonly queue: OfflineQueue
  readonly receivers = new Map<number, Receiver>()
  /** Resolves when the broker has accepted for the first time. */
  readonly ready: Promise<void>
  status: Status = { phase: 'connecting', attempt: 1 }
  clientId: string
  sessionPresent = false
  connackProperties: ConnackProperties = Object.freeze({})
  /** The core, while the client is connected. */
  live: ClientCore | undefined
  /** Callbacks to run at the end of the client. */
  readonly cleanUp = new Set<() => void>()
  /** Limits of the broker of the latest connection. */
  server: ServerLimits | undefined
  /** Connection that all tabs share, in place of the module's. */
  shared: Sharing | undefined

  /** Parts of the package that the options need, from loading the module on. */
  parts: Parts = {}

  #core: ClientCore | undefined
  /** Promises of handlers that go on. */
  #running: ReadonlySet<Promise<void>> = new Set()
  /** Resolves when the next slice of messages is handled, while one waits. */
  #slice: Promise<void> | undefined
  #link: BrokerLink | undefined
  /** Number of the current attempt, as the module counts them. */
  #attempt = 0
  /** Number of attempts since the last connection. */
  #attempts = 0
  /** Time after which no attempt may begin, as long as there was no connection. */
  #firstUntil = Number.POSITIVE_INFINITY
  /** URL of the current attempt. */
  #url: string | undefined
  #socket: WebSocketLike | undefined
  #socketError: unknown
  #closeCode: number | undefined
  /** Error that kept the current attempt from getting a socket. */
  #failure: Error | undefined
  #wasOpen = false
  #isWatched = false
  /** Set once the end is requested, with the error for pending requests. */
  #ending: { readonly message: string; readonly reason: unknown } | undefined
  #ended: Promise<void> | undefined
  /** Resolves when the socket has closed. */
  #socketClosed: Promise<unknown> | undefined
  readonly #finished: Promise<void>
  #accept!: () => void
  #refuse!: (reason: unknown) => void
  #finishing!: () => void

  readonly #target: Linkable | Servers
  readonly #loader: Loader
  readonly #settings: Settings
  readonly #session: StoredSession
  readonly #observer: Observer

  constructor(target: Linkable | Servers, loader: Loader, settings: Settings, observer: Observer) {
    this.#target = target
    this.#loader = loader
    this.#settings = settings
    this.#observer = observer
    this.#session = new StoredSession(settings, {
      // At the end of the client, messages of an earlier page stay in the store.
      notice: notice => (this.#ending && notice.kind === 'restored') || observer.onNotice(notice),
      placed: () => this.status.phase !== 'closed' && this.#setStatus(this.status),
    })
    this.requests.onNotice = notice => observer.onNotice(notice)
    this.clientId = settings.clientId
    this.queue = new OfflineQueue(settings.queue)
    this.#finished = new Promise(resolve => {
      this.#finishing = resolve
    })
    this.ready = new Promise((resolve, reject) => {
      this.#accept = resolve
      this.#refuse = reject
    })
    // A caller that ignores it need not handle it.
    this.ready.catch(ignore)
    this.#listen(settings.signal)
    if (this.status.phase === 'connecting') this.#begin()
  }

  /**
   * Sends DISCONNECT and ends for good. Resolves when the transport has closed, or after `timeout`
   * milliseconds.
   */
  end(reasonCode: number, properties: PropertyList, timeout: number): Promise<void> {
    this.#ended ??= new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#finish(undefined)
        resolve()
      }, timeout)
      const settle = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#finished.then(() => Promise.all([this.#socketClosed, this.#session.closed])).then(settle)
      this.#stop('the client was ended', undefined, core => core.disconnect(reasonCode, properties))
    })
    return this.#ended
  }

  /** Begins no further attempt after the time for connecting, until there is a connection. */
  limitFirst(): void {
    this.#firstUntil = performance.now() + this.#settings.connectTimeout
  }

  /** Closes the transport without DISCONNECT. */
  kill(): void {
    this.#stop('the client was killed', undefined, core => core.kill())
  }

  /** The core, once the module is loaded. Requests wait in it. */
  get core(): ClientCore | undefined {
    return this.#core
  }

  /** Takes back a request that was not sent. */
  withdraw(request: number | undefined): void {
    // Those below 0 are on a link.
    if (request !== undefined && request >= 0) this.run(core => core.withdraw(request))
  }

  queueState(): QueueState {
    const [messages = 0, bytes = 0, inFlight = 0] = this.#core?.queue() ?? []
    const { size, bytes: ownBytes } = this.queue
    return { messages: messages + size, bytes: bytes + ownBytes, inFlight }
  }

  /** Authenticates anew. */
  async reauthenticate(): Promise<Reauthentication> {
    if (this.shared) return this.shared.reauthenticate()
    const { authentication } = this.parts
    const core = this.live
    if (this.status.phase === 'closed') throw this.closedError()
    if (!this.#settings.authentication)
      throw optionError('authenticate', undefined, 'it must be given to authenticate anew')
    if (!core || !authentication) throw new ConnectionError('not connected; wait for the connection')
    return authentication.again(core, this.requests, this.#settings.connectTimeout, () => this.live === core)
  }

  /** Resolves once all received bytes are handled. */
  async idle(): Promise<void> {
    while (this.#slice) await this.#slice
  }

  /** Resolves once all requests that were sent are answered, and all handlers have run. */
  async settled(): Promise<void> {
    const { members } = this.shared ?? {}
    while (this.requests.size > 0 || this.#slice || this.#running.size > 0 || members?.isBusy) {
      await Promise.all([this.requests.idle(), this.idle(), members?.idle(), ...this.#running])
    }
  }

  watch(on: boolean): void {
    this.#isWatched = on
    this.run(core => core.watch(on))
  }

  /** Calls the core, if there is one. */
  run(action: (core: ClientCore) => void): void {
    try {
      if (this.#core) action(this.#core)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Returns the error for a call after the end. */
  closedError(): ClosedError {
    const { error } = this.status as { readonly error?: Error }
    if (error) return new ClosedError(`the client is closed: ${error.message}`, { cause: error })
    return new ClosedError(this.#ending?.message ?? 'the client is closed', { cause: this.#ending?.reason })
  }

  /** Begins the next slice of messages in a task of its own. */
  #pause(): void {
    const slice = new Promise<void>(resolve => {
      nextTask(() => {
        // The slice may ask for another one.
        this.#slice = undefined
        this.run(core => core.resume())
        resolve()
      })
    })
    this.#slice = slice
  }

  #stop(message: string, reason: unknown, action: (core: ClientCore) => void): void {
    if (this.status.phase === 'closed') return
    this.#ending ??= { message, reason }
    // The module answers with `closed`.
    if (this.#core) this.run(action)
    else this.#finish(undefined)
  }

  /** Ends the client with its module, which has failed. The socket does not call it any more. */
  #fail(thrown: unknown): void {
    const socket = this.#socket
    if (socket) {
      socket.onmessage = socket.onclose = null
      socket.close()
    }
    this.#finish(thrownError(thrown, { kind: 'options' }) as Error)
  }

  #listen(signal: AbortSignal | undefined): void {
    const abort = () => {
      const action = (core: ClientCore) => core.disconnect(0)
      this.#stop('the signal ended the client', signal?.reason, action)
    }
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
    this.cleanUp.add(() => signal?.removeEventListener('abort', abort))
  }

  async #begin(): Promise<void> {
    try {
      const target = this.#target
      const late = () => this.#finish(new ConnectError('the WebAssembly module was not loaded in time'))
      const stop = limitTime(this.#settings.connectTimeout, late)
      this.cleanUp.add(stop)
      const parts = this.#session.loadParts()
      // It may reject before it is awaited.
      parts.catch(ignore)
      if (LINK in target) this.#link = await target[LINK]()
      const [engine, loaded] = await Promise.all([this.#link?.engine ?? this.#load(), parts])
      this.parts = loaded
      if (this.status.phase === 'closed') return
      stop()
      this.#start(engine)
    } catch (error) {
      this.#finish(connectError(error))
    }
  }

  async #load(): Promise<Engine> {
    const { store, authentication } = this.#settings
    const loader = store || authentication ? await this.#loader.full() : this.#loader
    return loader.load()
  }

  /** Creates the core, which begins its first attempt. */
  #start({ glue, memory, onFailure }: Engine): void {
    const fail = (error: Error) => this.#fail(error)
    onFailure.add(fail)
    this.cleanUp.add(() => onFailure.delete(fail))
    const messages = new ClientHost(memory, glue, this.receivers, {
      ...this.#observer,
      acknowledge: (ticket, reasonCode) => this.#core?.acknowledge(ticket, reasonCode) ?? false,
      onForgotten: error => {
        // After the end nobody waits for it.
        if (this.#core) this.#observer.onError(error)
      },
    })
    this.#running = messages.running
    const events: Omit<CoreHost, keyof ClientHost> = {
      pause: () => this.#pause(),
      open: (...attempt) => void this.#open(...attempt),
      connected: (...connected) => {
        messages.begin(connected[0])
        this.#onConnected(...connected)
      },
      done: (...outcome) => this.#session.done(outcome[0]) || this.requests.done(...outcome),
      failed: (...outcome) => this.#session.failed(...outcome) || this.requests.failed(...outcome),
      store: (...batch) => this.#session.write(...batch),
      notice: (...notice) => this.#onNotice(...notice),
      authenticate: (...challenge) => this.#onChallenge(...challenge),
      closed: (...end) => this.#onClosed(...end),
    }
    const core = this.#session.makeCore(glue, Object.assign(messages, events), this.parts, () => {
      this.shared = this.parts.share?.(this.#shareHost(glue, messages))
      return this.shared as ClientCore | undefined
    })
    this.#core = core
    this.clientId = this.#session.clientId
    this.status = this.#session.told(this.status)
    if (this.#isWatched) core.watch(true)
    core.connect()
    this.queue.send(core)
    this.cleanUp.add(onPageResume(online => this.run(() => core.wake(online))))
  }

  /** Opens a transport for an attempt of the module. */
  async #open(attempt: number, listed: number, reference: string | undefined): Promise<void> {
    this.#attempt = attempt
    this.#attempts++
    this.#socket = this.#socketError = this.#closeCode = this.#failure = undefined
    this.#wasOpen = false
    if (this.status.phase === 'waiting') {
      this.#setStatus({ phase: 'connecting', attempt: this.#attempts, error: this.status.error })
    }
    const isCurrent = () => this.#core !== undefined && this.#attempt === attempt
    try {
      const url = await serverUrl(this.#target, listed, reference, this.#url)
      if (!isCurrent()) return
      this.#url = url
      const { username, password, lifetime } = await askCredentials(this.#settings)
      if (!isCurrent()) return
      this.run(core => core.setCredentials(attempt, username, password, lifetime))
      const core = this.#core
      if (core) await this.parts.authentication?.begin(core, isCurrent)
      if (!isCurrent()) return
      const socket = url === undefined ? undefined : await this.#makeSocket(url, isCurrent)
      if (socket) this.run(core => core.open(attempt, socket))
      // A broker that is closed throws: the attempt has failed, and not the module.
      else this.#link?.link(this.#core as LinkableCore, attempt)
      if (!isCurrent()) socket?.close()
    } catch (error) {
      if (!isCurrent()) return
      this.#failure = connectError(error)
      this.run(core => core.failed(attempt, isFinal(this.#failure)))
    }
  }

  async #makeSocket(url: string, isCurrent: () => boolean): Promise<WebSocketLike> {
    const socket = await createSocket(this.#settings, url)
    // This handler stays when the module has left the socket, since `ws` throws errors that have no
    // listener.
    socket.onerror = (event: { readonly error?: unknown }) => {
      if (isCurrent()) this.#socketError = event.error
    }
    if (!isCurrent()) return socket
    this.#wasOpen = socket.readyState === 1
    // No `close` follows.
    if (socket.readyState > 1) throw new ConnectError('the WebSocket was closed before it was used')
    const { addEventListener } = socket as Partial<EventTarget>
    this.#socket = socket
    if (addEventListener) {
      addEventListener.call(socket, 'open', () => {
        if (isCurrent()) this.#wasOpen = true
      })
      this.#socketClosed = new Promise(resolve => {
        addEventListener.call(socket, 'close', event => {
          if (isCurrent()) this.#closeCode = (event as CloseEvent | undefined)?.code
          resolve(undefined)
        })
      })
    }
    return socket
  }

  #onNotice(code: string, message: string, request: number, filter: string, reasonCode: number | undefined): void {
    const { topic = '' } = (this.requests.subject(request) ?? {}) as { readonly topic?: string }
    const error = new SubscribeError(filter, message, { reasonCode })
    const isLost = code === 'unsubscribed'
    this.#observer.onNotice(isLost ? { kind: 'unsubscribed', filter, error } : { kind: 'downgraded', topic })
  }

  #onConnected(sessionPresent: boolean, properties: PropertyList, absence: number, version: 4 | 5): void {
    const connack: ConnackProperties = Object.freeze(fromList(properties))
    const server = serverLimits(connack, version, this.#settings)
    const clientId = connack.assignedClientIdentifier ?? this.clientId
    this.#connected({ resumed: sessionPresent, properties: connack, server, clientId, absence })
  }

  #connected({ resumed, properties, server, clientId, absence }: Connected): void {
    if (!this.#core) return
    this.sessionPresent = resumed
    this.connackProperties = properties
    this.server = server
    this.clientId = clientId
    this.live = this.#core
    this.#attempts = 0
    this.#firstUntil = Number.POSITIVE_INFINITY
    const gap = this.#observer.gap(resumed, absence)
    this.#accept()
    this.#setStatus({ phase: 'connected', resumed, gap: gap !== undefined }, gap)
  }

  /** Returns what the part for a shared connection uses of this one. */
  #shareHost(glue: Glue, messages: ClientHost): Host {
    return {
      ...this.#settings,
      ...this.#observer,
      ...this.#observer.sharing,
      glue,
      cleanUp: this.cleanUp,
      connected: connected => this.#connected(connected),
      setStatus: status => this.#waitForHub(status),
      finish: error => this.#finish(error),
      settle: (...outcome) => this.requests.end(...outcome),
      closing: closed => {
        this.#socketClosed = closed
      },
      deliver: (receiver, message) => messages.deliver(receiver, message),
    }
  }

  /** Takes the status of the client that holds the connection, while it has none. */
  #waitForHub(status: Status): void {
    this.live = undefined
    const wait = status.phase === 'waiting' ? status.retryAt - Date.now() : 0
    if (performance.now() + wait > this.#firstUntil) this.#finish((status as { readonly error?: Error }).error)
    else this.#setStatus(status)
  }

  #onChallenge(challenge: number, properties: PropertyList): void {
    const core = this.#core
    if (core) this.parts.authentication?.answer(core, challenge, properties, () => this.#core === core)
  }

  /** Handles the end of an attempt or a connection, or of the client. */
  #onClosed(
    code: string,
    message: string,
    reasonCode: number | undefined,
    rule: string | undefined,
    properties: PropertyList = [],
    wait?: number,
  ): void {
    const details = { ...fromList(properties), ...this.#details(), wasConnected: this.live !== undefined }
    const failure = code === 'authentication' ? (this.parts.authentication?.error as Error) : this.#failure
    const error = closeError(code, message, reasonCode, rule, { ...details, failure })
    if (this.#ending || wait === undefined || !error || performance.now() + wait > this.#firstUntil) {
      this.#finish(this.#ending ? undefined : error)
      return
    }
    this.live = undefined
    this.requests.lost(subject =>
      requestError(subject, `it was given up, since the connection ended: ${error.message}`, { cause: error }),
    )
    const attempt = this.#attempts + 1
    this.#setStatus({ phase: 'waiting', attempt, retryAt: Math.round(Date.now() + wait), error })
  }

  /** Returns the place at which the current attempt stands. */
  #details(): ConnectDetails {
    const cause = this.#socketError
    const phase = phaseOf(this.#socket, this.#wasOpen, cause, this.#link !== undefined)
    const url = this.#url === undefined ? undefined : shownUrl(this.#url)
    return { phase, url, closeCode: this.#closeCode, cause }
  }

  #setStatus(status: Status, gap?: GapEvent): void {
    this.status = this.#withRole(status)
    this.#observer.onStatus(this.status, gap)
  }

  #withRole(status: Status): Status {
    const { share } = this.#settings
    return this.#session.told(share === undefined ? status : { ...status, share: this.shared?.role ?? 'alone' })
  }

  /** Ends the client: settles everything that waits, and frees the core. */
  #finish(error: Error | undefined): void {
    if (this.status.phase === 'closed') return
    const core = this.#core
    this.live = undefined
    this.#core = undefined
    this.status = this.#withRole(error ? { phase: 'closed', error } : { phase: 'closed' })
    this.#session.leave()
    for (const clean of this.cleanUp) clean()
    freeLater(core)
    const failed = (what: string) => (subject: Subject) =>
      error ? requestError(subject, `${what}: ${error.message}`, { cause: error }) : this.closedError()
    this.queue.close(failed('nothing was sent'))
    this.requests.close(failed('the broker had not answered, so the outcome is unknown'))
    this.#refuse(error ?? this.#ending?.reason ?? this.closedError())
    this.#finishing()
    this.#observer.onStatus(this.status)
  }
}
