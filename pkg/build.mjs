// Builds the TypeScript face into dist: JavaScript without comments, and declarations with them. What wasm-pack has written
// there, in dist/client and dist/broker, stays.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const builds = ['client', 'broker']

const missing = builds.filter(name => !existsSync(join(dist, name, 'wasmqtt.d.ts')))
if (missing.length > 0) {
  throw new Error(
    `dist/${missing.join(' and dist/')} missing: build the WebAssembly first, as \`npm run build\` in the root does`,
  )
}
removeOld()
compile('--declaration', '--emitDeclarationOnly')
compile('--removeComments')
leaveToNode(join(dist, 'engine.js'))

/** Files of an earlier build, some of sources that are gone. */
function removeOld() {
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    if (!builds.includes(entry.name)) rmSync(join(dist, entry.name), { recursive: true })
  }
}

function compile(...options) {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '--project', root, ...options], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** Marks the import of Node's own module, which is not reached in a page, so that bundlers leave it as it is. */
function leaveToNode(file) {
  const text = readFileSync(file, 'utf8')
  const parts = text.split("import('node:fs/promises')")
  if (parts.length !== 2) throw new Error(`${file} imports node:fs/promises ${parts.length - 1} times, and not once`)
  writeFileSync(file, parts.join("import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:fs/promises')"))
}
