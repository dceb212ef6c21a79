import type { QoS } from '../message/message.js'
import type { DropCause } from './counters.js'

/** Why a connection was not accepted, or ended. */
export interface BrokerCause<Kind extends string> {
  readonly kind: Kind
  /** With `refused`, `client`, `host` and `fault`. */
  readonly reasonCode?: number | undefined
  /** With `fault`: the rule that the peer broke, such as `MQTT-3.1.2-3` or `§2.1.3`. */
  readonly rule?: string | undefined
  /** With `fault`: what was found and what would be right. */
  readonly problem?: string | undefined
}

/** Something that happened in the broker. */
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
      /** Left out if the page published. A will has its client. */
      readonly clientId?: string | undefined
      readonly topic: string
      readonly qos: QoS
      readonly retain: boolean
      readonly payloadBytes: number
      /** To how many it went, the page as one. */
      readonly subscribers: number
    }
  | {
      readonly type: 'dropped'
      /** Who missed it; left out if it was not retained. */
      readonly clientId?: string | undefined
      readonly topic: string
      readonly cause: DropCause
    }
  | {
      /** A client was not allowed to publish a message, or to be sent one. */
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

/** Something happened in the broker. */
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
  /** With the quality of service granted. */
  readonly subscriptions: readonly { readonly filter: string; readonly qos: QoS }[]
  /** QoS 1 and 2 messages that were not sent yet. */
  readonly queued: number
  /** Bytes of their topics and payloads. */
  readonly queuedBytes: number
  /** Messages that were sent and are not acknowledged. */
  readonly inFlight: number
  /** When it ends, in milliseconds from now, if it is not connected and ends at all. */
  readonly expiresIn?: number | undefined
  /** A will is set, or waits for its delay. */
  readonly hasWill: boolean
}

/** A retained message. */
export interface RetainedInfo {
  readonly topic: string
  readonly qos: QoS
  readonly payload: Uint8Array
}
