import type { Broker } from './broker/broker.js'
import { BaseClient } from './client/client.js'
import type { ClientOptions } from './client/options.js'
import { brokerLoader } from './wasm/broker-module.js'
import type { ModuleSource } from './wasm/module-source.js'

export type { AccessRule } from './broker/access-rules.js'
export { Broker, type BrokerEventMap } from './broker/broker.js'
export type { Counters, DropCause, Traffic } from './broker/counters.js'
export * from './broker/events.js'
export { type Explanation, explain, type LevelExplanation } from './broker/explain.js'
export {
  type Authenticate,
  type AuthenticateEnhanced,
  type Authorize,
  type AuthorizeRequest,
  BrokerErrorEvent,
  type ConnectRequest,
  type EnhancedRequest,
  type EnhancedStep,
  HookError,
  type Verdict,
} from './broker/hooks.js'
export type { BrokerOptions } from './broker/options.js'
export type { HostMessagesOptions, HostSubscribeOptions } from './broker/own-subscriptions.js'
export { type BrokerUser, hashPassword } from './broker/users.js'
export * from './public.js'
export { indexedDb } from './store/indexed-db.js'
export { memory, type Store, type StoreChange, StoreError, type StoreRecord } from './store/store.js'
export type { PageSocket } from './transport/in-page-websocket.js'
export type * from './transport/socket-types.js'

/** An MQTT client. It connects from its creation on. */
export class Client extends BaseClient {
  /**
   * @param to a `Broker`, or the URL of a broker's WebSocket, `ws:` or `wss:`. In a page the URL
   *   may be relative.
   * @throws OptionError if an option is wrong.
   */
  constructor(to: string | URL | Broker, options?: ClientOptions) {
    super(to, options, brokerLoader)
  }
}

/**
 * Connects: resolves with a `new Client` that is `ready`. Rejects as that does, and with an
 * OptionError if an option is wrong.
 *
 * To resume a session, create a `new Client`, and subscribe before it is ready. The broker sends
 * its queued messages right after its answer. Those that match no handler are acknowledged and
 * dropped.
 */
export async function connect(to: string | URL | Broker, options?: ClientOptions): Promise<Client> {
  return new Client(to, options).ready
}

/**
 * Loads the WebAssembly module, which a client or a broker otherwise loads at its creation. With a
 * source it is taken from there; without one, from the package.
 *
 * Idempotent: once the module is there, a call resolves, and its source is not used. Name a source
 * before the first client or broker.
 *
 * Rejects with a LoadError, after which it may be called again. Rejects with an OptionError if the
 * source is wrong.
 */
export async function load(source?: ModuleSource): Promise<void> {
  await brokerLoader.load(source)
}
