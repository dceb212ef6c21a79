import type { QoS } from '../message/message.js'
import type { DropCause } from './counters.js'

/** Cause of a refused or ended connection. */
export interface BrokerCause<Kind extends string> {
  readonly kind: Kind
  /** Reason code, with `refused`, `client`, `host` and `fault`. */
  readonly reasonCode?: number | undefined
  /** Rule that the peer broke, such as `MQTT-3.1.2-3` or `§2.1.3`; with `fault`. */
  readonly rule?: string | undefined
  /** Description of the fault and of the right form; with `fault`. */
  readonly problem?: string | undefined
}

/** Details of an event in the broker. */
export type BrokerEventDetail =
  | { readonly type: 'connected'; readonly clientId: string; readonly version: 4 | 5; readonly sessionPresent: boolean }
  | {
      readonly type: 'rejected'
      readonly cause: BrokerCause<
        | 'refused'
        | 'client'
        | 'fault'
        | 'connect-timeout'
        | 'too-many-connections'
        | 'taken-over'
        | 'transport-closed'
        | 'store-failed'
        | 'host'
      >
    }
  | {
      readonly type: 'disconnected'
      readonly clientId: string
      readonly cause: BrokerCause<
        | 'client'
        | 'transport-closed'
        | 'keep-alive-timeout'
        | 'taken-over'
        | 'fault'
        | 'queue-full'
        | 'store-failed'
        | 'host'
      >
    }
  | { readonly type: 'subscribed'; readonly clientId: string; readonly filter: string; readonly reasonCode: number }
  | { readonly type: 'unsubscribed'; readonly clientId: string; readonly filter: string; readonly reasonCode: number }
  | {
      readonly type: 'published'
      /** Publisher; undefined if the page published. A will has its client's. */
      readonly clientId?: string | undefined
      readonly topic: string
      readonly qos: QoS
      readonly retain: boolean
      readonly payloadBytes: number
      /** Number of subscribers that it went to. The page counts as one. */
      readonly subscribers: number
    }
  | {
      readonly type: 'dropped'
      /** Subscriber that missed it; undefined if it was not retained. */
      readonly clientId?: string | undefined
      readonly topic: string
      readonly cause: DropCause
    }
  | {
      /** A client was not allowed to publish a message, or to receive one. */
      readonly type: 'refused'
      readonly clientId: string
      readonly action: 'publish' | 'receive'
      readonly topic: string
      readonly reasonCode: number
    }
  | {
      readonly type: 'will'
      readonly clientId: string
      readonly topic: string
      readonly fate: 'armed' | 'delayed' | 'fired' | 'cleared' | 'cancelled'
    }
  | { readonly type: 'session-ended'; readonly clientId: string }

/** Event in the broker. */
export class BrokerEvent extends Event {
  constructor(readonly detail: BrokerEventDetail) {
    super('event')
  }
}

/** A connected client. */
export interface ClientInfo {
  readonly clientId: string
  readonly version: 4 | 5
}

/** A session, connected or not. */
export interface SessionInfo {
  readonly clientId: string
  readonly connected: boolean
  /** Topic filters with the quality of service granted. */
  readonly subscriptions: readonly { readonly filter: string; readonly qos: QoS }[]
  /** QoS 1 and 2 messages that were not sent yet. */
  readonly queued: number
  /** Bytes of their topics and payloads. */
  readonly queuedBytes: number
  /** Messages that were sent and are not acknowledged. */
  readonly inFlight: number
  /**
   * Bytes of memory that the session and its connection hold, with all bookkeeping. A message that
   * other sessions share counts in full here.
   */
  readonly memory: number
  /** Milliseconds until it expires; undefined while connected, or if it never expires. */
  readonly expiresIn?: number | undefined
  /** True if a will is set, or waits for its delay. */
  readonly hasWill: boolean
}

/** A retained message. */
export interface RetainedInfo {
  readonly topic: string
  readonly qos: QoS
  readonly payload: Uint8Array
}
