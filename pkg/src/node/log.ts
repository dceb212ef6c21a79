import { type FileHandle, open } from 'node:fs/promises'
import type { StoreChange } from '../store/store.js'
import { bodyBytes, type Entry, FRAME_HEADER_BYTES, isWhole, readBody, writeFrame } from './frame.js'

/** What every log begins with. */
const MAGIC = Buffer.from('wasmqtt log 1\n')
const READ_BYTES = 1 << 20
/** How much behind a frame that cannot be read is looked through for whole ones. */
const TAIL_BYTES = 64 << 20

/** A file of frames, to which they are only appended. */
export class Log {
  readonly path: string
  readonly #file: FileHandle
  /** Where the next frame goes. */
  #end = 0

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  get bytes(): number {
    return this.#end
  }

  /** A new one, whose beginning is durable only with its first frames. */
  static async create(path: string): Promise<Log> {
    const log = new Log(path, await open(path, 'w+', 0o600))
    try {
      await log.#append(MAGIC)
    } catch (error) {
      await log.close()
      throw error
    }
    return log
  }

  /** One that is there. Rejects if it is none. */
  static async open(path: string): Promise<Log> {
    const log = new Log(path, await open(path, 'r+'))
    try {
      const magic = await log.#read(0, MAGIC.length)
      if (!magic?.equals(MAGIC)) throw new Error(`${path} is not a log that this version of wasmqtt can read`)
    } catch (error) {
      await log.close()
      throw error
    }
    return log
  }

  /**
   * What is in it from the beginning, when it was opened; what is appended goes behind that.
   *
   * Each frame is durable before the next is begun. So one that is not whole, with none behind it, was being written when its
   * process or the machine ended, and was not acknowledged: it is cut off. Else it is damaged, and an error, since what is
   * behind it was acknowledged.
   */
  async *load(): AsyncGenerator<Entry> {
    const { size } = await this.#file.stat()
    this.#end = MAGIC.length
    while (this.#end < size) {
      const body = await this.#bodyAt(this.#end, size)
      if (!body) {
        await this.#file.truncate(this.#end)
        break
      }
      yield* readBody(body)
      this.#end += FRAME_HEADER_BYTES + body.length
    }
    // Who was killed may have written the last and not have made it durable, which is built on from now on.
    await this.#file.sync()
  }

  /** What is in it while it is not appended to, which is all whole. */
  async *read(): AsyncGenerator<Entry> {
    for (let at = MAGIC.length; at < this.#end; ) {
      const body = await this.#bodyAt(at, this.#end)
      if (!body) throw new DamageError(this.path, at)
      yield* readBody(body)
      at += FRAME_HEADER_BYTES + body.length
    }
  }

  /** Appends a frame, and resolves once it is durable. */
  async append(changes: Iterable<StoreChange>): Promise<void> {
    await this.#append(writeFrame(changes))
    await this.#file.datasync()
  }

  /** As {@link append}, but durable only with the next, or {@link sync}. */
  async appendLazily(changes: Iterable<StoreChange>): Promise<void> {
    await this.#append(writeFrame(changes))
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /** The body of the frame that begins there; undefined if it is what was not written to its end. */
  async #bodyAt(start: number, size: number): Promise<Buffer | undefined> {
    const header = await this.#read(start, FRAME_HEADER_BYTES)
    if (!header) return undefined
    const length = bodyBytes(header)
    if (!length) {
      // The disk may have had the later pages of a frame and not its first, or the file system a longer file and no bytes.
      if (await this.#isLast(start, size)) return undefined
      throw new DamageError(this.path, start)
    }
    const end = start + FRAME_HEADER_BYTES + length
    if (end > size) return undefined
    const body = await this.#read(start + FRAME_HEADER_BYTES, length)
    if (body && isWhole(header, body)) return body
    // What is behind it, whole or not, was begun when this was durable.
    if (end < size) throw new DamageError(this.path, start)
    return undefined
  }

  /** Whether no whole frame stands behind the one there, whose header says nothing. */
  async #isLast(start: number, size: number): Promise<boolean> {
    // More than one batch has. It is not looked through for minutes, nor cut off unseen.
    if (size - start > TAIL_BYTES) return false
    const tail = await this.#read(start, size - start)
    for (let at = 1; tail && at + FRAME_HEADER_BYTES < tail.length; at++) {
      const room = tail.length - at - FRAME_HEADER_BYTES
      // First what costs least.
      const claimed = tail.readUInt32BE(at)
      if (claimed === 0 || claimed > room) continue
      const header = tail.subarray(at, at + FRAME_HEADER_BYTES)
      if (bodyBytes(header) === undefined) continue
      const bodyAt = at + FRAME_HEADER_BYTES
      if (isWhole(header, tail.subarray(bodyAt, bodyAt + claimed))) return false
    }
    return true
  }

  async #append(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#end)
      at += bytesWritten
      this.#end += bytesWritten
    }
  }

  /** So many bytes from there on; none if there are fewer. */
  async #read(from: number, length: number): Promise<Buffer | undefined> {
    const bytes = Buffer.allocUnsafe(length)
    for (let at = 0; at < length; ) {
      const { bytesRead } = await this.#file.read(bytes, at, Math.min(length - at, READ_BYTES), from + at)
      if (bytesRead === 0) return undefined
      at += bytesRead
    }
    return bytes
  }
}

class DamageError extends Error {
  constructor(path: string, at: number) {
    super(`${path} is damaged at byte ${at}`)
  }
}
