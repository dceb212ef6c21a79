import type { Handler, QoS } from '../message/message.js'
import type { QueueLimits } from '../message/message-stream.js'
import {
  type MessageProperties,
  messageProperties,
  type PropertyList,
  requestProperties,
  toList,
  type UserProperties,
} from '../message/properties.js'
import {
  bool,
  fields,
  func,
  integer,
  milliseconds,
  oneOf,
  optionError,
  positive32,
  qos,
  signal,
  text,
  userProperties,
} from '../util/validate.js'
import { only5, topicName } from './options.js'

/** Options of `publish`. */
export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS
  /** True to have the broker keep the message for later subscribers. Default false. */
  readonly retain?: boolean
  /** 5.0 only. */
  readonly properties?: MessageProperties
  /** Signal that rejects with its reason. A message that was sent stays sent. */
  readonly signal?: AbortSignal
}

/** Options of `request`. */
export interface RequestOptions {
  /** Time limit for the reply, in milliseconds. Default 30000. */
  readonly timeout?: number
  /** Quality of service of the request. Default 1. */
  readonly qos?: QoS
  /** Topic for the reply. Default one of the client, which all requests share. */
  readonly responseTopic?: string
  /** Default a Message Expiry Interval of the time limit. */
  readonly properties?: Omit<MessageProperties, 'responseTopic' | 'correlationData' | 'subscriptionIdentifiers'>
  /** Signal that rejects with its reason. A request that was sent stays sent. */
  readonly signal?: AbortSignal
}

/** Options of `subscribe` (MQTT 5.0 §3.8.3.1). */
export interface SubscribeOptions {
  /** Highest quality of service for its messages. Default 0. */
  readonly qos?: QoS
  /** True to leave out messages of this client. Default false. 5.0 only. */
  readonly noLocal?: boolean
  /** True to keep the RETAIN flag that a message was published with. Default false. 5.0 only. */
  readonly retainAsPublished?: boolean
  /**
   * When retained messages are sent: 0 always, 1 if the subscription is new, 2 never. Default 0.
   * 5.0 only.
   */
  readonly retainHandling?: 0 | 1 | 2
  /**
   * Identifier that comes with its messages, in `properties.subscriptionIdentifiers`; 1 to
   * 268435455. Default one of the client for a shared filter, otherwise none. 5.0 only.
   */
  readonly subscriptionIdentifier?: number
  /** 5.0 only. */
  readonly userProperties?: UserProperties
  /**
   * `manual`: QoS 1 and 2 messages wait for `message.ack()` or `message.reject()`. The broker sends
   * as many as `receiveMaximum` without an answer. Default `auto`: a message is acknowledged once
   * its handlers have been called.
   */
  readonly acknowledge?: 'auto' | 'manual'
  /** Signal that rejects with its reason. Once subscribed, it unsubscribes. */
  readonly signal?: AbortSignal
}

/** Options of `messages`. */
export interface MessagesOptions extends SubscribeOptions {
  /** Number of messages that wait for the loop at most, from 1 on. Default 1000. */
  readonly limit?: number
  /** Message to drop if that many wait. Default `drop-oldest`. */
  readonly overflow?: 'drop-oldest' | 'drop-newest'
}

/** Options of `latest`. */
export interface LatestOptions extends Omit<SubscribeOptions, 'acknowledge'> {
  /** Number of topics that wait for the loop at most. Default 10000. */
  readonly limit?: number
  /**
   * Shortest time between two results, in milliseconds. Default that of the page's frames, and 16
   * where there are none.
   */
  readonly interval?: number
}

/** Options of `unsubscribe`. */
export interface UnsubscribeOptions {
  /** Signal that rejects with its reason. A packet that was sent stays sent. */
  readonly signal?: AbortSignal
}

/** Options of `drain`. */
export interface DrainOptions {
  /** Signal that rejects with its reason. */
  readonly signal?: AbortSignal
}

/** Options of SUBSCRIBE in the module's form. @internal */
export interface SubscribeArguments {
  /** Options byte of SUBSCRIBE. */
  readonly byte: number
  readonly properties: PropertyList | undefined
  readonly isManual: boolean
  readonly signal: AbortSignal | undefined
}

