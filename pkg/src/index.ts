import type { Broker } from './broker/broker.js'
import type { Address } from './client/address.js'
import { BaseClient } from './client/client.js'
import type { ClientOptions } from './client/options.js'
import { clientLoader } from './wasm/client-module.js'
import type { ModuleSource } from './wasm/module-source.js'

export * from './public.js'

/** An MQTT client. It connects from its creation on. */
export class Client extends BaseClient {
  /**
   * @param to URL of a broker's WebSocket, `ws:` or `wss:`. In a page it may be relative, such as
   *   `/mqtt`. Or several, which are tried in turn; or a function that returns one, called before
   *   each attempt. Or a `Broker` of `wasmqtt/broker`.
   * @throws OptionError if an option is wrong.
   */
  constructor(to: Address | Broker, options?: ClientOptions) {
    super(to, options, clientLoader)
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
 * Loads the WebAssembly module, which a client otherwise loads at its creation. With a source it is
 * taken from there; without one, from the package.
 *
 * Idempotent: once the module is there, a call resolves, and its source is not used. Name a source
 * before the first client.
 *
 * Rejects with a LoadError, after which it may be called again. Rejects with an OptionError if the
 * source is wrong.
 */
export async function load(source?: ModuleSource): Promise<void> {
  await clientLoader.load(source)
}
