import { readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store, StoreChange, StoreRecord } from '../store/store.js'
import { makeFolder, syncFolder } from './folder.js'
import { changeBytes } from './frame.js'
import { Lock } from './lock.js'
import { Log } from './log.js'

/** A log below this many bytes is not written anew. */
const COMPACT_BYTES = 4 << 20
/** When a log is written anew, a frame has about so many bytes. */
const FRAME_BYTES = 1 << 20
const LOG_NAME = /^(\d{8})\.log$/

/** Where in the log a record stands that counts: before how many bytes of changes, and how many it has. */
interface Place {
  readonly at: number
  readonly bytes: number
}

/**
 * The store of a directory: `00000001.log` and so on, of which the last counts, and `lock`.
 *
 * A log is written anew under another name, and renamed to the next number when it is durable. So there is always one that is
 * whole, and the one with the highest number is.
 */
export class DirectoryStore implements Store {
  readonly #path: string
  #lock: Lock | undefined
  #log: Log | undefined
  #number = 0
  /** The records that count, by their keys. */
  readonly #places = new Map<string, Place>()
  /** Bytes of changes that were read or written, in their order. */
  #at = 0
  /** Of those, the ones that count. */
  #live = 0
  /** From so many bytes on the log may be written anew. */
  #compactBytes = COMPACT_BYTES
  /** Writing the log anew, which the next write waits for. */
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
      // The next write rejects with it.
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

  /** The last log, or the first. */
  async #open(): Promise<Log> {
    const names = await readdir(this.#path)
    const numbers = names.flatMap(name => LOG_NAME.exec(name)?.[1] ?? []).map(Number)
    this.#number = Math.max(0, ...numbers)
    // The name of the last may not be durable yet, and the others are what there is if it is lost.
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

  /** Makes the next log of what `fill` appends. It counts from when it is renamed. */
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

  /** Writes the log anew with the records that count. If there is no room for that, the log stays as it is. */
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

  /** A change stands behind those before. Gives the key as the map has it. */
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

/** A new log could not be written whole, and nothing has changed. */
class DraftError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

const nameOf = (number: number) => `${String(number).padStart(8, '0')}.log`

const nameOfKey = (key: Uint8Array) => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
