import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Creates a folder for this user alone, and those above it that are missing.
 *
 * Node's own `recursive` never ends where the system denies a folder in an existing one, as below
 * `/proc`.
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

/**
 * Makes renamed and created files of a folder durable. Windows has no call for it, and needs none.
 */
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
    // Systems differ in their error for a folder that exists.
    const there = await stat(path).catch(() => undefined)
    if (!there?.isDirectory()) throw error
    return
  }
  await syncFolder(dirname(path))
}
