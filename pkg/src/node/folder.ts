import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, for this user alone, and those above it that are missing.
 *
 * Node's own, with `recursive`, never ends where the system says of a folder in one that is there that there is no such
 * thing, as below `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await make(path)
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    await makeFolder(parent)
    await make(path)
  }
}

/** Makes what was renamed or made in a folder durable. Windows has no way to, and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function make(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700)
  } catch (error) {
    // Systems differ in what they say of one that is there.
    const there = await stat(path).catch(() => undefined)
    if (!there?.isDirectory()) throw error
    return
  }
  await syncFolder(dirname(path))
}