const subscribeChecks = {
  qos,
  noLocal: bool,
  retainAsPublished: bool,
  retainHandling: oneOf(0, 1, 2),
  subscriptionIdentifier: integer(1, 268_435_455),
  userProperties,
  acknowledge: oneOf('auto', 'manual'),
  signal,
}
const subscribeFields = fields(subscribeChecks)
const messagesFields = fields({
  ...subscribeChecks,
  limit: integer(1, 4_294_967_295),
  overflow: oneOf('drop-oldest', 'drop-newest'),
})
const requestFields = fields({
  timeout: milliseconds,
  qos,
  responseTopic: topicName,
  properties: requestProperties,
  signal,
})
const latestFields = fields({ ...subscribeChecks, limit: positive32, interval: integer(0, 60_000) })
const signalFields = fields({ signal })
const publishFields = fields({ qos, retain: bool, properties: messageProperties, signal })

/**
 * Returns QoS and RETAIN as in PUBLISH's first byte, or -1 if other options are set or one is
 * wrong. @internal
 */
export function quickFlags(options: PublishOptions): number {
  if (typeof options !== 'object' || options === null) return -1
  for (const name in options) if (name !== 'qos' && name !== 'retain') return -1
  // They may be inherited.
  const { qos = 0, retain = false, properties, signal } = options
  if ((qos !== 0 && qos !== 1 && qos !== 2) || typeof retain !== 'boolean' || properties || signal) return -1
  return (qos << 1) | Number(retain)
}

/** Checks the options of `publish`. @internal */
export function readPublish(
  options: PublishOptions | undefined,
  version: 4 | 5,
): { flags: number; properties: PropertyList | undefined; signal: AbortSignal | undefined } {
  const { qos = 0, retain = false, properties, signal } = publishFields(options, 'options')
  if (version === 4) only5({ properties })
  return { flags: (qos << 1) | Number(retain), properties: properties && toList(properties), signal }
}

/** Checks the options of `request`. @internal */
export function readRequest(options: RequestOptions | undefined, version: 4 | 5) {
  if (version === 4) throw optionError('version', 4, 'MQTT 3.1.1 has no response topics; connect with version 5')
  const { timeout = 30_000, qos = 1, responseTopic, properties = {}, signal } = requestFields(options, 'options')
  return { timeout, qos, responseTopic, properties, signal }
}

/** Checks the options of `subscribe`. @internal */
export function readSubscribe(options: SubscribeOptions, version: 4 | 5): SubscribeArguments {
  const { signal, acknowledge, qos = 0, ...rest } = subscribeFields(options, 'options')
  if (version === 4) only5(rest)
  const { noLocal = false, retainAsPublished = false, retainHandling = 0, ...properties } = rest
  return {
    byte: qos | (Number(noLocal) << 2) | (Number(retainAsPublished) << 3) | (retainHandling << 4),
    properties: Object.keys(properties).length > 0 ? toList(properties) : undefined,
    isManual: acknowledge === 'manual',
    signal,
  }
}

/** Checks one filter or several. @internal */
export function readFilters(filters: string | readonly string[]): readonly string[] {
  if (!Array.isArray(filters)) return [text(filters, 'filter')]
  if (filters.length === 0) throw optionError('filters', filters, 'it must have at least one filter')
  return filters.map((filter, index) => text(filter, `filters[${index}]`))
}

/** Checks options that are a signal alone. @internal */
export function readSignal(options: { readonly signal?: AbortSignal } | undefined): AbortSignal | undefined {
  const { signal } = signalFields(options, 'options')
  signal?.throwIfAborted()
  return signal
}

const handlerOf = func<Handler>('message => …, after the options')

/** Splits the arguments after a filter into optional options and a handler. @internal */
export function readHandler(rest: readonly unknown[]): [options: unknown, handler: Handler] {
  // Options after the handler are reported as a wrong handler.
  const [options, handler] = typeof rest[0] === 'function' && rest[1] === undefined ? [{}, ...rest] : rest
  return [options, handlerOf(handler, 'handler')]
}

/** Checks the options of `messages`. @internal */
export function readMessages(options: MessagesOptions | undefined, version: 4 | 5): MessagesOptions & QueueLimits {
  const { limit = 1000, overflow = 'drop-oldest', ...wish } = messagesFields(options, 'options')
  const { isManual } = readSubscribe(wish, version)
  // The broker bounds what is not acknowledged.
  return { limit: isManual ? Infinity : limit, overflow, ...wish }
}

/** Checks the options of `latest`. @internal */
export function readLatest(
  options: LatestOptions | undefined,
  version: 4 | 5,
): { limit: number; interval: number | undefined; wish: SubscribeOptions } {
  const { limit = 10_000, interval, ...wish } = latestFields(options, 'options')
  const { isManual } = readSubscribe(wish, version)
  if (isManual) throw optionError('acknowledge', 'manual', 'latest() leaves messages out, so it acknowledges by itself')
  return { limit, interval, wish }
}
