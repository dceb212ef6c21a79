import { type Bridge, BridgeDropEvent, type BridgeRule } from './broker/bridge.js'
import type { Broker } from './broker/broker.js'
import type { Address } from './client/address.js'
import { BaseClient } from './client/client.js'
import type { ClientOptions } from './client/options.js'
import { bool, fields, oneOf, optionError, qos, text } from './util/validate.js'
import { brokerLoader } from './wasm/broker-module.js'
import { loadPart } from './wasm/lazy-part.js'
import type { ModuleSource } from './wasm/module-source.js'

export type { AccessRule } from './broker/access-rules.js'
export { type Bridge, BridgeDropEvent, type BridgeRule } from './broker/bridge.js'
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
export type { PageSocket } from './transport/in-page-websocket.js'
export type * from './transport/socket-types.js'

/** An MQTT client. It connects from its creation on. */
export class Client extends BaseClient {
  /**
   * @param to a `Broker`, or the URL of a broker's WebSocket, `ws:` or `wss:`. In a page the URL
   *   may be relative. Or several, or a function that returns one.
   * @throws OptionError if an option is wrong.
   */
  constructor(to: Address | Broker, options?: ClientOptions) {
    super(to, options, brokerLoader)
  }
}

/**
 * Connects: resolves with a `new Client` that is `ready`. Rejects as that does, and with an
 * OptionError if an option is wrong.
 *
 * While the broker cannot be reached it tries again, for as long as `connectTimeout`. Then it
 * rejects with the error of the last attempt, and the client ends. A `new Client` tries for ever.
 *
 * The broker sends the queued messages of a resumed session right after its answer. They come in a
 * later task, so handlers that are added right behind `await connect()` get them. Those that match
 * no handler are `unhandled` events, and are acknowledged.
 */
export async function connect(to: Address | Broker, options?: ClientOptions): Promise<Client> {
  return new Client(to, options).readyInTime()
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

/**
 * Joins two brokers: passes messages on between `local` and the broker of the client `remote`, as
 * the rules tell. Resolves once both have taken the subscriptions.
 *
 * For a `Broker` the bridge makes a client of its own. Give it a `remote` that is used for nothing
 * else, since the client's own messages are not passed back. No Local sees to that, and in 3.1.1
 * the bridge itself.
 *
 * Rejects with an OptionError if a rule is wrong, or if a client's `version` is `auto`: loops are
 * prevented by the version. Rejects with a SubscribeError if a broker refuses, and as `ready` of
 * either client does.
 */
export async function bridge(
  local: Broker | BaseClient,
  remote: BaseClient,
  rules: readonly BridgeRule[],
): Promise<Bridge> {
  const { BridgeRunner, readEnds, readRules } = await loadPart(import('./broker/lazy-bridge.js'))
  const checks = { bool, fields, oneOf, optionError, qos, text }
  const read = readRules(rules, checks)
  readEnds([local, remote], checks)
  await remote.ready
  const owns = !(local instanceof BaseClient)
  const client = await (owns ? connect(local) : local.ready)
  return BridgeRunner.start({ local: client, remote, rules: read, owns, Dropped: BridgeDropEvent })
}
