import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { offline } from './build/offline.ts'

export default defineConfig({
  // Relative addresses, so that the built page can stand below any path.
  base: './',
  plugins: [offline()],
  // Pre-bundling would move the package away from the WebAssembly file that it finds by its own
  // address.
  optimizeDeps: { exclude: ['wasmqtt'] },
  server: { fs: { allow: [fileURLToPath(new URL('..', import.meta.url))] } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ['index.html', 'tutorial.html', 'playground.html', 'inspector.html', 'gallery.html'].map(file =>
        fileURLToPath(new URL(file, import.meta.url)),
      ),
    },
  },
})
