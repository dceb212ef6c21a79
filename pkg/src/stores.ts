// Loaded by who uses it: stores, and the build whose broker can have one.

import init, { BrokerCore, ClientCore, check, explain, readProperties } from './stored/wasmqtt.js'
import type { StoringGlue } from './wasm/interface.js'

export { openDatabase } from './database.js'
export { Storage } from './storage.js'
export { init }

export const glue: StoringGlue = { BrokerCore, ClientCore, check, readProperties, explain }
export const url = () => new URL('./stored/wasmqtt_bg.wasm', import.meta.url)
