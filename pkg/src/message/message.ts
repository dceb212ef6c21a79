import { oneOf } from '../util/validate.js'
import { fromList, type MessageProperties, type PropertyList } from './properties.js'

/** A payload to publish. Text is sent as UTF-8. */
export type Payload = string | Uint8Array | ArrayBuffer | ArrayBufferView

/** Quality of service: 0 at most once, 1 at least once, 2 exactly once (MQTT 5.0 §4.3). */
export type QoS = 0 | 1 | 2

/** A message that arrived. */
export interface Message {
  readonly topic: string
  /**
   * Payload bytes, perhaps a view of a buffer that other messages share. Read them; copy before you
   * write or transfer.
   */
  readonly payload: Uint8Array
  /** Quality of service of the delivery. */
  readonly qos: QoS
  /**
   * True for a retained message sent because of the subscription. With `retainAsPublished`, the
   * flag it was published with.
   */
  readonly retain: boolean
  /** True if the broker may have sent it before (DUP). */
  readonly duplicate: boolean
  /** Properties, decoded on first use. */
  readonly properties: MessageProperties
  /** Returns the payload as UTF-8. Invalid bytes become U+FFFD. */
  text(): string
  /** Returns the payload parsed as JSON. Throws a SyntaxError if it is not JSON. */
  json<T = unknown>(): T
  /**
   * Acknowledges a QoS 1 or 2 message of a subscription with `acknowledge: 'manual'`. The broker is
   * told once all such handlers of the message have answered, after the messages before it.
   *
   * Returns false if it has no effect: there is nothing to acknowledge, or it was answered before,
   * or the broker will send the message again.
   */
  ack(): boolean
  /**
   * Refuses such a message with a reason code, default 0x80. The broker does not send it again.
   * MQTT 3.1.1 cannot say it, and acknowledges. Returns as `ack`. Throws an OptionError for another
   * code.
   */
  reject(reasonCode?: RejectCode): boolean
}

/**
 * Reason code of a refused message: unspecified, implementation specific, not authorized, topic
 * name, quota, payload format (MQTT 5.0 §3.4.2.1).
 */
export type RejectCode = 0x80 | 0x83 | 0x87 | 0x90 | 0x97 | 0x99

/**
 * A message handler, called for each message that matches the filter. An error that it throws, or
 * that its promise rejects with, is reported as an `error` event. Other handlers still run.
 */
export type Handler = (message: Message) => void

/** Check of the argument of `reject`. @internal */
export const rejectCode = oneOf<RejectCode>(0x80, 0x83, 0x87, 0x90, 0x97, 0x99)

const decoder = new TextDecoder()
const none: MessageProperties = Object.freeze({})

/**
 * A received message. It has few fields and none `#private`, since one is made for each message
 * that arrives. @internal
 */
export class ReceivedMessage implements Message {
  constructor(
    readonly topic: string,
    readonly payload: Uint8Array,
    /** Low four bits as in PUBLISH. @internal */
    readonly flags: number,
    /** @internal */
    readonly lazy: LazyProperties | undefined,
  ) {}

  get qos(): QoS {
    return ((this.flags >> 1) & 3) as QoS
  }

  get retain(): boolean {
    return (this.flags & 1) === 1
  }

  get duplicate(): boolean {
    return (this.flags & 8) === 8
  }

  get properties(): MessageProperties {
    return this.lazy === undefined ? none : this.lazy.read()
  }

  text(): string {
    return decoder.decode(this.payload)
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T
  }

  ack(): boolean {
    return false
  }

  reject(reasonCode: RejectCode = 0x80): boolean {
    rejectCode(reasonCode, 'reasonCode')
    return false
  }
}

/** Decoder of properties, by the module. @internal */
export interface PropertyReader {
  readProperties(bytes: Uint8Array): PropertyList
}

/** Encoded properties of a message, decoded on first use. @internal */
export class LazyProperties {
  readonly #reader: PropertyReader
  readonly #bytes: Uint8Array
  #properties: MessageProperties | undefined

  constructor(reader: PropertyReader, bytes: Uint8Array) {
    this.#reader = reader
    this.#bytes = bytes
  }

  read(): MessageProperties {
    this.#properties ??= fromList(this.#reader.readProperties(this.#bytes)) as MessageProperties
    return this.#properties
  }
}
