// What a page downloads for one entry of the package: the modules it imports and their WebAssembly, each gzipped.
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { gzipSync } from 'node:zlib'
import { inRoot, readJson } from './paths.mjs'

/** KB are 1000 bytes. */
export const limits = [
  { entry: '.', name: 'client', bytes: 45_000 },
  // The bound of the design, which it has reached: what comes further is made room for first.
  { entry: './broker', name: 'client with broker', bytes: 110_000 },
]

/** The gzipped sizes of the files that the entry `entry` of pkg/package.json's exports leads to. */
export function sizesOf(entry) {
  const start = normalize(join('pkg', entryFile(readJson('pkg', 'package.json').exports[entry])))
  const files = new Set()
  const visit = file => {
    if (files.has(file)) return
    files.add(file)
    if (!/\.m?js$/.test(file)) return
    const text = readFileSync(inRoot(file), 'utf8')
    for (const path of references(text)) visit(normalize(join(dirname(file), path)))
  }
  visit(start)
  return [...files].map(file => ({ file, bytes: gzipSync(readFileSync(inRoot(file)), { level: 9 }).length }))
}

/** The file for browsers of one value of `exports`, whose conditions may nest. */
export function entryFile(value) {
  if (typeof value === 'string') return value
  for (const condition of ['browser', 'import', 'default']) {
    if (value?.[condition]) return entryFile(value[condition])
  }
  throw new Error(`no file for a browser in ${JSON.stringify(value)}`)
}

/** The relative paths that a module imports, or names as `new URL('…', import.meta.url)`. */
export function references(text) {
  const patterns = [
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"](\.[^'"]+)['"]/g,
    /\bimport\s*\(?\s*['"](\.[^'"]+)['"]/g,
    /\bnew URL\(\s*['"]([^'":]+)['"],\s*import\.meta\.url\s*\)/g,
  ]
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return patterns.flatMap(pattern => [...withoutComments.matchAll(pattern)].map(([, path]) => path))
}
