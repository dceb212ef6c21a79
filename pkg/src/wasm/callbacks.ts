import { type Handler, LazyProperties, type Message, ReceivedMessage } from '../message/message.js'
import { type PacketRecord, packetRecord } from '../message/packet-record.js'
import type { PropertyList } from '../message/properties.js'
import { reportUncaught } from '../util/report-error.js'
import type { FrameEvent, Glue, Host } from './interface.js'

/**
 * A handler, as long as it is subscribed. The end of its subscription empties it, so that not even
 * a message under way reaches it.
 */
export interface Receiver {
  handle: Handler | undefined
}

/** Callbacks for the outcomes of a client's requests. */
export type Answers = Pick<Host, 'done' | 'failed'>

/** Callbacks for a client's events, apart from messages and requests. */
export interface Life extends Pick<Host, 'connected' | 'authenticate' | 'closed' | 'notice'> {
  onPacket(packet: PacketRecord): void
}

/**
 * Length up to which V8 keeps an array's bytes in its heap. A copy then costs little more than a
 * view.
 */
const CHEAP_BYTES = 64
/**
 * Size of a frame that a longer payload may keep in memory. A copy costs as much as ten messages.
 */
const SMALL_FRAME_BYTES = 32_768

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Callbacks of the module: they turn its numbers into messages.
 *
 * An address is valid until the module is called again, so everything is read before a handler
 * runs.
 */
export class ClientHost implements Host {
  readonly #topics: string[] = []
  readonly #routes: Receiver[][] = []
  readonly #packets: PacketRecord[] = []
  #current = new ArrayBuffer(0)
  #currentBytes = 0
  #bytes: Uint8Array

  readonly #memory: WebAssembly.Memory
  readonly #glue: Glue
  readonly #receivers: ReadonlyMap<number, Receiver>
  readonly #requests: Answers
  readonly #life: Life

  constructor(
    memory: WebAssembly.Memory,
    glue: Glue,
    receivers: ReadonlyMap<number, Receiver>,
    requests: Answers,
    life: Life,
  ) {
    this.#memory = memory
    this.#glue = glue
    this.#receivers = receivers
    this.#requests = requests
    this.#life = life
    this.#bytes = new Uint8Array(memory.buffer)
  }

  frame(event: FrameEvent): number {
    const data = event?.data
    if (data instanceof ArrayBuffer) {
      this.#current = data
    } else if (ArrayBuffer.isView(data)) {
      // A socket by `createWebSocket` may deliver a view, or a buffer of another realm.
      this.#current = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer
    } else if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') {
      this.#current = data as ArrayBuffer
    } else {
      // Such a socket may call its `open` and `close` handlers without an event.
      return data === undefined ? -2 : -1
    }
    this.#currentBytes = this.#current.byteLength
    return this.#currentBytes
  }

  fill(address: number, from: number, to: number): void {
    this.#view().set(new Uint8Array(this.#current, from, to - from), address)
  }

  route(slot: number, topicAddress: number, topicBytes: number, handlersAddress: number, handlers: number): void {
    const bytes = this.#view()
    this.#topics[slot] = decoder.decode(bytes.subarray(topicAddress, topicAddress + topicBytes))
    const numbers = new Uint32Array(bytes.buffer, handlersAddress, handlers)
    this.#routes[slot] = Array.from(numbers, number => this.#receivers.get(number)).filter(
      receiver => receiver !== undefined,
    )
  }

  message(
    slot: number,
    flags: number,
    address: number,
    payloadBytes: number,
    propertiesBytes: number,
    offset: number,
  ): void {
    const receivers = this.#routes[slot] as Receiver[]
    const message = new ReceivedMessage(
      this.#topics[slot] as string,
      this.#payload(address, payloadBytes, offset),
      flags,
      propertiesBytes > 0
        ? new LazyProperties(this.#glue, this.#view().slice(address - propertiesBytes, address))
        : undefined,
    )
    for (let index = 0; index < receivers.length; index++) deliver(receivers[index] as Receiver, message)
  }

  connected(...args: Parameters<Host['connected']>): void {
    this.#life.connected(...args)
  }

  notice(...args: Parameters<Host['notice']>): void {
    this.#life.notice(...args)
  }

  authenticate(challenge: number, properties: PropertyList): void {
    this.#life.authenticate(challenge, properties)
  }

  done(...outcome: Parameters<Host['done']>): void {
    this.#requests.done(...outcome)
  }

  failed(...outcome: Parameters<Host['failed']>): void {
    this.#requests.failed(...outcome)
  }

  closed(...cause: Parameters<Host['closed']>): void {
    this.#life.closed(...cause)
  }

  packet(...packet: Parameters<Host['packet']>): void {
    this.#packets.push(packetRecord(...packet))
  }

  tellPackets(): void {
    for (const packet of this.#packets.splice(0)) this.#life.onPacket(packet)
  }

  /**
   * Returns a view of the frame where it keeps little else in memory, or where a copy would cost
   * much. Otherwise a copy.
   */
  #payload(address: number, length: number, offset: number): Uint8Array {
    const frameBytes = this.#currentBytes
    const isInFrame = offset >= 0 && offset + length <= frameBytes
    if (isInFrame && (length * 2 >= frameBytes || (length > CHEAP_BYTES && frameBytes <= SMALL_FRAME_BYTES))) {
      return new Uint8Array(this.#current, offset, length)
    }
    return this.#view().slice(address, address + length)
  }

  /**
   * Returns the module's memory. When it grows, its buffer is replaced, and the old one is empty.
   */
  #view(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#memory.buffer)
    return this.#bytes
  }
}

/** A function of its own, so that the loop above is compiled without the `try`. */
function deliver(receiver: Receiver, message: Message): void {
  const { handle } = receiver
  try {
    handle?.(message)
  } catch (error) {
    reportUncaught(error)
  }
}
