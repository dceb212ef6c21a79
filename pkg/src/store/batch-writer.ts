import type { MqttError } from '../util/errors.js'
import type { BrokerCore, Storage as CoreStorage } from '../wasm/interface.js'
import { join, split, wordsOf } from './records.js'
import type { Store, StoreChange, StoreError } from './store.js'

/** Callbacks of a batch writer. */
export interface BatchWriterHost {
  error(message: string, cause: unknown): StoreError
  /** Called when the store could not be written. */
  failed(error: MqttError): void
  /** Called when the store is free for another broker. */
  closed(): void
  /** Resolves in a later task, after those that are due. */
  readonly rest: () => Promise<void>
  /** Rejects when the module fails. */
  readonly broken: Promise<never>
}

/** Writer of a broker's changes: passes the core's batches to the user's store, one at a time. */
export class BatchWriter implements CoreStorage {
  readonly #store: Store
  readonly #core: BrokerCore
  readonly #host: BatchWriterHost
  /** The latest write. It never rejects. */
  #last: Promise<void> = Promise.resolve()
  #failure: MqttError | undefined
  #closed: Promise<void> | undefined

  private constructor(store: Store, core: BrokerCore, host: BatchWriterHost) {
    this.#store = store
    this.#core = core
    this.#host = host
  }

  /**
   * Loads the store into the core. Rejects with a StoreError if reading fails, or with the core's
   * error; then both are closed.
   */
  static async open(store: Store, core: BrokerCore, host: BatchWriterHost): Promise<BatchWriter> {
    const storage = new BatchWriter(store, core, host)
    try {
      // A panic leaves the promise of the module open.
      await Promise.race([core.restore(storage.#load(), storage), host.broken])
      return storage
    } catch (error) {
      // A write that has begun calls the core when it ends.
      await storage.settled()
      // The first error is the one to report.
      try {
        core.free()
      } catch {}
      await storage.close().catch(() => {})
      throw error
    }
  }

  /**
   * Starts a write, called by the core. Its completion calls the core back, which may start the
   * next batch at once.
   */
  write(batch: number, bytes: Uint8Array): void {
    this.#last = this.#write(batch, split(bytes))
  }

  /**
   * Resolves once everything that the core had to store at the call is written. Rejects if writing
   * failed.
   */
  async covered(): Promise<void> {
    // A batch may have been under way; the second wait is for the next one.
    await this.#last
    await this.#last
    if (this.#failure) throw this.#failure
  }

  /** Resolves once no write is pending, also after a failure. */
  async settled(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.#last; ) {
      last = this.#last
      await last
    }
  }

  /**
   * Closes the store once no write is pending. Idempotent. Rejects as the store's own `close` does.
   */
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
      return await join(this.#store.load(), this.#host.rest)
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
      // The module has failed, and cannot be called again.
      this.#failure ??= cause as MqttError
    }
    if (!this.#failure) return
    // No more is written, so another broker may take the store.
    this.close().catch(() => {})
    this.#host.failed(this.#failure)
  }
}
