import { type Forgotten, HeldAck, HeldMessage, watchForgotten } from '../message/held-message.js'
import { type Handler, LazyProperties, type Message, ReceivedMessage } from '../message/message.js'
import { type PacketRecord, packetRecord } from '../message/packet-record.js'
import { ignore } from '../util/abort.js'
import { bytesOf } from '../util/bytes.js'
import type { FrameEvent, Glue, Host } from './interface.js'
import { RetainedCopies } from './retained-copies.js'

/**
 * A handler, as long as it is subscribed. The end of its subscription empties it, so that not even
 * a message under way reaches it.
 */
export interface Receiver {
  handle: Handler | undefined
  /** Its number at the module; a later handler has a larger one. */
  readonly number?: number
  /** True if it acknowledges by hand. */
  readonly isManual?: boolean
  /** True if live messages keep the RETAIN flag. */
  readonly keepsRetain?: boolean
  /** True if the broker sends retained messages because of it. */
  readonly hasCopies?: boolean
  /** True once it has had a message. */
  hadMessage?: boolean
  /** Promises of calls that go on. */
  running?: Set<Promise<void>>
}

/** Callbacks for messages that need more than their handlers. */
export interface Life {
  onPacket(packet: PacketRecord): void
  /** Called for a message without a handler. */
  onUnhandled(message: Message): void
  /** Called for the error of a handler. */
  onError(error: unknown): void
  /** Called for a message that is gone without an answer. */
  onForgotten(error: unknown): void
  acknowledge(ticket: number, reasonCode: number): boolean
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
export class ClientHost implements Pick<Host, 'frame' | 'fill' | 'route' | 'message' | 'packet' | 'tellPackets'> {
  readonly #topics: string[] = []
  readonly #routes: Receiver[][] = []
  readonly #packets: PacketRecord[] = []
  #current = new ArrayBuffer(0)
  #currentBytes = 0
  #bytes: Uint8Array
  readonly #copies = new RetainedCopies()
  #forgotten: Forgotten | undefined
  /** Promises of handlers that go on. */
  readonly running = new Set<Promise<void>>()

  readonly #memory: WebAssembly.Memory
  readonly #glue: Glue
  readonly #receivers: ReadonlyMap<number, Receiver>
  readonly #life: Life

  constructor(memory: WebAssembly.Memory, glue: Glue, receivers: ReadonlyMap<number, Receiver>, life: Life) {
    this.#memory = memory
    this.#glue = glue
    this.#receivers = receivers
    this.#life = life
    this.#bytes = new Uint8Array(memory.buffer)
  }

  frame(event: FrameEvent): number {
    const data = event?.data
    if (data instanceof ArrayBuffer) {
      this.#current = data
    } else {
      // A socket by `createWebSocket` may deliver a view, or a buffer of another realm. It may also
      // call its `open` and `close` handlers without an event.
      const bytes = bytesOf(data)
      if (!bytes) return data === undefined ? -2 : -1
      this.#current = bytes.slice().buffer
    }
    this.#currentBytes = this.#current.byteLength
    return this.#currentBytes
  }

  fill(address: number, from: number, to: number): void {
    this.#view().set(new Uint8Array(this.#current, from, to - from), address)
  }

  route(slot: number, topicAddress: number, topicBytes: number, handlersAddress: number, handlers: number): void {
    const bytes = this.#view()
    const topic = decoder.decode(bytes.subarray(topicAddress, topicAddress + topicBytes))
    const numbers = new Uint32Array(bytes.buffer, handlersAddress, handlers)
    const receivers = Array.from(numbers, number => this.#receivers.get(number)).filter(
      receiver => receiver !== undefined,
    )
    this.#topics[slot] = topic
    this.#routes[slot] = receivers
    this.#copies.note(slot, topic, receivers)
  }

  message(
    slot: number,
    flags: number,
    address: number,
    payloadBytes: number,
    propertiesBytes: number,
    offset: number,
  ): void {
    let receivers: readonly Receiver[] = this.#routes[slot] as Receiver[]
    const message = new ReceivedMessage(
      this.#topics[slot] as string,
      this.#payload(address, payloadBytes, offset),
      flags,
      propertiesBytes > 0
        ? new LazyProperties(this.#glue, this.#view().slice(address - propertiesBytes, address))
        : undefined,
    )
    if ((flags & 1) === 1) receivers = this.#copies.takers(slot, receivers)
    if (flags > 15) this.#hold(message, receivers, flags >>> 4)
    else if (receivers.length === 0) this.#life.onUnhandled(message)
    else for (let index = 0; index < receivers.length; index++) this.deliver(receivers[index] as Receiver, message)
  }

  /** Begins anew with a connection. */
  begin(isResumed: boolean): void {
    this.#copies.begin(isResumed)
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

  /**
   * Delivers a message with a ticket. Each handler that acknowledges by hand has a message of its
   * own.
   */
  #hold(message: ReceivedMessage, receivers: readonly Receiver[], ticket: number): void {
    const manual = receivers.filter(({ isManual }) => isManual).length
    const ack = new HeldAck(Math.max(manual, 1), reasonCode => this.#life.acknowledge(ticket, reasonCode))
    this.#forgotten ??= watchForgotten(error => this.#life.onForgotten(error))
    if (manual === 0) ack.answer(0)
    for (const receiver of receivers) {
      if (!receiver.isManual) this.deliver(receiver, message)
      else if (receiver.handle) this.deliver(receiver, new HeldMessage(message, ack, this.#forgotten))
      // It has left meanwhile.
      else ack.answer(0)
    }
  }

  /** Calls a handler. A method of its own, so that the loop above is compiled without the `try`. */
  deliver(receiver: Receiver, message: Message): void {
    const { handle } = receiver
    if (handle === undefined) return
    receiver.hadMessage = true
    try {
      const result: unknown = handle(message)
      if (typeof result === 'object' && result !== null) this.#run(receiver, Promise.resolve(result))
    } catch (error) {
      this.#life.onError(error)
    }
  }

  /** Notes a handler that goes on, whose promise may reject. */
  #run(receiver: Receiver, result: Promise<unknown>): void {
    receiver.running ??= new Set()
    const { running } = receiver
    const run = result
      .then(ignore, error => this.#life.onError(error))
      .then(() => {
        running.delete(run)
        this.running.delete(run)
      })
    running.add(run)
    this.running.add(run)
  }
}
