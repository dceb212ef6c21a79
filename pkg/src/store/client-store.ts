import type { limitTime } from '../util/limit-time.js'
import type { ClientCore } from '../wasm/interface.js'
import { join, split, wordsOf } from './records.js'
import type { Store, StoreError, StoreRecord } from './store.js'

/** Callbacks of a client's store. */
export interface ClientStoreHost {
  error(message: string, cause: unknown): StoreError
  /** Called once if the store cannot be used, so that the client keeps its session in memory. */
  failed(error: StoreError): void
  /** Resolves in a later task, after those that are due. */
  readonly rest: () => Promise<void>
  /** Milliseconds in which the store must answer. */
  readonly limit: number
  readonly limitTime: typeof limitTime
}

/** Stores in use by a client of this page. */
const inUse = new WeakSet<Store>()

/** The store of a client: passes the core's batches to the user's store, in their order. */
export class ClientStore {
  /** Number of messages of the store that are not over. */
  left = 0
  readonly #store: Store
  readonly #host: ClientStoreHost
  #records: Uint8Array | undefined
  #core: ClientCore | undefined
  /** The number of the first request that is not of the store. */
  #first = 0
  /** The latest write. It never rejects. */
  #last: Promise<void> = Promise.resolve()
  #hasFailed = false
  #closed: Promise<void> | undefined
  readonly #listening = new AbortController()

  private constructor(store: Store, host: ClientStoreHost) {
    this.#store = store
    this.#host = host
  }

  /**
   * Opens the store and reads its records. Returns undefined, and calls `failed`, if that is not
   * possible. Rejects with a StoreError if another client has the store.
   */
  static async open(store: Store, host: ClientStoreHost): Promise<ClientStore | undefined> {
    const prefix = 'the store could not be opened: '
    if (inUse.has(store)) throw host.error(`${prefix}it is in use by another client; end that one first`, undefined)
    inUse.add(store)
    const opened = new ClientStore(store, host)
    let isLate = false
    try {
      const loading = sorted(store.load())
      // It is closed once it has answered, however late.
      opened.#last = loading.then(
        () => {},
        () => {},
      )
      opened.#records = await join(await inTime(loading, host), host.rest)
      if (store.isLocked !== false) return opened
      // Two tabs could use it at once.
      host.failed(host.error(`${prefix}this page has no Web Locks, since it is not a secure context`, undefined))
    } catch (cause) {
      const error = host.error(prefix + wordsOf(cause), cause)
      if ((cause as Partial<Error> | undefined)?.name === 'InUseError') {
        await opened.close()
        throw error
      }
      host.failed(error)
      isLate = cause instanceof LateError
    }
    const closed = opened.close()
    if (!isLate) await closed
    return undefined
  }

  /**
   * Restores the session of the core, before it connects. Returns the client identifier. Throws the
   * core's error if the records are damaged, or of another client.
   */
  restore(core: ClientCore, takesIdentity: boolean): string {
    const [clientId, first] = core.restore(this.#records as Uint8Array, takesIdentity)
    this.#records = undefined
    this.#core = core
    this.#first = first
    const [messages = 0, , inFlight = 0] = core.queue()
    this.left = messages + inFlight
    this.#listen()
    return clientId
  }

  /** Returns true if a request is a message of the store, which is over now. */
  settles(request: number): boolean {
    const isRestored = request >= 0 && request < this.#first
    if (isRestored) this.left--
    return isRestored
  }

  /** Starts a write, called by the core. */
  write(batch: number, bytes: Uint8Array): void {
    const changes = split(bytes)
    const write = () => this.#store.write(changes)
    if (this.#hasFailed) {
      // The records are marked as void, as far as that is possible.
      this.#last = this.#last.then(() => inTime(write(), this.#host)).catch(() => {})
      this.close()
      return
    }
    // A page that is about to go waits for nothing.
    this.#last = this.#write(batch, this.#store.isOrdered ? write() : this.#last.then(write))
  }

  /** Closes the store once no write is pending. Idempotent. Never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#listening.abort()
    for (let last: Promise<void> | undefined; last !== this.#last; ) {
      last = this.#last
      await last
    }
    await this.#store.close().catch(() => {})
    inUse.delete(this.#store)
  }

  async #write(batch: number, written: Promise<void>): Promise<void> {
    try {
      await inTime(written, this.#host)
      this.#tell(batch)
    } catch (cause) {
      if (this.#hasFailed) return
      this.#hasFailed = true
      this.#tell(-1)
      this.#host.failed(this.#host.error(`the store could not be written: ${wordsOf(cause)}`, cause))
      // The client may be over, and then makes no further batch.
      if (!this.#core) this.close()
    }
  }

  /** Calls the core, unless the client is over. */
  #tell(batch: number): void {
    try {
      this.#core?.stored(batch)
    } catch {
      // The module has failed, and the client with it.
      this.#core = undefined
    }
  }

  /** The client is over: its core must not be called any more. */
  leave(): Promise<void> {
    this.#core = undefined
    return this.close()
  }

  /** Writes at once what has changed when the page may be gone in a moment. */
  #listen(): void {
    const { signal } = this.#listening
    const { document } = globalThis
    const save = () => this.#tell(-2)
    globalThis.addEventListener?.('pagehide', save, { signal })
    document?.addEventListener?.('visibilitychange', () => document.visibilityState === 'hidden' && save(), { signal })
  }
}

/** Error of a store that does not answer. */
class LateError extends Error {}

/** Settles as the promise does, or rejects where the store does not answer in time. */
async function inTime<T>(promise: Promise<T>, { limit, limitTime }: ClientStoreHost): Promise<T> {
  let stop = () => {}
  const late = new Promise<never>((_, reject) => {
    stop = limitTime(limit, () => reject(new LateError(`it did not answer within ${limit} ms`)))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    stop()
  }
}

/** Returns the records in the order of their keys, as the core reads them. */
async function sorted(records: ReturnType<Store['load']>): Promise<StoreRecord[]> {
  const all: StoreRecord[] = []
  for await (const record of records) all.push(record)
  return all.sort(({ key: one }, { key: other }) => {
    const place = one.findIndex((byte, index) => byte !== other[index])
    return place < 0 ? one.length - other.length : (one[place] as number) - (other[place] ?? -1)
  })
}
