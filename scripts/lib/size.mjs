// What a page downloads for one entry of the package: the modules it imports and their WebAssembly, each gzipped.
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { gzipSync } from 'node:zlib'
import { inRoot, readJson } from './paths.mjs'

/** KB are 1000 bytes. `later` are the parts that a page downloads only when it uses them. */
export const limits = [
  { entry: '.', name: 'client', bytes: 45_000, later: 0 },
  // The bound of the design, which it has reached: what comes further is made room for first.
  { entry: './broker', name: 'client with broker', bytes: 110_000, later: 3_000 },
]

/**
 * The gzipped sizes of the files that the entry `entry` of pkg/package.json's exports leads to. Those that are reached by a
 * call of `import()` alone are `later`.
 */
export function sizesOf(entry) {
  const start = normalize(join('pkg', entryFile(readJson('pkg', 'package.json').exports[entry])))
  const atOnce = new Set()
  const later = new Set()
  visit(start, atOnce, later)
  for (const file of later) visit(file, later, later)
  return [...new Set([...atOnce, ...later])].map(file => {
    const bytes = gzipSync(readFileSync(inRoot(file)), { level: 9 }).length
    return { file, bytes, later: !atOnce.has(file) }
  })
}

/** Adds a file and those that it leads to. */
function visit(file, files, later) {
  files.add(file)
  if (!/\.m?js$/.test(file)) return
  const { atOnce, later: parts } = references(readFileSync(inRoot(file), 'utf8'))
  const pathOf = path => normalize(join(dirname(file), path))
  for (const path of parts.map(pathOf)) later.add(path)
  for (const path of atOnce.map(pathOf)) if (!files.has(path)) visit(path, files, later)
}

/** The file for browsers of one value of `exports`, whose conditions may nest. */
export function entryFile(value) {
  if (typeof value === 'string') return value
  for (const condition of ['browser', 'import', 'default']) {
    if (value?.[condition]) return entryFile(value[condition])
  }
  throw new Error(`no file for a browser in ${JSON.stringify(value)}`)
}

/**
 * The relative paths that a module imports, or names as `new URL('…', import.meta.url)`. What it imports by a call comes
 * `later`.
 */
export function references(text) {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found = patterns => patterns.flatMap(pattern => [...withoutComments.matchAll(pattern)].map(([, path]) => path))
  return {
    atOnce: found([
      /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"](\.[^'"]+)['"]/g,
      /\bimport\s*['"](\.[^'"]+)['"]/g,
      /\bnew URL\(\s*['"]([^'":]+)['"],\s*import\.meta\.url\s*\)/g,
    ]),
    later: found([/\bimport\s*\(\s*['"](\.[^'"]+)['"]/g]),
  }
}
