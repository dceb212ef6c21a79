import { createHash } from 'node:crypto'
import { link, open, readdir, readFile, rename, unlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { forget, isRunning, nameOf, newToken } from './holder.js'

/** Interval at which the holder touches the file, and checks that it still holds it. */
const BEAT_MS = 2000
/**
 * Number of looks at an untouched file, after which a holder that cannot be looked up is dead.
 * Looks are counted, not timed, since this process may stand still too.
 */
const LOOKS = 20
const LOOK_MS = 500

/**
 * A lock file with the process that holds a directory.
 *
 * A lock of a dead process does not count. Nor does one of another container or host, if it was not
 * touched for ten seconds. A thread that has ended holds it until its process ends.
 */
export class Lock {
  readonly #path: string
  readonly #token: string
  readonly #timer: NodeJS.Timeout
  /**
   * Time when the lock was last seen to be this process's, on the clock that runs while a machine
   * sleeps.
   */
  #seen = Date.now()
  #isLost = false

  private constructor(path: string, token: string) {
    this.#path = path
    this.#token = token
    // A failed look is repeated before the next write.
    this.#timer = setInterval(() => this.#look().catch(() => {}), BEAT_MS).unref()
  }

  /** Takes the lock. Rejects if another process holds it. */
  static async take(path: string): Promise<Lock> {
    const token = newToken()
    // The file gets its name only once it is written, so that nobody reads half of it.
    const draft = `${path}-${digest(token)}`
    try {
      await writeFile(draft, token, { mode: 0o600 })
      // Another process may succeed this one if it stands still meanwhile.
      do await seize(draft, path)
      while ((await textOf(path)) !== token)
    } catch (error) {
      forget(token)
      await remove(path, token)
      throw error
    } finally {
      await unlink(draft).catch(absent)
    }
    // Leftover files are in nobody's way.
    await tidy(path).catch(() => {})
    return new Lock(path, token)
  }

  /** Rejects if another process took the lock from this one, or if that cannot be told. */
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
 * Renames the draft to the lock, which a dead process may hold. Rejects if a live process holds it.
 *
 * Only one process can succeed a dead one: the holder of the claim, whose name is made of the dead
 * one's token. A claim is a lock too, since its holder may die as well. So the lock's name is never
 * free until its holder frees it, and no latecomer takes it from another.
 */
async function seize(draft: string, path: string): Promise<void> {
  while (!(await tryLink(draft, path))) {
    const other = await textOf(path)
    if (other === undefined) continue
    if (isRunning(other) ?? (await awaitTouch(path, other))) {
      const error = new Error(`${path} is held by ${nameOf(other)}; end that first`)
      error.name = 'InUseError'
      throw error
    }
    const claim = `${path}.${digest(other)}`
    await seize(draft, claim)
    // Meanwhile another process may have succeeded it, and freed the claim.
    if ((await textOf(path)) === other) return rename(claim, path).catch(absent)
    await unlink(claim).catch(absent)
  }
}

/** Links the draft to the name. Resolves with false if the name was taken. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

/**
 * Watches a lock until it is touched, replaced, or left alone for long. Resolves with true if it is
 * touched.
 */
async function awaitTouch(path: string, token: string): Promise<boolean> {
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
 * Returns the time of the last touch, by the clock of the holder; undefined if the lock is
 * another's. The file is opened, since a network file system may answer from memory otherwise.
 */
async function touchOf(path: string, token: string): Promise<number | undefined> {
  const file = await open(path, 'r').catch(absent)
  try {
    return (await file?.readFile('utf8')) === token ? (await file?.stat())?.mtimeMs : undefined
  } finally {
    await file?.close()
  }
}

/** Removes the leftovers of processes that were killed while they took the lock. */
async function tidy(path: string): Promise<void> {
  const names = await readdir(dirname(path))
  for (const name of names) {
    if (!name.startsWith(`${basename(path)}.`) && !name.startsWith(`${basename(path)}-`)) continue
    const left = join(dirname(path), name)
    const token = await textOf(left)
    if (token !== undefined && isRunning(token) === false) await unlink(left).catch(absent)
  }
}

/** Frees the name, if this process still holds it. */
async function remove(path: string, token: string): Promise<void> {
  if ((await textOf(path)) === token) await unlink(path)
}

const textOf = (path: string) => readFile(path, 'utf8').catch(absent)

/** Hash of a token, for file names. */
const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** Ignores the error for a missing file. */
function absent(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error
}

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code
