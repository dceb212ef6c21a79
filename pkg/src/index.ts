import type { Broker } from './broker/broker.js'
import { BaseClient } from './client/client.js'
import type { ClientOptions } from './client/options.js'
import { clientLoader } from './wasm/client-module.js'

export * from './public.js'

/** An MQTT client. It connects from its creation on. */
export class Client extends BaseClient {
  /**
   * @param to URL of a broker's WebSocket, `ws:` or `wss:`. In a page it may be relative, such as
   *   `/mqtt`. Or a `Broker` of `wasmqtt/broker`.
   * @throws OptionError if an option is wrong.
   */
  constructor(to: string | URL | Broker, options?: ClientOptions) {
    super(to, options, clientLoader)
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
