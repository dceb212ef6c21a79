import type { Acknowledgement } from '../../message/acknowledgement.js'
import { type PlainError, revivedError } from './errors.js'
import type { Step } from './protocol.js'
import type { Host, Tools } from './tools.js'

/** A message that was published in this tab, and is not settled. */
interface Publish {
  readonly step: Step
  readonly topic: string
  readonly qos: number
  readonly bytes: number
  /** Where it is: here, with the hub, with the hub's client, or perhaps at the broker. */
  place: 'here' | 'posted' | 'taken' | 'sent'
}

/**
 * Messages that were published in this tab. The tab keeps them until they are settled, so that the
 * next hub gets those that the last one had.
 */
export class Requests {
  readonly #publishes = new Map<number, Publish>()
  /** Those that no hub has, in order. */
  readonly #here = new Set<number>()
  #hereBytes = 0
  /** Those that were posted, and that the hub has not given its client. */
  readonly #posted = new Set<number>()
  #bytes = 0
  #next = 0
  #isConnected = false

  readonly #host: Host
  readonly #tools: Tools

  constructor(host: Host, tools: Tools) {
    this.#host = host
    this.#tools = tools
  }

  /** Returns what waits, its bytes, and what is in flight. */
  queue(): Float64Array {
    const inFlight = [...this.#publishes.values()].filter(({ place, qos }) => place === 'sent' && qos > 0).length
    return Float64Array.of(this.#publishes.size - inFlight, this.#bytes, inFlight)
  }

  /** Adds a message. Throws as the module does if too many wait while there is no hub. */
  add(topic: string, payload: Uint8Array, flags: number, properties: object | undefined): number {
    const bytes = topic.length + payload.length
    this.#makeRoom(bytes)
    const number = this.#next++
    const step: Step = ['publish', number, topic, payload.slice(), flags, properties]
    const publish: Publish = { step, topic, qos: (flags >> 1) & 3, bytes, place: 'here' }
    this.#publishes.set(number, publish)
    this.#bytes += bytes
    this.#keep(number, publish)
    return number
  }

  /** Returns the steps of those that no hub has, in order. */
  *take(): Iterable<Step> {
    for (const number of this.#here) {
      const publish = this.#publishes.get(number) as Publish
      publish.place = 'posted'
      this.#posted.add(number)
      yield publish.step
    }
    this.#here.clear()
    this.#hereBytes = 0
  }

  /** Takes a message back. Returns true if a hub has it. */
  withdraw(number: number): boolean {
    const publish = this.#publishes.get(number)
    if (publish?.place !== 'here') return publish !== undefined
    this.#settle(number, undefined, new this.#tools.errors.PublishError('it was taken back'))
    return false
  }

  /** Notes that the hub has given its client all up to this one. */
  taken(last: number): void {
    for (const number of this.#posted) {
      if (number > last) return
      this.#posted.delete(number)
      const publish = this.#publishes.get(number)
      if (publish) publish.place = this.#isConnected ? 'sent' : 'taken'
    }
  }

  /** Notes whether the hub's client is connected. It sends then what it has. */
  connected(isConnected: boolean): void {
    this.#isConnected = isConnected
    if (!isConnected) return
    for (const publish of this.#publishes.values()) if (publish.place === 'taken') publish.place = 'sent'
  }

  done(number: number, answer: Acknowledgement): void {
    this.#settle(number, answer)
  }

  failed(number: number, error: PlainError): void {
    this.#settle(number, undefined, revivedError(error, this.#tools))
  }

  /**
   * The hub is gone. Messages that it may have sent are sent again at QoS 1, and indeterminate
   * otherwise. The rest is for the next hub.
   */
  lost(): void {
    this.#isConnected = false
    this.#posted.clear()
    this.#here.clear()
    this.#hereBytes = 0
    for (const [number, publish] of this.#publishes) {
      if (publish.place === 'sent' && publish.qos !== 1) {
        const message = 'the tab that had sent it is gone, so the outcome is unknown'
        this.#settle(number, undefined, new this.#tools.errors.IndeterminateError(message))
      } else this.#keep(number, publish)
    }
  }

  #keep(number: number, publish: Publish): void {
    publish.place = 'here'
    this.#here.add(number)
    this.#hereBytes += publish.bytes
  }

  /** Where there is a hub, its client bounds what waits. */
  #makeRoom(bytes: number): void {
    const { messages, bytes: bytesMax, dropsOldest } = this.#host.queue
    for (const number of this.#here) {
      if (this.#here.size < messages && this.#hereBytes + bytes <= bytesMax) return
      const waiting = `${this.#here.size} messages of ${this.#hereBytes} bytes wait`
      const message = `the queue is full: ${waiting}; raise the option queue`
      if (!dropsOldest) throw ['queue-full', message, 0x97]
      const { topic } = this.#publishes.get(number) as Publish
      const error = this.#tools.requestError({ kind: 'publish', topic }, message, { reasonCode: 0x97 })
      this.#settle(number, undefined, error)
    }
  }

  #settle(number: number, answer: Acknowledgement | undefined, error?: unknown): void {
    const publish = this.#publishes.get(number)
    if (!publish) return
    this.#publishes.delete(number)
    this.#posted.delete(number)
    if (this.#here.delete(number)) this.#hereBytes -= publish.bytes
    this.#bytes -= publish.bytes
    this.#host.settle(number, answer, error)
  }
}
