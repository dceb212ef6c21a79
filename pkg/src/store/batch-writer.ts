import type { Storage as CoreStorage, StoringCore } from '../wasm/interface.js'
import type { Store, StoreChange, StoreError } from './store.js'

/** Instead of a length: the key is to be removed. */
const REMOVED = 0xffff_ffff
const HEADER_BYTES = 8

/** Whose storage it is. */
export interface BatchWriterHost {
  error(message: string, cause: unknown): StoreError
  /** It could not be written. */
  failed(error: StoreError): void
  /** The store may be another's. */
  closed(): void
}

/** A broker's store, between the core and the store that the host gave. */
export class BatchWriter implements CoreStorage {
  readonly #store: Store
  readonly #core: StoringCore
  readonly #host: BatchWriterHost
  /** The write that was begun last. Never rejects. */
  #last: Promise<void> = Promise.resolve()
  #failure: StoreError | undefined
  #closed: Promise<void> | undefined

  private constructor(store: Store, core: StoringCore, host: BatchWriterHost) {
    this.#store = store
    this.#core = core
    this.#host = host
  }

  /**
   * Has the core begin with what the store holds. Rejects with a StoreError if that cannot be read, or with what the core
   * throws; then both are put away.
   */
  static async open(store: Store, core: StoringCore, host: BatchWriterHost): Promise<BatchWriter> {
    const storage = new BatchWriter(store, core, host)
    try {
      core.restore(await storage.#load(), storage)
      return storage
    } catch (error) {
      // A write that was begun calls the core when it ends.
      await storage.settled()
      core.free()
      // What failed first is what is told.
      await storage.close().catch(() => {})
      throw error
    }
  }

  /** The core's. What is called later on calls the core back, which may give the next batch at once. */
  write(batch: number, bytes: Uint8Array): void {
    this.#last = this.#write(batch, split(bytes))
  }

  /** Resolves once all is written that the core had to store when this was called. Rejects if it could not be. */
  async covered(): Promise<void> {
    // A batch may have been out already; then this is for the next.
    await this.#last
    await this.#last
    if (this.#failure) throw this.#failure
  }

  /** Resolves once nothing is to be written any more; also if it could not be. */
  async settled(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.#last; ) {
      last = this.#last
      await last
    }
  }

  /** Once nothing is to be written any more. Idempotent. Rejects as the store's own does. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.settled()
    try {
      await this.#store.close()
    } finally {
      this.#host.closed()
    }
  }

  async #load(): Promise<Uint8Array> {
    try {
      return await join(this.#store.load())
    } catch (cause) {
      throw this.#host.error(`the store could not be opened: ${wordsOf(cause)}`, cause)
    }
  }

  async #write(batch: number, changes: StoreChange[]): Promise<void> {
    try {
      await this.#store.write(changes)
    } catch (cause) {
      this.#failure = this.#host.error(`the store could not be written: ${wordsOf(cause)}`, cause)
    }
    try {
      if (this.#failure) this.#core.storeFailed()
      else this.#core.stored(batch)
    } catch (cause) {
      // It trapped, which is a bug of ours: no call of it is any good.
      this.#failure ??= this.#host.error('the WebAssembly module failed', cause)
    }
    if (!this.#failure) return
    // Nothing is written any more, and another broker may begin with it.
    this.close().catch(() => {})
    this.#host.failed(this.#failure)
  }
}

const wordsOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** Records as the core reads them: the lengths of key and value, the key, the value. */
async function join(records: ReturnType<Store['load']>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const { key, value } of records) {
    const header = new DataView(new ArrayBuffer(HEADER_BYTES))
    header.setUint32(0, key.length)
    header.setUint32(4, value.length)
    parts.push(new Uint8Array(header.buffer), key, value)
    length += HEADER_BYTES + key.length + value.length
  }
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** The changes that the core gives, which are the same but for keys that are to be removed. They share its bytes. */
function split(bytes: Uint8Array): StoreChange[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const changes: StoreChange[] = []
  for (let at = 0; at < bytes.length; ) {
    const valueAt = at + HEADER_BYTES + view.getUint32(at)
    const length = view.getUint32(at + 4)
    const key = bytes.subarray(at + HEADER_BYTES, valueAt)
    at = valueAt + (length === REMOVED ? 0 : length)
    changes.push(length === REMOVED ? { key } : { key, value: bytes.subarray(valueAt, at) })
  }
  return changes
}
