import { HeldAck, HeldMessage, watchForgotten } from '../message/held-message.js'
import { ReceivedMessage } from '../message/message.js'
import { fromList } from '../message/properties.js'
import type { ClientStore } from '../store/client-store.js'
import { StoreError } from '../store/store.js'
import {
  ClosedError,
  ConnectError,
  ConnectionError,
  IndeterminateError,
  MqttError,
  OptionError,
  PublishError,
  SubscribeError,
  TimeoutError,
  Unauthorized,
} from '../util/errors.js'
import { limitTime } from '../util/limit-time.js'
import { nextTask } from '../util/next-task.js'
import { binary } from '../util/validate.js'
import { loadPart } from '../wasm/lazy-part.js'
import { requestError, thrownError } from '../wasm/to-error.js'
import type { Authentication } from './authentication.js'
import { GapEvent } from './events.js'
import type { LimitChecks } from './limit-checks.js'
import type { Settings } from './options.js'
import type { Sharing } from './share/sharing.js'
import type { Host } from './share/tools.js'
import { subscriptionEnd } from './subscription-end.js'

/** Parts of the package that only some options need. @internal */
export interface Parts {
  readonly authentication?: Authentication
  readonly limits?: LimitChecks
  /** Joins the tabs that share a connection. */
  readonly share?: (host: Host) => Sharing
  /** The store, if it could be opened. */
  readonly store?: ClientStore | undefined
}

/**
 * Loads the parts that the options need, and opens the store; `storeFailed` tells that it cannot be
 * used. Rejects with an MqttError. @internal
 */
export async function loadParts(
  { authentication, connectTimeout, limits, share, store }: Settings,
  storeFailed: (error: StoreError) => void,
): Promise<Parts> {
  const parts: { -readonly [K in keyof Parts]: Parts[K] } = {}
  if (authentication) {
    const { Authentication } = await loadPart(import('./lazy-authentication.js'))
    const tools = { fromList, binary, thrownError, limitTime, ConnectError, ConnectionError }
    parts.authentication = new Authentication(authentication, tools)
  }
  if (Object.keys(limits).length > 0) {
    const { LimitChecks } = await loadPart(import('./lazy-limits.js'))
    parts.limits = new LimitChecks(limits, { PublishError, SubscribeError })
  }
  // Both are there in secure contexts alone.
  if (share !== undefined && globalThis.navigator?.locks && globalThis.BroadcastChannel) {
    const { Sharing } = await loadPart(import('./lazy-share.js'))
    const ofRequests = { ClosedError, IndeterminateError, OptionError, PublishError, SubscribeError, TimeoutError }
    const errors = { ...ofRequests, ConnectError, ConnectionError, MqttError, Unauthorized }
    const held = { ReceivedMessage, HeldMessage, HeldAck, watchForgotten }
    const tools = { ...held, GapEvent, fromList, thrownError, requestError, subscriptionEnd, errors }
    parts.share = host => new Sharing(host, tools)
  }
  if (store) {
    const { ClientStore } = await loadPart(import('../store/lazy-store.js'))
    parts.store = await ClientStore.open(store.store, {
      error: (message, cause) => new StoreError(message, { cause }),
      failed: storeFailed,
      rest: () => new Promise(nextTask),
      limit: Math.ceil(connectTimeout / 3),
      limitTime,
    })
  }
  return parts
}
