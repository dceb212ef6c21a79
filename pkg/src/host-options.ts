import type { MessagesOptions } from './client/request-options.js'
import { bool, fields, oneOf, signal } from './util/validate.js'

/** How the page subscribes at its own broker. There is no quality of service: a message has the one it was published with. */
export interface HostSubscribeOptions {
  /** Not what `publish` of the broker publishes. Default false. */
  readonly noLocal?: boolean
  /** Messages keep the RETAIN flag that they were published with. Default false. */
  readonly retainAsPublished?: boolean
  /** Retained messages come at first: 0 and 1 yes, since each subscription is a new one; 2 no. Default 0. */
  readonly retainHandling?: 0 | 1 | 2
  /** Rejects with its reason; once subscribed, it unsubscribes. */
  readonly signal?: AbortSignal
}

/** How the page iterates messages of its own broker. */
export interface HostMessagesOptions extends HostSubscribeOptions, Pick<MessagesOptions, 'limit' | 'overflow'> {}

/** @internal */
export const hostFields = fields({
  noLocal: bool,
  retainAsPublished: bool,
  retainHandling: oneOf(0, 1, 2),
  signal,
})
