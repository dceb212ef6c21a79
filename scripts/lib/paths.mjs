// Paths: the checkout, and the folder of the pinned tools.
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Folder of the pinned tools, with one folder per name and version. */
export const toolsFolder =
  process.env.WASMQTT_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'wasmqtt', 'tools')

/** Returns the path of a file of the checkout. */
export const inRoot = (...parts) => join(root, ...parts)

export const readJson = (...parts) => JSON.parse(readFileSync(inRoot(...parts), 'utf8'))

// Debian keeps daemons in sbin, which is on root's PATH alone.
const daemonFolders = ['/usr/local/sbin', '/usr/sbin', '/opt/homebrew/sbin']

/**
 * Returns the path of a program on PATH, or where daemons are kept; undefined if there is none. A
 * program may be given by its own path.
 */
export function which(program) {
  if (isAbsolute(program)) return isProgram(program) ? program : undefined
  return [...(process.env.PATH ?? '').split(delimiter), ...daemonFolders]
    .filter(Boolean)
    .map(folder => join(folder, program))
    .find(isProgram)
}

function isProgram(file) {
  if (!existsSync(file) || !statSync(file).isFile()) return false
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Returns a PATH that finds the tools of `folders` first, then the npm packages' programs, then the
 * user's own.
 */
export const pathWith = folders =>
  [...folders, inRoot('node_modules', '.bin'), process.env.PATH ?? '', ...daemonFolders].join(delimiter)
