// Bundle by esbuild, which leaves `new URL('….wasm', import.meta.url)` as it is, relative to the
// bundle.
import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

await build({ entryPoints: ['main.js'], bundle: true, format: 'esm', outdir: 'dist' })
cpSync(fileURLToPath(import.meta.resolve('wasmqtt/client.wasm')), 'dist/client/wasmqtt_bg.wasm')
