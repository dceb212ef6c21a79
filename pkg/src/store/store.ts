import { MqttError } from '../util/errors.js'
import { optionError, type Validator } from '../util/validate.js'

/** What a store holds under a key. What the bytes mean is the broker's affair. */
export interface StoreRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A key's new value; without one the key is removed, for which it need not be there. */
export interface StoreChange {
  readonly key: Uint8Array
  readonly value?: Uint8Array | undefined
}

/** What survives a broker: `memory()`, `indexedDb(name)`, `directory(path)` of `wasmqtt/node`, or one of your own. */
export interface Store {
  /** All that was written, in any order. Called once, before all else. */
  load(): Iterable<StoreRecord> | AsyncIterable<StoreRecord>
  /**
   * Writes the changes, all or none, and resolves once they are durable. Called again when that has settled, and not before.
   * If it rejects, the broker is over, and closes it: what the store holds is what there is.
   */
  write(changes: readonly StoreChange[]): Promise<void>
  /** The last call. */
  close(): Promise<void>
}

/** A store that lives as long as its page or process: for a broker that is closed and made anew, and for tests. */
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

/** What a broker stores could not be read or written; `cause` says why. */
export class StoreError extends MqttError {
  override get name(): string {
    return 'StoreError'
  }
}

/** @internal */
export const store: Validator<Store> = (value, name) => {
  const { load, write, close } = (value ?? {}) as Partial<Record<keyof Store, unknown>>
  if ([load, write, close].every(member => typeof member === 'function')) return value as Store
  throw optionError(
    name,
    value,
    'it must be a store, such as memory(), or an object with the functions load, write and close',
  )
}
