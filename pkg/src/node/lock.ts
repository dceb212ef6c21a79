import { createHash } from 'node:crypto'
import { link, open, readdir, readFile, rename, unlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { forget, isRunning, nameOf, newToken } from './holder.js'

/** How often who has it touches the file, and looks whether it still has it. */
const BEAT_MS = 2000
/**
 * One whose process cannot be looked up is dead if its file is not touched from look to look. They are counted, not timed: this
 * process may stand still too.
 */
const LOOKS = 20
const LOOK_MS = 500

/**
 * A file that says which process has a directory. One whose process is gone does not count; nor one of another container or
 * host whose process does not touch it for ten seconds. A thread that is ended has it until its process ends.
 */
export class Lock {
  readonly #path: string
  readonly #token: string
  readonly #timer: NodeJS.Timeout
  /** When it was last seen to be one's own, by the clock that goes on while a machine sleeps. */
  #seen = Date.now()
  #isLost = false

  private constructor(path: string, token: string) {
    this.#path = path
    this.#token = token
    // A look that fails is made up for before the next write.
    this.#timer = setInterval(() => this.#look().catch(() => {}), BEAT_MS).unref()
  }

  /** Rejects if another has it. */
  static async take(path: string): Promise<Lock> {
    const token = newToken()
    // Under its name only once it is written, so that nobody finds half of it.
    const draft = `${path}-${digest(token)}`
    try {
      await writeFile(draft, token, { mode: 0o600 })
      // Who stood still while it took it may have been succeeded.
      do await seize(draft, path)
      while ((await textOf(path)) !== token)
    } catch (error) {
      forget(token)
      await remove(path, token)
      throw error
    } finally {
      await unlink(draft).catch(absent)
    }
    // Nobody is in its way.
    await tidy(path).catch(() => {})
    return new Lock(path, token)
  }

  /** Rejects if it is another's by now, which took this process for dead, or if that cannot be told. */
  async check(): Promise<void> {
    if (!this.#isLost && Math.abs(Date.now() - this.#seen) > 2 * BEAT_MS) await this.#look()
    if (this.#isLost) throw new Error(`${this.#path} was lost: another process took it, or it was removed`)
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    forget(this.#token)
    await remove(this.#path, this.#token)
  }

  async #look(): Promise<void> {
    if ((await textOf(this.#path)) !== this.#token) {
      this.#isLost = true
      clearInterval(this.#timer)
      return
    }
    const now = new Date()
    await utimes(this.#path, now, now)
    this.#seen = now.getTime()
  }
}

/**
 * Gives the draft the name, which one that is dead may have. Only one can succeed a dead one: who has the name that says so,
 * the claim, which is made of what stands in it. A claim is a lock too, and its owner may die as well. So the name of a lock is
 * never free until its owner frees it, and nobody who came late takes it from another. Rejects if one that is alive has it.
 */
async function seize(draft: string, path: string): Promise<void> {
  while (!(await isLinked(draft, path))) {
    const other = await textOf(path)
    if (other === undefined) continue
    if (isRunning(other) ?? (await isTouched(path, other)))
      throw new Error(`${path} is held by ${nameOf(other)}; end that first`)
    const claim = `${path}.${digest(other)}`
    await seize(draft, claim)
    // Meanwhile another may have succeeded it, and have freed the claim.
    if ((await textOf(path)) === other) return rename(claim, path).catch(absent)
    await unlink(claim).catch(absent)
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

/** Watches a lock until it is touched, another's, or has been left alone for long. */
async function isTouched(path: string, token: string): Promise<boolean> {
  const first = await touchOf(path, token)
  for (let look = 0; look < LOOKS; look++) {
    await sleep(LOOK_MS)
    const touch = await touchOf(path, token)
    if (touch === undefined) return false
    if (touch !== first) return true
  }
  return false
}

/**
 * When it was touched last, by the clock of who did; undefined if it is another's. It is opened, since else the file system of
 * a network may answer from memory.
 */
async function touchOf(path: string, token: string): Promise<number | undefined> {
  const file = await open(path, 'r').catch(absent)
  try {
    return (await file?.readFile('utf8')) === token ? (await file?.stat())?.mtimeMs : undefined
  } finally {
    await file?.close()
  }
}

/** Removes what processes left that were killed while they took it. */
async function tidy(path: string): Promise<void> {
  const names = await readdir(dirname(path))
  for (const name of names) {
    if (!name.startsWith(`${basename(path)}.`) && !name.startsWith(`${basename(path)}-`)) continue
    const left = join(dirname(path), name)
    const token = await textOf(left)
    if (token !== undefined && isRunning(token) === false) await unlink(left).catch(absent)
  }
}

/** Frees the name, if it is still its own. */
async function remove(path: string, token: string): Promise<void> {
  if ((await textOf(path)) === token) await unlink(path)
}

const textOf = (path: string) => readFile(path, 'utf8').catch(absent)

/** For names. */
const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** For a file that is not there, which is no error. */
function absent(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error
}

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code
