import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'

/** The locks that this process has, by what is in their files. */
const held = new Set<string>()

/** A file that says which process has a directory. One whose process is gone does not count. */
export class Lock {
  readonly #path: string
  readonly #token: string

  private constructor(path: string, token: string) {
    this.#path = path
    this.#token = token
  }

  /** Rejects if another has it. */
  static async take(path: string): Promise<Lock> {
    const id = randomUUID()
    const token = `${process.pid} ${startOf(process.pid)} ${id}`
    // Under its name only once it is written, so that nobody finds half of it.
    const draft = `${path}-${id}`
    await writeFile(draft, token, { mode: 0o600 })
    held.add(token)
    try {
      await seize(draft, path)
    } catch (error) {
      held.delete(token)
      throw error
    } finally {
      await unlink(draft)
    }
    return new Lock(path, token)
  }

  async release(): Promise<void> {
    held.delete(this.#token)
    await remove(this.#path, this.#token)
  }
}

/** Gives the draft the name too; says whether the name was free. */
async function isLinked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

/**
 * Gives the draft the name, which one that is dead may have. Only one can succeed a dead one: who has the name that says so,
 * and that is made of what is unique of it. So the name of a lock is never free until its owner frees it, and nobody who came
 * late takes it from another. Rejects if one that is alive has it.
 */
async function seize(draft: string, path: string): Promise<void> {
  while (!(await isLinked(draft, path))) {
    const other = await readFile(path, 'utf8').catch(absent)
    if (other === undefined) continue
    if (isAlive(other)) throw new Error(`${path}: process ${other.split(' ')[0]} has it`)
    const claim = `${path}.${other.split(' ')[2]}`
    await seize(draft, claim)
    // Meanwhile another may have succeeded it, and have freed the claim.
    if ((await readFile(path, 'utf8').catch(absent)) === other) return rename(claim, path)
    await unlink(claim)
  }
}

/** Frees the name, if it is still its own. */
async function remove(path: string, token: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(absent)) === token) await unlink(path)
}

function isAlive(token: string): boolean {
  const [pid, start] = token.split(' ')
  // Of this process it may be another thread's, or another copy of this module; when it is released, its file is gone.
  if (Number(pid) === process.pid) return held.has(token) || (start !== '-' && start === startOf(process.pid))
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // Another user's is there too.
    if (!isCode(error, 'EPERM')) return false
  }
  // Not another process that was given the same number later.
  return startOf(Number(pid)) === start
}

/** When a process began, where the system tells: Linux does, in the 22nd field, of which the second may have spaces. */
function startOf(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[19] ?? '-'
  } catch {
    return '-'
  }
}

/** For a file that is not there, which is no error. */
function absent(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error
}

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code
