// Bundle of the worker. The module stays apart, since workerd compiles it.
import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

await build({
  entryPoints: ['main.js'],
  bundle: true,
  format: 'esm',
  outdir: 'dist',
  external: ['wasmqtt/client.wasm'],
})
cpSync(fileURLToPath(import.meta.resolve('wasmqtt/client.wasm')), 'wasmqtt_bg.wasm')
