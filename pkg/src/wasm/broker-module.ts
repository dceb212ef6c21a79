import init, { BrokerCore, ClientCore, check, explain, readProperties } from '#wasm/broker'
import type { BrokerGlue } from './interface.js'
import { Loader } from './loader.js'

const glue: BrokerGlue = { BrokerCore, ClientCore, check, readProperties, explain }

/**
 * Loader of the module with a client and a broker. Its URL is relative to the bundle
 * `dist/broker.js`.
 */
export const brokerLoader = new Loader(glue, init, () => new URL('./broker/wasmqtt_bg.wasm', import.meta.url))
