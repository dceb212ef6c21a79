import { MqttError } from '../util/errors.js'
import { optionError, type Validator } from '../util/validate.js'

/** A record of a store. The meaning of its bytes is the broker's affair. */
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
 * Storage that outlives a broker: `memory()`, `indexedDb(name)`, `directory(path)` of
 * `wasmqtt/node`, or your own.
 */
export interface Store {
  /** Returns all records, in any order. Called once, before the other functions. */
  load(): Iterable<StoreRecord> | AsyncIterable<StoreRecord>
  /**
   * Writes the changes, all or none, and resolves once they are durable.
   *
   * The next call comes after this one has settled. A rejection ends the broker, which then closes
   * the store.
   */
  write(changes: readonly StoreChange[]): Promise<void>
  /** Releases the store. It is the last call. */
  close(): Promise<void>
}

/**
 * A store that lives as long as its page or process: for a broker that is closed and made anew, and
 * for tests.
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

/** A failure to read or write a broker's store. The `cause` says why. */
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
