import type { Broker } from './broker/broker.js'
import { BaseClient } from './client/client.js'
import type { ClientOptions } from './client/options.js'
import { clientLoader } from './wasm/client-module.js'

export * from './public.js'

/** An MQTT client. It begins to connect when it is made. */
export class Client extends BaseClient {
  /**
   * @param to the URL of a broker's WebSocket, `ws:` or `wss:`; in a page also one relative to it, such as `/mqtt`. Or a
   *   `Broker` of `wasmqtt/broker`.
   * @throws OptionError if an option is wrong.
   */
  constructor(to: string | URL | Broker, options?: ClientOptions) {
    super(to, options, clientLoader)
  }
}

/**
 * Connects: a `new Client` that is `ready`. Rejects as that does, and with an OptionError if an option is wrong.
 *
 * To resume a session, make a `new Client` and subscribe before it is ready: the messages that the broker has queued come
 * right behind its answer, and those that match no handler are acknowledged and dropped.
 */
export async function connect(to: string | URL | Broker, options?: ClientOptions): Promise<Client> {
  return new Client(to, options).ready
}
