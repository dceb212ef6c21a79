import { MqttError } from '../util/errors.js'
import { ReceivedMessage, type RejectCode, rejectCode } from './message.js'

/**
 * Acknowledgement of one message, which waits for all its handlers that acknowledge by hand.
 * @internal
 */
export class HeldAck {
  #missing: number
  #reasonCode = 0

  readonly #send: (reasonCode: number) => boolean

  constructor(missing: number, send: (reasonCode: number) => boolean) {
    this.#missing = missing
    this.#send = send
  }

  /** Counts one answer. The last one sends the acknowledgement, with the first refusal. */
  answer(reasonCode: number): boolean {
    this.#reasonCode ||= reasonCode
    this.#missing -= 1
    return this.#missing > 0 || this.#send(this.#reasonCode)
  }
}

/** A message that its handler acknowledges by hand. @internal */
export class HeldMessage extends ReceivedMessage {
  #ack: HeldAck | undefined
  readonly #forgotten: Forgotten

  constructor(message: ReceivedMessage, ack: HeldAck, forgotten: Forgotten) {
    super(message.topic, message.payload, message.flags, message.lazy)
    this.#ack = ack
    this.#forgotten = forgotten
    forgotten.register(this, message.topic, this)
  }

  override ack(): boolean {
    return this.#answer(0)
  }

  override reject(reasonCode: RejectCode = 0x80): boolean {
    return this.#answer(rejectCode(reasonCode, 'reasonCode'))
  }

  #answer(reasonCode: number): boolean {
    const ack = this.#ack
    this.#ack = undefined
    this.#forgotten.unregister(this)
    return ack?.answer(reasonCode) ?? false
  }
}

/** Registry of held messages, by topic. @internal */
export type Forgotten = FinalizationRegistry<string>

/** Returns a registry that reports messages which are gone without an answer. @internal */
export function watchForgotten(report: (error: unknown) => void): Forgotten {
  return new FinalizationRegistry(topic => {
    const fix = 'call one of them for every message, since later acknowledgements wait for it'
    report(new MqttError(`a message of topic ${topic} is gone without ack() or reject(); ${fix}`))
  })
}
