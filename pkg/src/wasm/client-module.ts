import { generated } from '#glue/client'
import type { Glue } from './interface.js'
import { Loader } from './loader.js'

/** Loader of the module with a client alone. Its URL is relative to the bundle `dist/index.js`. */
export const clientLoader = new Loader<Glue>(generated, () => ({
  url: new URL('./client/wasmqtt_bg.wasm', import.meta.url),
}))
