import { MqttError } from '../util/errors.js'
import { optionError, type Validator } from '../util/validate.js'

/** A record of a store. The meaning of its bytes is the affair of the client or the broker. */
export interface StoreRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A new value of a key. Without a value the key is removed, if it exists. */
export interface StoreChange {
  readonly key: Uint8Array
  readonly value?: Uint8Array | undefined
}

/**
 * Storage that outlives a client or a broker: `memory()`, `indexedDb(name)`, `directory(path)` of
 * `wasmqtt/node`, or your own.
 */
export interface Store {
  /** Returns all records, in any order. Called once, before the other functions. */
  load(): Iterable<StoreRecord> | AsyncIterable<StoreRecord>
  /**
   * Writes the changes, all or none, and resolves once they are durable.
   *
   * The next call comes after this one has settled, unless `isOrdered` is true. A rejection ends
   * the broker, which then closes the store. A client goes on in memory, calls it once more, and
   * closes the store.
   */
  write(changes: readonly StoreChange[]): Promise<void>
  /** Releases the store. It is the last call. */
  close(): Promise<void>
  /**
   * True if calls of `write` may overlap, and take effect in their order. A page that is about to
   * go then writes what has changed at once. Default false.
   */
  readonly isOrdered?: boolean
  /**
   * False if the store cannot be locked here, so that two pages could use it at once. A client then
   * goes on in memory. Default true.
   */
  readonly isLocked?: boolean
}

/**
 * A store that lives as long as its page or process. It is for a client or a broker that is closed
 * and made anew, and for tests.
 */
export function memory(): Store {
  const records = new Map<string, StoreRecord>()
  return {
    load: () => [...records.values()],
    write: async changes => {
      for (const { key, value } of changes) {
        if (value) records.set(String(key), { key: key.slice(), value: value.slice() })
        else records.delete(String(key))
      }
    },
    close: async () => {},
  }
}

/** A failure to read or write the store of a client or a broker. The `cause` says why. */
export class StoreError extends MqttError {
  override get name(): string {
    return 'StoreError'
  }
}

/** Check of the option `store`. @internal */
export const store: Validator<Store> = (value, name) => {
  const { load, write, close } = (value ?? {}) as Partial<Record<keyof Store, unknown>>
  if ([load, write, close].every(member => typeof member === 'function')) return value as Store
  throw optionError(
    name,
    value,
    'it must be a store, such as memory(), or an object with the functions load, write and close',
  )
}
