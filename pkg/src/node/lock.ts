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
    const draft = `${path}.${id}`
    await writeFile(draft, token, { mode: 0o600 })
    held.add(token)
    try {
      while (!(await isLinked(draft, path))) {
        const other = await readFile(path, 'utf8').catch(absent)
        if (other === undefined) continue
        if (isAlive(other)) throw new Error(`${path}: process ${other.split(' ')[0]} has it`)
        await remove(path, other)
      }
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

/** Removes the file if this is still in it: another may have put its own there meanwhile, which then stays. */
async function remove(path: string, token: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  const moved = await rename(path, aside).then(() => true, absent)
  if (!moved) return
  if ((await readFile(aside, 'utf8')) !== token) await link(aside, path).catch(() => {})
  await unlink(aside)
}

function isAlive(token: string): boolean {
  const [pid, start] = token.split(' ')
  if (Number(pid) === process.pid) return held.has(token)
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
