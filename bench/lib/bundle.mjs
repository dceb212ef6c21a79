// Bundles for the browser by esbuild, which does not know `new URL('….wasm', import.meta.url)` and
// is told.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { nodePaths } from './peers.mjs'

const wasmUrl = /new URL\((['"])([^'"]+\.wasm)\1,\s*import\.meta\.url\)/g

/**
 * Returns the files of a bundle, as a page would download them: at once, or `isLater`, by a call of
 * `import()`. `input` has esbuild's options.
 */
export async function bundle({ plugins = [], ...input }) {
  const { outputFiles, metafile } = await build({
    ...input,
    absWorkingDir: '/',
    outdir: '/',
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2023',
    minify: true,
    logLevel: 'error',
    nodePaths,
    // Packages for Node take it for the global object.
    define: { global: 'globalThis' },
    plugins: [...plugins, wasmFiles],
  })
  const imports = Object.values(metafile.outputs).flatMap(output => output.imports)
  const parts = new Set(imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => `/${path}`))
  const atOnce = outputFiles.filter(({ path }) => path.endsWith('.js') && !parts.has(path)).map(({ text }) => text)
  return outputFiles.map(({ path, contents }) => {
    const isLater = path.endsWith('.wasm') ? !atOnce.some(text => text.includes(`.${path}`)) : parts.has(path)
    return { path, contents, isLater }
  })
}

/**
 * Puts the WebAssembly that a module of the package names beside the bundle, under a name that
 * tells its folder.
 */
const wasmFiles = {
  name: 'wasm files',
  setup(build) {
    const found = new Map()
    build.onLoad({ filter: /(?:pkg\/dist|node_modules\/mqtt5-wasm)\/.*\.js$/ }, async ({ path }) => {
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
