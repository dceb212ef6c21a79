import { type FileHandle, open } from 'node:fs/promises'
import type { StoreChange } from '../store.js'
import { bodyBytes, type Entry, FRAME_HEADER_BYTES, isWhole, readBody, writeFrame } from './frame.js'

/** What every log begins with. */
const MAGIC = Buffer.from('wasmqtt log 1\n')
const READ_BYTES = 1 << 20

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
      const magic = await log.#read(MAGIC.length)
      if (!magic?.equals(MAGIC)) throw new Error(`${path} is no log of this version of wasmqtt`)
    } catch (error) {
      await log.close()
      throw error
    }
    return log
  }

  /**
   * What is in it from the beginning. A frame that is not whole at the end was being written when its process or the machine
   * ended, and was not acknowledged: it is cut off. One that is damaged elsewhere is an error, since what is behind it was
   * acknowledged.
   */
  async *read(): AsyncGenerator<Entry> {
    const { size } = await this.#file.stat()
    let end = size
    this.#end = MAGIC.length
    try {
      while (this.#end < size) {
        const start = this.#end
        const body = await this.#readFrame(size)
        if (!body) {
          end = start
          await this.#file.truncate(start)
          await this.#file.sync()
          return
        }
        yield* readBody(body)
      }
    } finally {
      // Also of who stops reading before that.
      this.#end = end
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

  /** The body of the next frame; undefined if it is cut short by the end of the file. */
  async #readFrame(size: number): Promise<Buffer | undefined> {
    const start = this.#end
    const header = await this.#read(FRAME_HEADER_BYTES)
    if (!header) return undefined
    const length = bodyBytes(header)
    if (length === undefined || length === 0) {
      // A file system may have made the file longer before it had the bytes.
      if (await this.#isZero(start)) return undefined
      throw new Error(`${this.path} is damaged at byte ${start}`)
    }
    if (this.#end + length > size) return undefined
    const body = await this.#read(length)
    if (body && isWhole(header, body)) return body
    if (this.#end < size) throw new Error(`${this.path} is damaged at byte ${start}`)
    return undefined
  }

  /** Whether there is nothing but zeros from there on. */
  async #isZero(from: number): Promise<boolean> {
    const bytes = Buffer.allocUnsafe(READ_BYTES)
    for (let at = from; ; ) {
      const { bytesRead } = await this.#file.read(bytes, 0, READ_BYTES, at)
      if (bytesRead === 0) return true
      if (bytes.subarray(0, bytesRead).some(byte => byte !== 0)) return false
      at += bytesRead
    }
  }

  async #append(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#end)
      at += bytesWritten
      this.#end += bytesWritten
    }
  }

  /** The next bytes; none if there are fewer. */
  async #read(length: number): Promise<Buffer | undefined> {
    const bytes = Buffer.allocUnsafe(length)
    for (let at = 0; at < length; ) {
      const { bytesRead } = await this.#file.read(bytes, at, Math.min(length - at, READ_BYTES), this.#end)
      if (bytesRead === 0) return undefined
      at += bytesRead
      this.#end += bytesRead
    }
    return bytes
  }
}
