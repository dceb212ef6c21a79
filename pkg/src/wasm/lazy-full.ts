// Chunk that only clients with a store or enhanced authentication load: the JavaScript of their
// module, whose URL is relative to the bundle `dist/full.js`.

import type { ModuleSource } from './module-source.js'

export { generated } from '#glue/client-full'

export const source = (): ModuleSource => ({ url: new URL('./client-full/wasmqtt_bg.wasm', import.meta.url) })
