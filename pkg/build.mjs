// Builds the TypeScript face into dist: one small module for each entry and one that both share, and declarations with their
// comments. What wasm-pack has written there, in dist/client and dist/broker, stays; its JavaScript goes into the entries.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const modules = ['client', 'broker']

const missing = modules.filter(name => !existsSync(join(dist, name, 'wasmqtt.d.ts')))
if (missing.length > 0) {
  const folders = missing.map(name => `dist/${name}`).join(' and ')
  throw new Error(`${folders} missing: build the WebAssembly first, as \`npm run build\` in the root does`)
}
removeOld()
declare()
await build({
  absWorkingDir: root,
  entryPoints: { index: 'src/index.ts', broker: 'src/broker.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'common',
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  plugins: [{ name: 'glue', setup: bundleGlue }],
  logLevel: 'warning',
})

/** Files of an earlier build, some of sources that are gone. */
function removeOld() {
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    if (!modules.includes(entry.name)) rmSync(join(dist, entry.name), { recursive: true })
  }
}

/** Checks the types, against what wasm-bindgen has generated too, and writes the declarations. */
function declare() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '--project', root], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  const reached = new Set()
  for (const entry of ['index', 'broker']) reach(entry, reached)
  for (const file of readdirSync(dist).filter(name => name.endsWith('.d.ts'))) {
    if (!reached.has(file)) rmSync(join(dist, file))
  }
}

/** The declarations that an entry leads to; the others are ours alone. */
function reach(name, reached) {
  const file = `${name}.d.ts`
  if (reached.has(file)) return
  reached.add(file)
  const text = readFileSync(join(dist, file), 'utf8')
  for (const [, next] of text.matchAll(/(?:from |import\()'\.\/([^']+)\.js'/g)) reach(next, reached)
}

/**
 * Takes wasm-bindgen's JavaScript from where wasm-pack wrote it, without the address that it would load the WebAssembly from:
 * the face gives that, and from the entry it is another.
 */
function bundleGlue({ onResolve, onLoad }) {
  onResolve({ filter: /^\.\/(client|broker)\/wasmqtt\.js$/ }, ({ path }) => ({
    path: join(dist, path),
    sideEffects: false,
  }))
  onLoad({ filter: /[/\\]wasmqtt\.js$/ }, async ({ path }) => {
    const parts = (await readFile(path, 'utf8')).split("new URL('wasmqtt_bg.wasm', import.meta.url)")
    if (parts.length !== 2) throw new Error(`${path} names its WebAssembly ${parts.length - 1} times, and not once`)
    return { contents: parts.join('undefined'), loader: 'js' }
  })
}
