// Chunk that only brokers with a store load: the stores, and the module whose broker can have one.

import init, { BrokerCore, ClientCore, check, explain, readProperties } from '#wasm/stored'
import type { StoringGlue } from '../wasm/interface.js'

export { BatchWriter } from './batch-writer.js'
export { openDatabase } from './indexed-db-lazy.js'
export { init }

export const glue: StoringGlue = { BrokerCore, ClientCore, check, readProperties, explain }
export const url = () => new URL('./stored/wasmqtt_bg.wasm', import.meta.url)
