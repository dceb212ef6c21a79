import init, { ClientCore, check, readProperties } from '#wasm/client'
import { Loader } from './loader.js'

/** Loader of the module with a client alone. Its URL is relative to the bundle `dist/index.js`. */
export const clientLoader = new Loader(
  { ClientCore, check, readProperties },
  init,
  () => new URL('./client/wasmqtt_bg.wasm', import.meta.url),
)
