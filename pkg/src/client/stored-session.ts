import type { PropertyList } from '../message/properties.js'
import type { ClientStore } from '../store/client-store.js'
import { StoreError } from '../store/store.js'
import { ignore } from '../util/abort.js'
import type { ClientCore, CoreOptions, Glue, Host } from '../wasm/interface.js'
import { freeLater } from '../wasm/loader.js'
import { failedError, thrownError } from '../wasm/to-error.js'
import type { Notice, Status } from './events.js'
import type { Settings } from './options.js'
import { loadParts, type Parts } from './parts.js'

/** Place of the properties of CONNECT in the options of the core. */
const PROPERTIES = 11

/** Callbacks of a stored session. */
export interface SessionObserver {
  notice(notice: Notice): unknown
  /** Called when the place of the session has changed. */
  placed(): unknown
}

/** Session of a client in its store, if it has one: where it is kept, and what is told of it. */
export class StoredSession {
  /** The client identifier, which may be that of the store. */
  clientId: string
  /** Resolves when the store has closed. */
  closed: Promise<void> | undefined
  #place: Status['store']
  #store: ClientStore | undefined
  #parts: Promise<Parts> | undefined

  readonly #settings: Settings
  readonly #observer: SessionObserver

  constructor(settings: Settings, observer: SessionObserver) {
    this.#settings = settings
    this.#observer = observer
    this.clientId = settings.clientId
  }

  /** Loads the parts that the options need, and opens the store. Rejects with an MqttError. */
  loadParts(): Promise<Parts> {
    this.#parts = loadParts(this.#settings, error => {
      this.#place = 'memory'
      this.#observer.notice({ kind: 'store-failed', error })
      this.#observer.placed()
    })
    return this.#parts
  }

  /** Returns the status with the place of the session. */
  told(status: Status): Status {
    return this.#place ? { ...status, store: this.#place } : status
  }

  /**
   * Creates the core, with the session of the store if there is one, unless tabs share one.
   * Throws a typed error.
   */
  makeCore(glue: Glue, host: Host, { store }: Parts, shared: () => ClientCore | undefined): ClientCore {
    const { core: options, store: settings } = this.#settings
    let core: ClientCore | undefined
    try {
      if (!settings || !store) return shared() ?? new glue.ClientCore(host, options)
      const kept = options.map((option, place) => (place === PROPERTIES ? settings.properties : option))
      core = new glue.ClientCore(host, kept as unknown as CoreOptions)
      this.clientId = store.restore(core, settings.takesIdentity)
      this.#store = store
      this.#place = 'durable'
      return core
    } catch (thrown) {
      freeLater(core)
      const error = thrownError(thrown, { kind: 'options' }) as Error
      throw core ? new StoreError(error.message) : error
    }
  }

  /** Starts a write, called by the core. */
  write(batch: number, changes: Uint8Array): void {
    this.#store?.write(batch, changes)
  }

  /** Returns true if a request that succeeded is of an earlier page, and tells it. */
  done(request: number): boolean {
    const store = this.#store
    if (!store?.settles(request)) return false
    this.#observer.notice({ kind: 'restored', left: store.left })
    return true
  }

  /** Returns true if a request that failed is of an earlier page, and tells it. */
  failed(
    request: number,
    code: string,
    message: string,
    reasonCode: number | undefined,
    _properties: PropertyList | undefined,
  ): boolean {
    const store = this.#store
    if (!store?.settles(request)) return false
    const error = failedError(code, { kind: 'publish', topic: '' }, message, { reasonCode })
    this.#observer.notice({ kind: 'restored', error, left: store.left })
    return true
  }

  /** Closes the store, since the client is over. */
  leave(): void {
    this.closed = this.#parts?.then(({ store }) => store?.leave()).catch(ignore)
  }
}
