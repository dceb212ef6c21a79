import type { Acknowledgement } from '../message/acknowledgement.js'
import type { Handler, Message } from '../message/message.js'
import type { MessageProperties } from '../message/properties.js'
import type { PublishOptions } from './request-options.js'

/** A request and the limits of waiting for its reply. */
export interface Request {
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly qos: 0 | 1 | 2
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  /** Topic for the reply; undefined for the client's own. */
  readonly responseTopic: string | undefined
  readonly properties: MessageProperties
}

/** Functions of the client. */
export interface RequesterHost {
  subscribe(topic: string, handler: Handler): Promise<unknown>
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<Acknowledgement>
  /** Returns the Response Information of the last CONNACK. */
  responseInformation(): string | undefined
  timedOut(topic: string, timeout: number): Error
  /** Calls back after so many milliseconds. Returns the function that stops it. */
  limitTime(milliseconds: number, over: () => void): () => void
}

/** A request that waits for its reply. */
interface Waiting {
  readonly resolve: (reply: Message) => void
  readonly reject: (error: unknown) => void
}

const PREFIX_BYTES = 8

/**
 * Requests and their replies (MQTT 5.0 §4.10). All replies come by one subscription, and are told
 * apart by their correlation data.
 *
 * The subscription is kept for later requests. Neither it nor what waits ends with a connection.
 */
export class Requester {
  readonly #waiting = new Map<string, Waiting>()
  /** Subscriptions by their topic. One that failed is left out, so that it is tried again. */
  readonly #subscribed = new Map<string, Promise<unknown>>()
  /** Random part of correlation data, against replies to an earlier client of the topic. */
  readonly #prefix = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES))
  readonly #token = Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => (byte % 36).toString(36)).join('')
  #next = 0

  readonly #host: RequesterHost

  constructor(host: RequesterHost) {
    this.#host = host
  }

  /** Publishes a request. Resolves with the first reply. */
  request(request: Request): Promise<Message> {
    const { topic, timeout, signal } = request
    const correlationData = this.#correlationData()
    const key = keyOf(correlationData)
    return new Promise((resolve, reject) => {
      const end = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          this.#waiting.delete(key)
          stop()
          signal?.removeEventListener('abort', abort)
          settle(value)
        }
      }
      const waiting: Waiting = { resolve: end(resolve), reject: end(reject) }
      const abort = () => waiting.reject(signal?.reason)
      const stop = this.#host.limitTime(timeout, () => waiting.reject(this.#host.timedOut(topic, timeout)))
      this.#waiting.set(key, waiting)
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort)
      this.#send(request, key, correlationData).catch(waiting.reject)
    })
  }

  /** Rejects all that waits, since there will be no reply. */
  close(error: unknown): void {
    for (const { reject } of [...this.#waiting.values()]) reject(error)
  }

  async #send(request: Request, key: string, correlationData: Uint8Array): Promise<void> {
    const { topic, payload, qos, signal, timeout, properties } = request
    const responseTopic = request.responseTopic ?? this.#ownTopic()
    await this.#subscribe(responseTopic)
    if (!this.#waiting.has(key)) return
    await this.#host.publish(topic, payload, {
      qos,
      ...(signal && { signal }),
      // A request that nobody waits for any more is not worth an answer.
      properties: { messageExpiryInterval: Math.ceil(timeout / 1000), ...properties, responseTopic, correlationData },
    })
  }

  #subscribe(topic: string): Promise<unknown> {
    const old = this.#subscribed.get(topic)
    if (old) return old
    const subscribed = this.#host.subscribe(topic, message => this.#onReply(message))
    this.#subscribed.set(topic, subscribed)
    subscribed.catch(() => this.#subscribed.delete(topic))
    return subscribed
  }

  #onReply(message: Message): void {
    const { correlationData } = message.properties
    if (correlationData) this.#waiting.get(keyOf(correlationData))?.resolve(message)
  }

  /** Returns the topic below what the broker keeps for this client, or a random one. */
  #ownTopic(): string {
    const base = this.#host.responseInformation()?.replace(/\/$/, '') || 'wasmqtt/response'
    return `${base}/${this.#token}`
  }

  #correlationData(): Uint8Array {
    const data = new Uint8Array(PREFIX_BYTES + 4)
    data.set(this.#prefix)
    new DataView(data.buffer).setUint32(PREFIX_BYTES, this.#next++)
    return data
  }
}

function keyOf(data: Uint8Array): string {
  return data.join()
}
