import { generated } from '#glue/client'
import type { Glue } from './interface.js'
import { loadPart } from './lazy-part.js'
import { Loader } from './loader.js'

/**
 * Loader of the module with a client alone. Its URL is relative to the bundle `dist/index.js`. A
 * client with a store or enhanced authentication has a module of its own, so that others need not
 * load the code for it.
 */
export const clientLoader = new Loader<Glue>(
  generated,
  () => ({ url: new URL('./client/wasmqtt_bg.wasm', import.meta.url) }),
  async () => {
    const { generated, source } = await loadPart(import('./lazy-full.js'))
    return new Loader<Glue>(generated, source)
  },
)
