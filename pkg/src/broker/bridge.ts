/// <reference lib="esnext.disposable" preserve="true" />

import type { Message, QoS } from '../message/message.js'

/** A rule of a bridge: the messages that it passes on, and under which topics. */
export interface BridgeRule {
  /** Topic filter, without the prefixes. */
  readonly filter: string
  /** `in` is from the remote broker, `out` is to it. Default `both`. */
  readonly direction?: 'in' | 'out' | 'both'
  /** Highest quality of service of the messages. Default 1. */
  readonly qos?: QoS
  /** Beginning of the topics at the local broker, in place of `remotePrefix`. Default none. */
  readonly localPrefix?: string
  /** Beginning of the topics at the remote broker, in place of `localPrefix`. Default none. */
  readonly remotePrefix?: string
  /** True to keep the RETAIN flag of messages. Default true. */
  readonly retain?: boolean
}

/** A message that a bridge could not pass on. */
export class BridgeDropEvent extends Event {
  constructor(
    readonly direction: 'in' | 'out',
    readonly message: Message,
    readonly error: Error,
  ) {
    super('dropped')
  }
}

/** A bridge between two brokers. Its event `dropped` is a BridgeDropEvent. */
export interface Bridge extends EventTarget {
  /** Number of messages that were passed on, each way, and that were not. */
  readonly counters: { readonly in: number; readonly out: number; readonly dropped: number }
  /**
   * Ends the subscriptions, passes on what has come, and ends the client that the bridge has made.
   * Clients that were given to it stay connected. Idempotent.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
