import type { Message } from '../message/message.js'
import type { PacketRecord } from '../message/packet-record.js'
import type { StoreError } from '../store/store.js'
import type { MqttError } from '../util/errors.js'

/** Status of a connected client, and what the connection before it means for this one. */
export interface ConnectedStatus {
  readonly phase: 'connected'
  /** True if the broker goes on with the session of an earlier connection. */
  readonly resumed: boolean
  /** True if the client was connected before, and messages may have been missed since. */
  readonly gap: boolean
}

/**
 * Part of a client in a connection that all tabs share. The leader holds the connection, and
 * followers use it. A client is alone, with a connection of its own, where the browser has no Web
 * Locks, as outside of secure contexts.
 */
export type ShareRole = 'leader' | 'follower' | 'alone'

/** State of a client. */
export type Status = (
  | {
      readonly phase: 'connecting'
      /** Number of the attempt, from 1, since the last connection. */
      readonly attempt: number
      /** Cause of the lost connection or of the failed attempt before. */
      readonly error?: Error
    }
  | ConnectedStatus
  | {
      readonly phase: 'waiting'
      /** Number of the next attempt. */
      readonly attempt: number
      /** Time of the next attempt, as in `Date.now()`. */
      readonly retryAt: number
      /** Cause of the lost connection or of the failed attempt. */
      readonly error: Error
    }
  | {
      readonly phase: 'closed'
      /** Cause of an unrequested end. */
      readonly error?: Error
    }
) & {
  /** Part in the connection that all tabs share; only with the option `share`. */
  readonly share?: ShareRole
  /**
   * Where the session is kept, if the client has the option `store`. In `memory`, the store could
   * not be used, and a reload loses the session.
   */
  readonly store?: 'durable' | 'memory'
}

/** Event for a change of the client's status. */
export class StatusEvent extends Event {
  constructor(readonly status: Status) {
    super('status')
  }
}

/**
 * News that rejects nothing by itself, and that a user may want to see:
 * - `downgraded`: the broker answered a QoS 2 message with PUBACK, so it was delivered at QoS 1;
 * - `restored`: a message that an earlier page left in the store is over. The broker has it, or
 *   `error` says why not. So many are `left`;
 * - `store-failed`: the store cannot be used, and the session is in memory from now on;
 * - `indeterminate`: three connections in a row were lost on a request, which is given up;
 * - `unsubscribed`: the broker lost the session, and does not take the subscription again.
 */
export type Notice =
  | { readonly kind: 'downgraded'; readonly topic: string }
  | { readonly kind: 'indeterminate'; readonly error: MqttError; readonly topic?: string; readonly filter?: string }
  | { readonly kind: 'restored'; readonly error?: MqttError; readonly left: number }
  | { readonly kind: 'store-failed'; readonly error: StoreError }
  | { readonly kind: 'unsubscribed'; readonly error: MqttError; readonly filter: string }

/**
 * Event for messages that may have been missed while there was no connection. It comes before the
 * messages of the new connection.
 */
export class GapEvent extends Event {
  /**
   * @param from Time at which the broker was last heard, in milliseconds since 1970.
   * @param to Time at which the connection was there again.
   * @param filters Topic filters of the subscriptions that may have missed some. They are all, or
   *   those of QoS 0 if the session was resumed: brokers need not queue for these.
   */
  constructor(
    readonly from: number,
    readonly to: number,
    readonly filters: readonly string[],
  ) {
    super('gap')
  }
}

/** Event for a notice. */
export class NoticeEvent extends Event {
  constructor(readonly notice: Notice) {
    super('notice')
  }
}

/** Event for a packet that was sent or received. */
export class PacketEvent extends Event {
  constructor(readonly packet: PacketRecord) {
    super('packet')
  }
}

/**
 * Event for a message that no handler matches, such as one for a subscription of a resumed session.
 */
export class UnhandledEvent extends Event {
  constructor(readonly message: Message) {
    super('unhandled')
  }
}

/**
 * Event for the error of a handler, or for a message that was not acknowledged. Unless
 * `preventDefault()` is called, the error is also reported as uncaught.
 */
export class ClientErrorEvent extends Event {
  constructor(readonly error: unknown) {
    super('error', { cancelable: true })
  }
}
