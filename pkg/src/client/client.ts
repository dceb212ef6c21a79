/// <reference lib="esnext.disposable" preserve="true" />

import { type Acknowledgement, accepted } from '../message/acknowledgement.js'
import type { LatestStream } from '../message/latest-stream.js'
import type { Handler, Message, Payload } from '../message/message.js'
import type { MessageStream } from '../message/message-stream.js'
import type { ConnackProperties, PropertyList } from '../message/properties.js'
import { abortable, ignore } from '../util/abort.js'
import { TimeoutError } from '../util/errors.js'
import { limitTime } from '../util/limit-time.js'
import { ObservedEventTarget } from '../util/observed-event-target.js'
import { reportUncaught } from '../util/report-error.js'
import { optionError, payload as payloadOf, text } from '../util/validate.js'
import type { Receiver } from '../wasm/callbacks.js'
import type { ClientCore } from '../wasm/interface.js'
import { loadPart } from '../wasm/lazy-part.js'
import type { Loader } from '../wasm/loader.js'
import { callError, type Subject } from '../wasm/to-error.js'
import type { Address } from './address.js'
import type { Reauthentication } from './authentication.js'
import { Connection } from './connection.js'
import { type EndOptions, readEnd } from './end-options.js'
import {
  ClientErrorEvent,
  type GapEvent,
  NoticeEvent,
  PacketEvent,
  type Status,
  StatusEvent,
  UnhandledEvent,
} from './events.js'
import { type Ending, openLatest, openStream, unsubscribed } from './open-stream.js'
import { type ClientOptions, type Credentials, readClientOptions } from './options.js'
import {
  type DrainOptions,
  type LatestOptions,
  type MessagesOptions,
  type PublishOptions,
  quickFlags,
  type RequestOptions,
  readFilters,
  readHandler,
  readPublish,
  readRequest,
  readSignal,
  readSubscribe,
  type SubscribeOptions,
  type UnsubscribeOptions,
} from './request-options.js'
import type { Requester } from './requester.js'
import type { QueueState, ServerLimits } from './server.js'
import { type Subscription, type SubscriptionGroup, type SubscriptionOf, Subscriptions } from './subscriptions.js'
import { LINK, type Linkable, readTarget } from './target.js'

/** Events of a client. */
export interface ClientEventMap {
  status: StatusEvent
  packet: PacketEvent
  notice: NoticeEvent
  unhandled: UnhandledEvent
  error: ClientErrorEvent
  gap: GapEvent
}

const sent = Promise.resolve(accepted)
/** Name of the method by which Node shows an object. */
const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom')
/** Common base of the `Client` of both entries. */
export abstract class BaseClient extends ObservedEventTarget<ClientEventMap> {
  /**
   * Resolves with the client once the broker has accepted for the first time.
   *
   * The client tries again until then. For a reason that would be the same again, it gives up and
   * this rejects; see "Reconnecting" in the README.
   *
   * Rejects with a ConnectError; a ConnectionError if the broker broke a rule; an OptionError if
   * the credentials are wrong. Rejects with a ClosedError or the signal's reason if the client is
   * ended before. The rejection may be left unhandled.
   */
  readonly ready: Promise<this>

  /** @internal */
  protected readonly events = ['status', 'packet', 'notice', 'gap', 'unhandled', 'error']
  /** @internal */
  protected readonly observed = 'packet'
  readonly #connection: Connection
  readonly #subscriptions: Subscriptions
  readonly #version: 4 | 5
  readonly #isAuto: boolean
  readonly #sessionExpiry: number
  readonly #streams = new Set<Ending>()
  #requester: Promise<Requester> | undefined
  /** The latest topic that passed the check. */
  #topic = ''

