// The last messages that a client received.
import type { Message } from 'wasmqtt/broker'
import { type ReceivedMessage, receivedMessage } from './message.ts'
import { type Readable, Signal } from './signal.ts'

/** The newest first, and how many there have been in all. */
export interface Mail {
  readonly messages: readonly ReceivedMessage[]
  readonly total: number
}

const empty: Mail = { messages: [], total: 0 }

/** Keeps the last messages and counts the rest. */
export class Mailbox {
  readonly #mail = new Signal<Mail>(empty)
  readonly #messagesMax: number
  #last: Message | undefined

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax
  }

  get mail(): Readable<Mail> {
    return this.#mail
  }

  /** Puts a message in, once, however many subscriptions hand it over. */
  readonly add = (message: Message): void => {
    if (message === this.#last) return
    this.#last = message
    const { messages, total } = this.#mail.value
    const kept = messages.slice(0, this.#messagesMax - 1)
    this.#mail.value = { messages: [receivedMessage(message, Date.now()), ...kept], total: total + 1 }
  }

  clear(): void {
    this.#last = undefined
    this.#mail.value = empty
  }
}
