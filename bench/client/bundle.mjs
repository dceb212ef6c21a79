// What esbuild needs to bundle wasmqtt: it does not know `new URL('….wasm', import.meta.url)`.
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Puts the WebAssembly that a module of the package names beside the bundle. */
export const wasmFiles = {
  name: 'wasm files',
  setup(build) {
    const found = new Map()
    build.onLoad({ filter: /pkg\/dist\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      for (const [, file] of text.matchAll(/new URL\(['"]([^'"]+\.wasm)['"],\s*import\.meta\.url\)/g)) {
        found.set(basename(file), join(dirname(path), file))
      }
      const flat = text.replace(/new URL\(['"](?:[^'"]*\/)?([^'"/]+\.wasm)['"],/g, "new URL('./$1',")
      return { contents: flat, loader: 'js' }
    })
    build.onEnd(async ({ outputFiles }) => {
      for (const [name, path] of found) {
        if (!outputFiles) return
        outputFiles.push({ path: `/${name}`, contents: await readFile(path), hash: '', text: '' })
      }
    })
  },
}
