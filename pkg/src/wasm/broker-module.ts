import { generated } from '#glue/broker'
import type { BrokerGlue } from './interface.js'
import { Loader } from './loader.js'

/**
 * Loader of the module with a client and a broker. Its URL is relative to the bundle
 * `dist/broker.js`.
 */
export const brokerLoader = new Loader<BrokerGlue>(generated, () => ({
  url: new URL('./broker/wasmqtt_bg.wasm', import.meta.url),
}))
