import { readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store, StoreChange, StoreRecord } from '../store/store.js'
import { makeFolder, syncFolder } from './folder.js'
import { changeBytes } from './frame.js'
import { Lock } from './lock.js'
import { Log } from './log.js'

/** Size in bytes from which a log is compacted. */
const COMPACT_BYTES = 4 << 20
/** Size of a frame in bytes, about, when a log is compacted. */
const FRAME_BYTES = 1 << 20
const LOG_NAME = /^(\d{8})\.log$/

/**
 * Place of a live record in the log: how many bytes of changes stand before it, and how many it
 * has.
 */
interface Place {
  readonly at: number
  readonly bytes: number
}

/**
 * Store in a directory: `00000001.log` and so on, of which the last one counts, and `lock`.
 *
 * Compaction writes the log anew under another name. The new log is renamed to the next number once
 * it is durable. So the log with the highest number is always whole.
 */
export class DirectoryStore implements Store {
  readonly #path: string
  #lock: Lock | undefined
  #log: Log | undefined
  #number = 0
  /** Places of live records by key. */
  readonly #places = new Map<string, Place>()
  /** Bytes of changes read or written so far, in order. */
  #at = 0
  /** Bytes of live records among these. */
  #live = 0
  /** Size from which the log is compacted again. */
  #compactBytes = COMPACT_BYTES
  /** Compaction under way, which the next write waits for. */
  #compaction: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  async *load(): AsyncGenerator<StoreRecord> {
    await makeFolder(this.#path)
    this.#lock = await Lock.take(join(this.#path, 'lock'))
    this.#places.clear()
    this.#at = 0
    this.#live = 0
    try {
      const records = new Map<string, StoreRecord>()
      for await (const { key, value, bytes } of (await this.#open()).load()) {
        const name = this.#note(key, value, bytes)
        if (value) records.set(name, { key, value })
        else records.delete(name)
      }
      yield* records.values()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    await this.#compaction
    const log = this.#opened()
    await this.#lock?.check()
    await log.append(changes)
    for (const change of changes) this.#note(change.key, change.value, changeBytes(change))
    if (log.bytes > this.#compactBytes && log.bytes > 2 * this.#live) {
      this.#compaction = this.#compact(log)
      // The next write rejects with its error.
      this.#compaction.catch(() => {})
    }
  }

  async close(): Promise<void> {
    await this.#compaction.catch(() => {})
    await this.#log?.close()
    this.#log = undefined
    await this.#lock?.release()
    this.#lock = undefined
  }

  /** Opens the last log, or creates the first. */
  async #open(): Promise<Log> {
    const names = await readdir(this.#path)
    const numbers = names.flatMap(name => LOG_NAME.exec(name)?.[1] ?? []).map(Number)
    this.#number = Math.max(0, ...numbers)
    // The last log's name may not be durable yet. Without it the earlier logs would count.
    await syncFolder(this.#path)
    for (const number of numbers) if (number < this.#number) await this.#unlink(nameOf(number))
    for (const name of names.filter(name => name.endsWith('.new'))) await this.#unlink(name)
    if (this.#number > 0) {
      this.#log = await Log.open(join(this.#path, nameOf(this.#number)))
    } else {
      this.#log = await this.#replace(async () => {})
    }
    return this.#log
  }

  /** Creates the next log with the records that `fill` appends. It counts once it is renamed. */
  async #replace(fill: (log: Log) => Promise<void>): Promise<Log> {
    const name = nameOf(this.#number + 1)
    const draft = join(this.#path, `${name}.new`)
    let log: Log | undefined
    try {
      log = await Log.create(draft)
      await fill(log)
      await log.sync()
    } catch (error) {
      await log?.close()
      await unlink(draft).catch(() => {})
      throw new DraftError(error)
    }
    try {
      await this.#lock?.check()
      await rename(draft, join(this.#path, name))
      await syncFolder(this.#path)
    } catch (error) {
      await log.close()
      throw error
    }
    this.#number += 1
    return log
  }

  /** Compacts the log. Without room on the disk, it stays as it is. */
  async #compact(old: Log): Promise<void> {
    try {
      await this.#rewrite(old)
      this.#compactBytes = COMPACT_BYTES
    } catch (error) {
      if (!(error instanceof DraftError)) throw error
      this.#compactBytes = old.bytes * 1.5
    }
  }

  async #rewrite(old: Log): Promise<void> {
    const places = new Map<string, Place>()
    let written = 0
    const log = await this.#replace(async log => {
      let at = 0
      let frame: StoreChange[] = []
      let frameBytes = 0
      for await (const { key, value, bytes } of old.read()) {
        const name = nameOfKey(key)
        if (value && this.#places.get(name)?.at === at) {
          places.set(name, { at: written, bytes })
          written += bytes
          frame.push({ key, value })
          frameBytes += bytes
        }
        at += bytes
        if (frameBytes < FRAME_BYTES) continue
        await log.appendLazily(frame)
        frame = []
        frameBytes = 0
      }
      if (frame.length > 0) await log.appendLazily(frame)
    })
    this.#log = log
    this.#places.clear()
    for (const [name, place] of places) this.#places.set(name, place)
    this.#at = written
    await old.close()
    await this.#unlink(nameOf(this.#number - 1))
  }

  /** Notes the place of a change, behind those before. Returns the key as the map has it. */
  #note(key: Uint8Array, value: Uint8Array | undefined, bytes: number): string {
    const name = nameOfKey(key)
    this.#live -= this.#places.get(name)?.bytes ?? 0
    if (value) {
      this.#places.set(name, { at: this.#at, bytes })
      this.#live += bytes
    } else {
      this.#places.delete(name)
    }
    this.#at += bytes
    return name
  }

  #opened(): Log {
    if (!this.#log) throw new Error(`${this.#path} is not open`)
    return this.#log
  }

  #unlink(name: string): Promise<void> {
    return unlink(join(this.#path, name))
  }
}

/** A new log that could not be written whole. Nothing has changed. */
class DraftError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

const nameOf = (number: number) => `${String(number).padStart(8, '0')}.log`

const nameOfKey = (key: Uint8Array) => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
