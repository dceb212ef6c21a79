import type { BaseClient } from '../client/client.js'
import type { SubscribeOptions } from '../client/request-options.js'
import type { Subscription } from '../client/subscriptions.js'
import type { Message } from '../message/message.js'
import type { Bridge, BridgeDropEvent, BridgeRule } from './bridge.js'

type Direction = 'in' | 'out'
type Rule = Required<BridgeRule>

/** Time for which a message of ours may come back, in milliseconds. */
const MARK_TIME = 60_000
/** Number of messages of ours that may be on their way back. */
const MARKS = 10_000

/**
 * Marks of the messages that were published at a broker of 3.1.1, which has no No Local. Each comes
 * back once, and is then not passed on.
 */
class Marks {
  /** Times until which a message may come back, by its topic and content. The oldest is first. */
  readonly #times = new Map<string, number[]>()

  /** Adds a mark; returns a function that takes it back. */
  add(topic: string, payload: Uint8Array): () => void {
    const key = keyOf(topic, payload)
    const times = this.#times.get(key) ?? []
    this.#times.delete(key)
    this.#times.set(key, times)
    times.push(Date.now() + MARK_TIME)
    if (this.#times.size > MARKS) this.#times.delete(this.#times.keys().next().value as string)
    return () => this.take(topic, payload)
  }

  /** True if a mark of this message was there; it is gone then. */
  take(topic: string, payload: Uint8Array): boolean {
    const key = keyOf(topic, payload)
    const times = this.#times.get(key)
    if (!times) return false
    const now = Date.now()
    while (times.length > 0 && (times[0] as number) < now) times.shift()
    const marked = times.shift() !== undefined
    if (times.length === 0) this.#times.delete(key)
    return marked
  }
}

/** Returns a key of a message: its topic, its length and an FNV-1a hash of its payload. */
function keyOf(topic: string, payload: Uint8Array): string {
  let hash = 0x811c9dc5
  for (const byte of payload) hash = Math.imul(hash ^ byte, 0x01000193)
  return `${topic}\0${payload.length}\0${hash}`
}

/** One end of the bridge: a client at its broker, and the other end's. */
interface End {
  readonly client: BaseClient
  readonly marks: Marks | undefined
}

/** The clients and rules of a bridge, and a class from outside this chunk. */
export interface BridgeParts {
  readonly local: BaseClient
  readonly remote: BaseClient
  readonly rules: readonly Rule[]
  /** True if `local` was made for the bridge. */
  readonly owns: boolean
  readonly Dropped: typeof BridgeDropEvent
}

/** A running bridge. @internal */
export class BridgeRunner extends EventTarget implements Bridge {
  readonly counters = { in: 0, out: 0, dropped: 0 }
  readonly #parts: BridgeParts
  readonly #subscriptions: Subscription[] = []
  readonly #passing = new Set<Promise<void>>()
  #closing: Promise<void> | undefined

  private constructor(parts: BridgeParts) {
    super()
    this.#parts = parts
  }

  /** Subscribes at both ends. Rejects, and leaves no subscription, if a broker refuses one. */
  static async start(parts: BridgeParts): Promise<Bridge> {
    const bridge = new BridgeRunner(parts)
    const end = (client: BaseClient): End => ({ client, marks: client.version === 5 ? undefined : new Marks() })
    const [local, remote] = [end(parts.local), end(parts.remote)]
    try {
      for (const rule of parts.rules) {
        if (rule.direction !== 'in') await bridge.#join('out', local, remote, rule)
        if (rule.direction !== 'out') await bridge.#join('in', remote, local, rule)
      }
    } catch (error) {
      await bridge.close()
      throw error
    }
    return bridge
  }

  async #join(direction: Direction, from: End, to: End, rule: Rule): Promise<void> {
    const { filter, qos, localPrefix, remotePrefix } = rule
    const [prefix, other] = direction === 'out' ? [localPrefix, remotePrefix] : [remotePrefix, localPrefix]
    // A message is acknowledged once the other side has it.
    const held: SubscribeOptions = { qos, acknowledge: 'manual' }
    const own: SubscribeOptions = from.marks ? held : { ...held, noLocal: true, retainAsPublished: true }
    const subscription = await from.client.subscribe(prefix + filter, own, message => {
      if (from.marks?.take(message.topic, message.payload)) return void message.ack()
      this.#pass(direction, to, rule, message, other + message.topic.slice(prefix.length))
    })
    this.#subscriptions.push(subscription)
  }

  #pass(direction: Direction, to: End, rule: Rule, message: Message, topic: string): void {
    const { payload, qos, retain } = message
    const unmark = to.marks?.add(topic, payload)
    const { subscriptionIdentifiers: _, ...properties } = message.properties
    const options = { qos, retain: retain && rule.retain, ...(to.client.version === 5 && { properties }) }
    const passing = to.client
      .publish(topic, payload, options)
      .then(
        () => void this.counters[direction]++,
        error => {
          unmark?.()
          this.counters.dropped++
          this.dispatchEvent(new this.#parts.Dropped(direction, message, error))
        },
      )
      .finally(() => message.ack())
    this.#passing.add(passing)
    passing.finally(() => this.#passing.delete(passing))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#subscriptions.map(subscription => subscription.unsubscribe()))
    await Promise.allSettled(this.#passing)
    if (this.#parts.owns) await this.#parts.local.end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
