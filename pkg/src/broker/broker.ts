import { type PublishOptions, readHandler, readPublish } from '../client/request-options.js'
import type { Subscription } from '../client/subscriptions.js'
import { type BrokerLink, LINK } from '../client/target.js'
import type { Handler, Payload } from '../message/message.js'
import type { MessageStream } from '../message/message-stream.js'
import type { BatchWriter } from '../store/batch-writer.js'
import { type Store, StoreError } from '../store/store.js'
import { PageSocket } from '../transport/in-page-websocket.js'
import { Peer, PeerSet } from '../transport/peer.js'
import type { AcceptedSocket } from '../transport/socket-types.js'
import type { Transport } from '../transport/transport.js'
import { transportOf } from '../transport/transport-of.js'
import { ignore } from '../util/abort.js'
import { ClosedError, type MqttError, OptionError } from '../util/errors.js'
import { nextTask } from '../util/next-task.js'
import { ObservedEventTarget } from '../util/observed-event-target.js'
import { onPageResume } from '../util/page-resume.js'
import { reportUncaught } from '../util/report-error.js'
import { fields, optionError, payload as payloadOf, secret, text } from '../util/validate.js'
import { brokerLoader } from '../wasm/broker-module.js'
import type { BrokerGlue, BrokerCore as Core, CoreBrokerOptions } from '../wasm/interface.js'
import { loadPart } from '../wasm/lazy-part.js'
import { type Engine, freeLater } from '../wasm/loader.js'
import { thrownError } from '../wasm/to-error.js'
import { type Counters, readCounters } from './counters.js'
import { BrokerEvent, type BrokerEventDetail, type ClientInfo, type RetainedInfo, type SessionInfo } from './events.js'
import { BrokerErrorEvent, HookError, type Hooks } from './hooks.js'
import { type BrokerOptions, readBrokerOptions } from './options.js'
import type { HostMessagesOptions, HostSubscribeOptions } from './own-subscriptions.js'
import { OwnSubscriptions } from './own-subscriptions.js'
import { serverCode } from './server-code.js'
import { readClients, readRetained, readSessions } from './views.js'

const acceptFields = fields({ username: text })

/** Stores in use by a broker. */
const stores = new WeakSet<Store>()

/** Events of a broker. */
export interface BrokerEventMap {
  event: BrokerEvent
  /** A failed hook; or a failed store or module, which ends the broker. */
  error: BrokerErrorEvent
}

/**
 * A broker in the page: `connect(broker)` reaches it without a network. It accepts clients from its
 * creation on.
 */
export class Broker extends ObservedEventTarget<BrokerEventMap> {
  /**
   * Resolves once the module is loaded, and the store's records are read. Rejects if either fails,
   * or with a ClosedError. The rejection may be left unhandled.
   */
  readonly ready: Promise<this>

