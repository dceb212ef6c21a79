// Stamp: the hash of the contents of a step's inputs, kept once the step is done.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inRoot } from './paths.mjs'

const stampFile = name => inRoot('.cache', 'stamps', name)

/**
 * Returns the hash of files and folders, each with its path and content, and of other inputs.
 *
 * @param {string[]} paths below the root; one that is missing counts as such
 * @param {string[]} [others] versions, flags
 */
export function hashOf(paths, others = []) {
  const hash = createHash('sha256')
  for (const path of paths.flatMap(filesBelow)) {
    hash.update(`${path}\0`)
    if (existsSync(inRoot(path))) hash.update(readFileSync(inRoot(path)))
    hash.update('\0')
  }
  for (const other of others) hash.update(`${other}\0`)
  return hash.digest('hex')
}

function filesBelow(path) {
  if (!existsSync(inRoot(path)) || !statSync(inRoot(path)).isDirectory()) return [path]
  return readdirSync(inRoot(path))
    .sort()
    .flatMap(name => filesBelow(join(path, name)))
}

/** True if `outputs` exist and were made from the inputs of this hash. */
export function isFresh(name, hash, outputs) {
  const file = stampFile(name)
  return outputs.every(path => existsSync(inRoot(path))) && existsSync(file) && readFileSync(file, 'utf8') === hash
}

/**
 * Removes a stamp before its outputs are made anew. So an interrupted run does not pass for a
 * complete one.
 */
export function forget(name) {
  rmSync(stampFile(name), { force: true })
}

export function stamp(name, hash) {
  const file = stampFile(name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, hash)
}
