import { type FileHandle, open } from 'node:fs/promises'
import type { StoreChange } from '../store/store.js'
import { bodyBytes, type Entry, FRAME_HEADER_BYTES, isWhole, readBody, writeFrame } from './frame.js'

/** First bytes of every log. */
const MAGIC = Buffer.from('wasmqtt log 1\n')
const READ_BYTES = 1 << 20
/** Bytes behind an unreadable frame that are searched for whole frames. */
const TAIL_BYTES = 64 << 20

/** An append-only file of frames. */
export class Log {
  readonly path: string
  readonly #file: FileHandle
  /** Position of the next frame. */
  #end = 0

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  get bytes(): number {
    return this.#end
  }

  /** Creates a log. Its beginning is durable only with its first frames. */
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

  /** Opens a log. Rejects if the file is not one. */
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
   * Reads the log from the beginning when it is opened. Frames are appended behind that.
   *
   * Each frame is durable before the next is begun. So a broken frame at the end was not
   * acknowledged, and is cut off. A broken frame before a whole one is damage, and an error, since
   * the later one was acknowledged.
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
    // A killed process may have written the last frame without making it durable.
    await this.#file.sync()
  }

  /** Reads the log while nothing is appended to it. All frames are whole. */
  async *read(): AsyncGenerator<Entry> {
    for (let at = MAGIC.length; at < this.#end; ) {
      const body = await this.#bodyAt(at, this.#end)
      if (!body) throw new DamageError(this.path, at)
      yield* readBody(body)
      at += FRAME_HEADER_BYTES + body.length
    }
  }

  /** Appends a frame. Resolves once it is durable. */
  async append(changes: Iterable<StoreChange>): Promise<void> {
    await this.#append(writeFrame(changes))
    await this.#file.datasync()
  }

  /** Appends a frame that is durable only with the next one, or with {@link sync}. */
  async appendLazily(changes: Iterable<StoreChange>): Promise<void> {
    await this.#append(writeFrame(changes))
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /**
   * Returns the body of the frame at `start`, or undefined if the frame was not written to its end.
   */
  async #bodyAt(start: number, size: number): Promise<Buffer | undefined> {
    const header = await this.#read(start, FRAME_HEADER_BYTES)
    if (!header) return undefined
    const length = bodyBytes(header)
    if (!length) {
      // After a power cut the disk may have a frame's later pages without the first, or a longer
      // file without bytes.
      if (await this.#isLast(start, size)) return undefined
      throw new DamageError(this.path, start)
    }
    const end = start + FRAME_HEADER_BYTES + length
    if (end > size) return undefined
    const body = await this.#read(start + FRAME_HEADER_BYTES, length)
    if (body && isWhole(header, body)) return body
    // A frame behind it, whole or not, was begun when this one was durable.
    if (end < size) throw new DamageError(this.path, start)
    return undefined
  }

  /** True if no whole frame follows an unreadable header. */
  async #isLast(start: number, size: number): Promise<boolean> {
    // The rest is longer than a batch can be. It is neither searched for minutes, nor cut off
    // unseen.
    if (size - start > TAIL_BYTES) return false
    const tail = await this.#read(start, size - start)
    for (let at = 1; tail && at + FRAME_HEADER_BYTES < tail.length; at++) {
      const room = tail.length - at - FRAME_HEADER_BYTES
      // The cheapest check first.
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

  /** Returns `length` bytes from there on, or undefined if there are fewer. */
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