  /** @internal */
  protected constructor(to: Address | Linkable, options: ClientOptions | undefined, loader: Loader) {
    super()
    const target = readTarget(to)
    const settings = readClientOptions(options, LINK in target ? 0 : target.count)
    this.#version = settings.version
    this.#isAuto = settings.core[0] === 0
    this.#sessionExpiry = settings.sessionExpiry
    const given = { ...options }
    this.#connection = new Connection(target, loader, settings, {
      sharing: {
        identity: identityOf(to as Address, given),
        options: given,
        open: options => new Upstream(to, options, loader),
      },
      onStatus: (status, gap) => this.#onStatus(status, gap),
      gap: (isResumed, absence) => this.#handlers.gap(isResumed, absence),
      onNotice: notice => {
        if (notice.kind === 'unsubscribed') this.#handlers.forget(notice.filter)
        this.dispatchEvent(new NoticeEvent(notice))
      },
      onPacket: packet => void this.dispatchEvent(new PacketEvent(packet)),
      onUnhandled: message => void this.dispatchEvent(new UnhandledEvent(message)),
      onError: error => {
        if (this.dispatchEvent(new ClientErrorEvent(error))) reportUncaught(error)
      },
    })
    this.#subscriptions = new Subscriptions(this.#connection)
    this.ready = this.#connection.ready.then(() => this)
    this.ready.catch(ignore)
  }

  /**
   * As `ready`, but gives up after `connectTimeout`, with the error of the last attempt. @internal
   */
  readyInTime(): Promise<this> {
    this.#connection.limitFirst()
    return this.ready
  }

  get status(): Status {
    return this.#connection.status
  }

  /** Protocol version that was asked for: 5 is MQTT 5.0, 4 is MQTT 3.1.1. */
  get version(): 4 | 5 | 'auto' {
    return this.#isAuto ? 'auto' : this.#version
  }

  /** Client identifier: as given, random, or assigned by the broker. */
  get clientId(): string {
    return this.#connection.clientId
  }

  /** True if the broker resumed the session of an earlier connection (MQTT 5.0 §3.2.2.1.1). */
  get sessionPresent(): boolean {
    return this.#connection.sessionPresent
  }

  /** Properties of CONNACK; empty before it, and in MQTT 3.1.1. */
  get connackProperties(): ConnackProperties {
    return this.#connection.connackProperties
  }

  /** Requests that wait, and messages in flight. */
  get queue(): QueueState {
    return this.#connection.queueState()
  }

  /** Limits of the broker, and what was agreed on; undefined before the first connection. */
  get server(): ServerLimits | undefined {
    return this.#connection.server
  }

  /**
   * Publishes a message. Without a connection, it waits in order with other requests, as far as the
   * option `offline` lets it.
   *
   * Resolves at QoS 0 when the message is handed to the transport, at QoS 1 with PUBACK, at QoS 2
   * with PUBCOMP. The value is the broker's answer, with its reason string and user properties.
   *
   * Rejects with an OptionError before anything is sent. Rejects with a PublishError if the broker
   * refuses, the queue is full, or the connection ends before. Rejects with an IndeterminateError
   * if it was sent and the broker's session is lost, or three connections are. Rejects with a
   * TimeoutError, a ClosedError if the client is ended, or the signal's reason. A message that was
   * not sent is then withdrawn.
   */
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<Acknowledgement> {
    try {
      if (topic !== this.#topic) this.#topic = text(topic, 'topic')
      const bytes = payloadOf(payload, 'payload')
      const flags = options === undefined ? 0 : quickFlags(options)
      const core = this.#connection.core
      if (core !== undefined && flags >= 0) return this.#publishNow(core, topic, bytes, flags, undefined)
      return this.#publishWith(topic, typeof payload === 'string' ? bytes : bytes.slice(), options)
    } catch (error) {
      return Promise.reject(callError(error, () => ({ kind: 'publish', topic })))
    }
  }

  /**
   * Publishes a request, and resolves with the first reply: a message on the response topic with
   * the request's correlation data (MQTT 5.0 §4.10).
   *
   * All requests share one subscription. The part of the package for it is loaded at first use.
   *
   * Rejects with a TimeoutError if no reply comes, or as `subscribe` and `publish` do.
   */
  async request(topic: string, payload: Payload, options?: RequestOptions): Promise<Message> {
    const request = readRequest(options, this.#version)
    const bytes = payloadOf(payload, 'payload')
    const copy = typeof payload === 'string' ? bytes : bytes.slice()
    request.signal?.throwIfAborted()
    this.#requester ??= this.#loadRequester()
    const requester = await this.#requester
    return requester.request({ topic: text(topic, 'topic'), payload: copy, ...request })
  }

  /**
   * Publishes a reply to a request: to its response topic, with its correlation data, and at its
   * QoS unless the options have another. Rejects with an OptionError if the message has no response
   * topic, otherwise as `publish`.
   */
  async reply(request: Message, payload: Payload, options?: PublishOptions): Promise<Acknowledgement> {
    const { responseTopic, correlationData } = request?.properties ?? {}
    if (!responseTopic) throw optionError('request', request, 'it must be a message with a response topic')
    const properties = { ...options?.properties, ...(correlationData && { correlationData }) }
    return this.publish(responseTopic, payload, { qos: request.qos, ...options, properties })
  }

  /**
   * Calls the handler for each message that matches the filter. Handlers run in the order in which
   * they were added.
   *
   * Handlers of one filter share its subscription at the broker. SUBSCRIBE is sent for the first
   * handler, and again for one with other options. The new options then hold for all, but the QoS
   * never falls. It is sent again as well for a handler that may have missed retained messages;
   * handlers that had them are spared.
   *
   * Several filters go in one SUBSCRIBE, and the handler gets a message that matches several once.
   * Resolves if the broker grants at least one of them.
   *
   * Rejects with an OptionError before anything is sent. Rejects with a SubscribeError if the
   * broker refuses, or the connection ends before. Rejects with a ClosedError if the client is
   * ended, or with the signal's reason.
   */
  subscribe<F extends string | readonly string[]>(filters: F, handler: Handler): Promise<SubscriptionOf<F>>
  subscribe<F extends string | readonly string[]>(
    filters: F,
    options: SubscribeOptions,
    handler: Handler,
  ): Promise<SubscriptionOf<F>>
  subscribe(filters: string | readonly string[], ...rest: readonly unknown[]): Promise<unknown> {
    try {
      const [options, handler] = readHandler(rest)
      const subscribed = this.#subscribe(filters, options as SubscribeOptions, { handle: handler })
      return Array.isArray(filters) ? subscribed : subscribed.then(single)
    } catch (error) {
      return Promise.reject(callError(error, () => ({ kind: 'subscribe', filter: String(filters) })))
    }
  }

  /**
   * Ends the subscriptions of the filters, whoever made them: all their handlers and streams, and
   * those of a session that was resumed. Sends one UNSUBSCRIBE.
   *
   * Resolves also for filters that were not subscribed. Rejects with an OptionError before anything
   * is sent. Rejects with a SubscribeError if the broker refuses, a ClosedError if the client is
   * ended, or the signal's reason.
   */
  async unsubscribe(filters: string | readonly string[], options?: UnsubscribeOptions): Promise<void> {
    const all = readFilters(filters)
    const signal = readSignal(options)
    const subject: Subject = { kind: 'subscribe', filter: all[0] as string }
    const bytes = all.join('').length
    await this.#whenLoaded(subject, bytes, signal, ignore, core => this.#handlers.unsubscribe(core, all))
  }

  /**
   * Returns the messages that match the filter, for `for await`. It subscribes at once, and
   * unsubscribes when the loop ends.
   *
   * The loop ends with the client. It throws if the client closed with an error, if subscribing
   * fails, or if the signal aborts. Wrong options throw an OptionError at once.
   */
  messages(filter: string, options?: MessagesOptions): MessageStream {
    return openStream(options, this.#version, this.#streams, this.#streamer(filter))
  }

  /**
   * Returns lists of messages that match the filter, for `for await`. A list has the latest message
   * of each topic since the last list, and comes no more often than a page draws. For floods of
   * messages that replace each other.
   *
   * Otherwise as `messages`.
   */
  latest(filter: string, options?: LatestOptions): LatestStream {
    return openLatest(options, this.#version, this.#streams, this.#streamer(filter))
  }

  /**
   * Resolves once all that was published is acknowledged, all other requests are answered, and all
   * handlers have run, with the promises that they returned. Also resolves when the client closes.
   *
   * Rejects with an OptionError, or with the signal's reason.
   */
  async drain(options?: DrainOptions): Promise<void> {
    const signal = readSignal(options)
    await abortable(this.#drain(), signal, ignore)
  }

  /**
   * Authenticates anew on the living connection, by the option `authenticate` (MQTT 5.0 §4.12.1).
   *
   * Resolves with the broker's answer. A broker that refuses, or does not answer within the
   * connect timeout, ends the connection, and it rejects with a ConnectionError. Rejects with what
   * `authenticate` throws at the beginning, and nothing was sent then.
   */
  reauthenticate(): Promise<Reauthentication> {
    return this.#connection.reauthenticate()
  }

  /**
   * Ends the client for good: sends DISCONNECT, then closes the transport. Idempotent.
   *
   * Resolves when the transport has closed, or after the timeout. Unanswered requests reject with a
   * ClosedError. Rejects with an OptionError only.
   */
  async end(options?: EndOptions): Promise<void> {
    await this.#connection.end(...readEnd(options, this.#version, this.#sessionExpiry))
  }

  /**
   * Closes the transport without DISCONNECT, as a crash would, so that the broker publishes the
   * will. For tests and demos.
   */
  kill(): void {
    this.#connection.kill()
  }

  /** Ends the client without waiting. */
  [Symbol.dispose](): void {
    this.end().catch(ignore)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }

  get [Symbol.toStringTag](): string {
    return 'Client'
  }

  /** @internal */
  [inspect](): string {
    return `Client { clientId: ${JSON.stringify(this.clientId)}, status: '${this.status.phase}' }`
  }

  /** @internal */
  protected observe(on: boolean): void {
    this.#connection.watch(on)
  }

  /** Handlers of this client, with subscriptions of its own or in a connection that tabs share. */
  get #handlers(): Pick<Subscriptions, 'join' | 'unsubscribe' | 'gap' | 'tell' | 'forget' | 'countWith'> {
    return this.#connection.shared?.members ?? this.#subscriptions
  }

  async #loadRequester(): Promise<Requester> {
    try {
      const { Requester } = await loadPart(import('./lazy-requests.js'))
      return new Requester({
        subscribe: (topic, handler) => this.subscribe(topic, { qos: 1 }, handler),
        publish: (topic, payload, options) => this.publish(topic, payload, options),
        responseInformation: () => this.connackProperties.responseInformation,
        limitTime,
        timedOut: (topic, limit) => new TimeoutError(`no reply to the request to ${topic} within ${limit} ms`),
      })
    } catch (error) {
      this.#requester = undefined
      throw error
    }
  }

  #publishNow(
    core: ClientCore,
    topic: string,
    payload: Uint8Array,
    flags: number,
    properties: PropertyList | undefined,
  ): Promise<Acknowledgement> {
    this.#connection.parts.limits?.publish(topic, payload)
    const request = core.publish(topic, payload, flags, properties)
    return request === undefined ? sent : this.#connection.requests.add(request, { kind: 'publish', topic })
  }

  #publishWith(topic: string, payload: Uint8Array, options: PublishOptions | undefined): Promise<Acknowledgement> {
    const { flags, properties, signal } = readPublish(options, this.#version)
    const subject: Subject = { kind: 'publish', topic }
    let request: number | undefined
    const withdraw = () => this.#connection.withdraw(request)
    return this.#whenLoaded(subject, topic.length + payload.length, signal, withdraw, core => {
      this.#connection.parts.limits?.publish(topic, payload)
      request = core.publish(topic, payload, flags, properties)
      return request === undefined ? sent : this.#connection.requests.add(request, subject)
    })
  }

  #subscribe(
    given: string | readonly string[],
    options: SubscribeOptions,
    receiver: Receiver,
    onEnd?: () => void,
  ): Promise<SubscriptionGroup> {
    const filters = readFilters(given)
    const wish = readSubscribe(options, this.#version)
    let joined: Promise<SubscriptionGroup> | undefined
    const cancel = () => {
      receiver.handle = undefined
      if (joined) unsubscribed(joined).catch(ignore)
    }
    const subject: Subject = { kind: 'subscribe', filter: filters[0] as string }
    return this.#whenLoaded(subject, filters.join('').length, wish.signal, cancel, core => {
      const { limits } = this.#connection.parts
      for (const filter of filters) limits?.subscribe(filter, this.#handlers.countWith(filter))
      joined = this.#handlers.join(core, filters, wish, receiver, onEnd)
      return joined
    })
  }

  /** Returns the function that subscribes for a stream. */
  #streamer(filter: string): Parameters<typeof openStream>[3] {
    return async (wish, receiver, onEnd) => this.#subscribe(filter, wish, receiver, onEnd)
  }

  async #drain(): Promise<void> {
    const { queue } = this.#connection
    await this.#connection.settled()
    while (queue.size > 0) {
      // They are sent once there is a connection.
      await new Promise(resolve => this.addEventListener('status', resolve, { once: true }))
      await this.#connection.settled()
    }
  }

  /** Makes the request now, or once the module is loaded. */
  #whenLoaded<T>(
    subject: Subject,
    bytes: number,
    signal: AbortSignal | undefined,
    onAbort: () => void,
    send: (core: ClientCore) => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { core, status, queue } = this.#connection
    if (core) return abortable(send(core), signal, onAbort)
    if (status.phase === 'closed') throw this.#connection.closedError()
    const { promise, queued } = queue.add(subject, bytes, send)
    return abortable(promise, signal, () => {
      queue.remove(queued)
      onAbort()
    })
  }

  #onStatus(status: Status, gap: GapEvent | undefined): void {
    if (gap) {
      this.#handlers.tell(gap)
      this.dispatchEvent(gap)
    }
    if (status.phase === 'closed') {
      const { error } = status
      for (const stream of this.#streams) stream.close(error ? { error } : {})
      this.#requester?.then(requester => requester.close(this.#connection.closedError())).catch(ignore)
    }
    this.dispatchEvent(new StatusEvent(status))
  }
}

/** Client that holds the connection for all tabs. */
class Upstream extends BaseClient {
  constructor(to: Address | Linkable, options: ClientOptions, loader: Loader) {
    super(to, options, loader)
  }
}

/**
 * Returns what has to be the same in all tabs that share a connection. Functions are not compared.
 */
function identityOf(to: Address, { version = 5, clientId, credentials }: ClientOptions) {
  const url = typeof to === 'function' ? undefined : Array.isArray(to) ? to.map(String) : String(to)
  return { url, version, clientId, 'credentials.username': (credentials as Credentials | undefined)?.username }
}

/** Returns the subscription to a single filter. */
function single({ granted, refused: _, ...end }: SubscriptionGroup): Subscription {
  return { ...(granted[0] as Subscription), ...end }
}
