import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import resolve from '@rollup/plugin-node-resolve'

export default {
  input: 'main.js',
  output: { dir: 'dist', format: 'es' },
  plugins: [
    resolve({ browser: true }),
    {
      name: 'wasmqtt',
      // Rollup leaves `new URL('….wasm', import.meta.url)` as it is, relative to the bundle.
      writeBundle: () =>
        cpSync(fileURLToPath(import.meta.resolve('wasmqtt/client.wasm')), 'dist/client/wasmqtt_bg.wasm'),
    },
  ],
}
