import { defineConfig } from 'vite'

export default defineConfig({
  // Vite 7 looks for the .wasm file beside a pre-bundled copy, where there is none.
  optimizeDeps: { exclude: ['wasmqtt'] },
})
