// What esbuild needs to bundle wasmqtt: it does not know `new URL('….wasm', import.meta.url)`.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const wasmUrl = /new URL\((['"])([^'"]+\.wasm)\1,\s*import\.meta\.url\)/g

/** Puts the WebAssembly that a module of the package names beside the bundle, under a name that tells its folder. */
export const wasmFiles = {
  name: 'wasm files',
  setup(build) {
    const found = new Map()
    build.onLoad({ filter: /pkg\/dist\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const contents = text.replace(wasmUrl, (_, quote, file) => {
        const name = file.replace(/^\.\//, '').replaceAll('/', '-')
        found.set(name, join(dirname(path), file))
        return `new URL(${quote}./${name}${quote},import.meta.url)`
      })
      return { contents, loader: 'js' }
    })
    build.onEnd(async ({ outputFiles }) => {
      for (const [name, path] of found) {
        outputFiles?.push({ path: `/${name}`, contents: await readFile(path), hash: '', text: '' })
      }
    })
  },
}
