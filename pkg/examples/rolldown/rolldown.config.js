import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export default {
  input: 'main.js',
  platform: 'browser',
  output: { dir: 'dist', format: 'es' },
  plugins: [
    {
      name: 'wasmqtt',
      // Rolldown leaves `new URL('….wasm', import.meta.url)` as it is, relative to the bundle.
      writeBundle: () =>
        cpSync(fileURLToPath(import.meta.resolve('wasmqtt/client.wasm')), 'dist/client/wasmqtt_bg.wasm'),
    },
  ],
}
