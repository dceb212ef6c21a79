import { fromList, type MessageProperties, type PropertyList } from './properties.js'

/** What can be published: text is sent as UTF-8. */
export type Payload = string | Uint8Array | ArrayBuffer | ArrayBufferView

/** Quality of service: 0 at most once, 1 at least once, 2 exactly once (MQTT 5.0 §4.3). */
export type QoS = 0 | 1 | 2

/** A message that arrived. */
export interface Message {
  readonly topic: string
  /** May be a view of a buffer that other messages share: read it, and copy it before you write or transfer it. */
  readonly payload: Uint8Array
  /** The quality of service that it was delivered with. */
  readonly qos: QoS
  /** A retained message, sent since the subscription began; or, with `retainAsPublished`, one published to be retained. */
  readonly retain: boolean
  /** The broker has perhaps sent it before (DUP). */
  readonly duplicate: boolean
  /** Decoded when first asked for. */
  readonly properties: MessageProperties
  /** The payload as UTF-8; what is none is replaced by U+FFFD. */
  text(): string
  /** The payload as JSON. Throws a SyntaxError if it is none. */
  json<T = unknown>(): T
}

/** Called for each message that matches the filter. What it throws is reported and stops nobody else. */
export type Handler = (message: Message) => void

const decoder = new TextDecoder()
const none: MessageProperties = Object.freeze({})

/** Fields that are few and not `#private`, since a message is made for each that arrives. @internal */
export class ReceivedMessage implements Message {
  constructor(
    readonly topic: string,
    readonly payload: Uint8Array,
    private readonly flags: number,
    private readonly lazy: LazyProperties | undefined,
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
}

/** The module's decoder of properties. @internal */
export interface PropertyReader {
  readProperties(bytes: Uint8Array): PropertyList
}

/** The bytes of a message's properties until somebody asks for them. @internal */
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