  /** @internal */
  protected readonly events = ['event', 'error']
  /** @internal */
  protected readonly observed = 'event'
  readonly #loaded: Promise<Engine<BrokerGlue>>
  readonly #peers = new PeerSet(error => this.#fail(error))
  readonly #subscriptions: OwnSubscriptions
  #core: Core | undefined
  #storage: BatchWriter | undefined
  #closing: Promise<void> | undefined
  #failure: MqttError | undefined
  #break!: (error: MqttError) => void
  /** Rejects when the module fails. */
  readonly #broken = new Promise<never>((_, reject) => {
    this.#break = reject
  })
  /** Stops the looks at the timers on page events. */
  #stopWaking: (() => void) | undefined
  #unguard: (() => void) | undefined

  /** @throws OptionError if an option is wrong. */
  constructor(options?: BrokerOptions) {
    super()
    const { core, hooks, store } = readBrokerOptions(options)
    if (store) {
      if (stores.has(store))
        throw new OptionError('store', store, 'this store is in use by another Broker; close that one first')
      stores.add(store)
    }
    this.#broken.catch(ignore)
    this.#loaded = this.#start(core, hooks, store)
    this.#subscriptions = new OwnSubscriptions(this.#loaded, () => this.#open())
    this.ready = this.#loaded.then(() => this)
    // Once the store is open, its own close releases it.
    this.ready.catch(() => this.#storage || (store && stores.delete(store)))
  }

  /**
   * Accepts the client at the other end of a socket.
   *
   * The socket is a WebSocket of the package `ws` or of a page, with the subprotocol `mqtt` or
   * `mqttv3.1`. Or it is a stream of Node, such as a `net.Socket` or a `tls.TLSSocket`. From then
   * on it belongs to the broker, which closes it at the end of the connection. An error of the
   * socket ends the connection, and is not reported.
   *
   * @param options.username user name that the socket has proven, such as the common name of a
   *   client's certificate. It takes the place of that of CONNECT. `users` and `authenticate` are
   *   not asked about it; the access list and the other hooks get it.
   * @throws OptionError if it is none of these.
   */
  accept(socket: AcceptedSocket, options?: { readonly username?: string | undefined }): void {
    const { username } = acceptFields(options, 'options')
    const transport = transportOf(socket)
    if (transport) this.#admit(transport, username)
  }

  /**
   * Returns a WebSocket to this broker, without a network, for clients that are made for
   * WebSockets.
   *
   * It is as a WebSocket of a page is, to its errors and its events. It fails without a subprotocol
   * of MQTT among those that are given.
   *
   * @param url value of its property `url`. Nothing is looked up there.
   * @param protocols subprotocols, as `new WebSocket` takes them.
   * @throws DOMException as `new WebSocket` does: a `SyntaxError` for a wrong URL or subprotocol.
   * @throws OptionError if `protocols` is neither a string nor a list.
   */
  socket(url: string | URL = 'ws://broker.invalid/', protocols: string | Iterable<string> = 'mqtt'): PageSocket {
    const list = typeof protocols === 'string' ? [protocols] : protocols
    if (typeof list?.[Symbol.iterator] !== 'function') {
      throw optionError('protocols', protocols, 'it must be a string or an array of strings')
    }
    return new PageSocket(
      `${url}`,
      Array.from(list, name => `${name}`),
      transport => this.#admit(transport),
    )
  }

  /**
   * Publishes a message of the page. Resolves with the number of subscribers, once everything that
   * it promises is stored.
   *
   * Rejects with an OptionError, a ClosedError, or an MqttError if the store could not be written.
   */
  async publish(topic: string, payload: Payload, options?: Omit<PublishOptions, 'signal'>): Promise<number> {
    const { flags, properties } = readPublish(options, 5)
    text(topic, 'topic')
    const given = payloadOf(payload, 'payload')
    // The caller may reuse its buffer meanwhile.
    const bytes = typeof payload === 'string' ? given : given.slice()
    await this.#loaded
    const core = this.#open()
    try {
      const subscribers = core.publish(topic, bytes, flags, properties)
      await this.#storage?.covered()
      return subscribers
    } catch (error) {
      throw this.#failure ?? thrownError(error, { kind: 'publish', topic })
    }
  }

  /**
   * Calls the handler for each message that matches the filter, of any publisher. The retained
   * messages come first.
   *
   * No client belongs to it, so the limits of clients, the access list and the store do not apply.
   * A message has the quality of service that it was published with. Handlers run before the
   * message is sent to clients, in the order in which they were added. A message that a handler
   * publishes comes after those that are there.
   *
   * Rejects with an OptionError, also for a shared subscription, which only clients can have.
   * Rejects with a ClosedError, or with the signal's reason.
   */
  subscribe(filter: string, handler: Handler): Promise<Subscription>
  subscribe(filter: string, options: HostSubscribeOptions, handler: Handler): Promise<Subscription>
  async subscribe(filter: string, ...rest: readonly unknown[]): Promise<Subscription> {
    return this.#subscriptions.subscribe(filter, ...readHandler(rest))
  }

  /**
   * Returns the messages that match the filter, for `for await`. It subscribes at once, and
   * unsubscribes when the loop ends.
   *
   * The loop ends when the broker is closed. It throws if subscribing fails, or if the signal
   * aborts. Wrong options throw an OptionError at once.
   */
  messages(filter: string, options?: HostMessagesOptions): MessageStream {
    return this.#subscriptions.messages(filter, options)
  }

  /**
   * Returns the connected clients, in the order of their identifiers. This list and the next two
   * are empty once the broker is closed.
   */
  clients(): ClientInfo[] {
    return readClients(this.#core?.clients())
  }

  /** Returns all sessions, in the order of their client identifiers. */
  sessions(): SessionInfo[] {
    return readSessions(this.#core?.sessions())
  }

  /** Returns the retained messages, in the order of their topics. */
  retained(): RetainedInfo[] {
    return readRetained(this.#core?.retained())
  }

  /** Returns the counters. All are 0 until the broker is ready, and once it is closed. */
  counters(): Counters {
    return readCounters(this.#core?.counters())
  }

  /**
   * Ends a client's connection.
   *
   * @param reasonCode reason code for a 5.0 client, one that a server may send (MQTT 5.0
   *   §3.14.2.1). Default 0x98, administrative action.
   * @param serverReference another server to use, with 0x9C for now, with 0x9D for good.
   * @returns true if there was such a client.
   */
  disconnect(clientId: string, reasonCode = 0x98, serverReference?: string): boolean {
    const code = serverCode(reasonCode, 'reasonCode')
    if (serverReference !== undefined && code !== 0x9c && code !== 0x9d) {
      throw optionError('reasonCode', reasonCode, 'with a server reference it must be 0x9C or 0x9D')
    }
    const server = serverReference === undefined ? undefined : text(serverReference, 'serverReference')
    return this.#core?.disconnect(text(clientId, 'clientId'), code, server) ?? false
  }

  /**
   * Ends all connections and the broker. Only stored data survives. Clients of 5.0 get 0x8B, server
   * shutting down. Idempotent.
   *
   * @returns a promise that resolves once the store, if there is one, has everything and is closed.
   *   It rejects if the store does.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    // Without a store the rejection may be left unhandled.
    this.#closing.catch(ignore)
    return this.#closing
  }

  /** @internal */
  async [LINK](): Promise<BrokerLink> {
    const engine = await this.#loaded
    return { engine, link: (client, attempt) => client.link(attempt, this.#open()) }
  }

  /** @internal */
  protected observe(on: boolean): void {
    this.#core?.listen(on ? detail => void this.dispatchEvent(new BrokerEvent(detail as BrokerEventDetail)) : undefined)
  }

  async #start(options: CoreBrokerOptions, hooks: Hooks, store: Store | undefined): Promise<Engine<BrokerGlue>> {
    const [engine, hooksPart] = await Promise.all([
      brokerLoader.load(),
      Object.values(hooks).some(Boolean) && loadPart(import('./lazy-hooks.js')),
    ])
    if (this.#closing) throw this.#closed()
    const fail = (error: MqttError) => this.#fail(error)
    engine.onFailure.add(fail)
    this.#unguard = () => engine.onFailure.delete(fail)
    const core = new engine.glue.BrokerCore(this.#subscriptions.host(engine), options)
    if (hooksPart) {
      const runner = new hooksPart.HookRunner(hooks, {
        answer: (...answer) => this.#answer(core, ...answer),
        failed: (...failure) => this.#tell(new HookError(...failure)),
        bytes: data => secret(data, 'data'),
      })
      core.setAsker(runner)
    }
    if (store) await this.#restore(store, core)
    this.#core = core
    // Then it is closed as any other is.
    if (this.#closing) throw this.#closed()
    if (this.isObserved) this.observe(true)
    this.#stopWaking = onPageResume(() => this.#call(() => core.wake()))
    return engine
  }

  async #restore(store: Store, core: Core): Promise<void> {
    try {
      const { BatchWriter } = await loadPart(import('../store/lazy-store.js'))
      this.#storage = await BatchWriter.open(store, core, {
        error: (message, cause) => new StoreError(message, { cause }),
        failed: error => this.#failure || this.#tell(error),
        rest: () => new Promise(nextTask),
        broken: this.#broken,
        closed: () => stores.delete(store),
      })
    } catch (error) {
      throw thrownError(error, { kind: 'options' })
    }
  }

  #tell(error: MqttError): void {
    if (this.dispatchEvent(new BrokerErrorEvent(error))) reportUncaught(error)
  }

  /** Ends the broker with its module, which has failed. */
  #fail(thrown: unknown): void {
    if (this.#failure) return
    const error = thrownError(thrown, { kind: 'options' }) as MqttError
    this.#failure = error
    const core = this.#leaveCore()
    this.#break(error)
    this.#subscriptions.close({ error })
    this.#peers.close()
    freeLater(core)
    this.#storage?.close().catch(ignore)
    const isUnheard = this.dispatchEvent(new BrokerErrorEvent(error))
    // The hook of the module has reported a panic.
    if (isUnheard && !error.message.includes('panicked')) reportUncaught(error)
  }

  #leaveCore(): Core | undefined {
    const core = this.#core
    this.#core = undefined
    this.#stopWaking?.()
    this.#unguard?.()
    return core
  }

  async #end(): Promise<void> {
    // A module that is still loading cannot be closed.
    if (!this.#core) await this.#loaded.catch(ignore)
    const core = this.#leaveCore()
    // Loading failed, or the core is lost.
    if (!core) return this.#storage?.close()
    try {
      core.close()
    } catch (error) {
      this.#fail(error)
    }
    this.#subscriptions.close({})
    // The caller may be a hook or a handler, after which the module tells its clients. It tells
    // many in turns, which go on by themselves.
    do await new Promise<void>(nextTask)
    while (!this.#failure && core.isClosing())
    // Answers to clients follow on the writes that they wait for.
    if (this.#storage) await this.#storage.settled()
    this.#peers.close()
    freeLater(core)
    await this.#storage?.close()
  }

  #admit(transport: Transport, username?: string): void {
    const peer = new Peer(transport, username)
    this.#loaded.then(
      () => (this.#core ? this.#peers.enter(peer, this.#core) : peer.close()),
      () => peer.close(),
    )
  }

  #answer(core: Core, question: number, reasonCode: number, data?: Uint8Array): void {
    this.#call(() => core.answer(question, reasonCode, data))
  }

  #call(action: () => void): void {
    if (this.#closing || this.#failure) return
    try {
      action()
    } catch (error) {
      this.#fail(error)
    }
  }

  #open(): Core {
    if (!this.#core) throw this.#closed()
    return this.#core
  }

  #closed(): ClosedError {
    const cause = this.#failure
    return new ClosedError(`the broker is closed${cause ? `: ${cause.message}` : ''}`, { cause })
  }
}
