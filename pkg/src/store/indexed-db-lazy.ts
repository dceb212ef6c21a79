import type { Store, StoreChange, StoreRecord } from './store.js'

const RECORDS = 'records'
/** Records that are read at once. */
const PART = 2000
/** Time limit for another client or broker to release its lock, in milliseconds. */
const LOCK_MS = 2000

/**
 * Opens the database of that name, and takes its lock. Rejects with an InUseError if another client
 * or broker has the lock.
 */
export async function openDatabase(name: string): Promise<Store> {
  const release = await lock(name)
  const database = await open(name).catch(error => {
    release()
    throw error
  })
  let isGone = false
  const gone = () => {
    isGone = true
    database.close()
  }
  // The database is being removed or upgraded, which waits for this connection. Later writes would
  // be lost with it.
  database.onversionchange = gone
  // The user has cleared the page's storage.
  database.onclose = gone
  return {
    async *load() {
      // Nobody writes meanwhile. A part is read in a task of some milliseconds.
      for (let after: IDBKeyRange | undefined; ; ) {
        const records = database.transaction(RECORDS).objectStore(RECORDS)
        const read = [result(records.getAllKeys(after, PART)), result(records.getAll(after, PART))] as const
        const [keys, values] = await Promise.all(read)
        for (const [index, key] of keys.entries()) yield recordOf(key as ArrayBuffer, values[index] as Uint8Array)
        const last = keys.at(-1)
        if (last === undefined) return
        after = IDBKeyRange.lowerBound(last, true)
      }
    },
    async write(changes) {
      if (isGone) throw new Error(`the database ${JSON.stringify(name)} was removed or changed by another page`)
      await writeTo(database, changes)
    },
    async close() {
      database.close()
      release()
    },
  }
}

const recordOf = (key: ArrayBuffer, value: Uint8Array): StoreRecord => ({ key: new Uint8Array(key), value })

function writeTo(database: IDBDatabase, changes: readonly StoreChange[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // Strict: complete means on the disk, not in a buffer of the system.
    const transaction = database.transaction(RECORDS, 'readwrite', { durability: 'strict' })
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'))
    const records = transaction.objectStore(RECORDS)
    try {
      for (const { key, value } of changes) {
        // A view of a larger buffer would store the whole buffer, so it is copied.
        if (value) records.put(value.slice(), key.slice())
        else records.delete(key.slice())
      }
      transaction.commit()
    } catch (error) {
      // Otherwise the changes before the failed one would be stored.
      transaction.abort()
      reject(error)
    }
  })
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(RECORDS)
  return result(request)
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/**
 * Resolves with a function that releases the lock. Outside a secure context pages have no locks,
 * and none is taken.
 */
function lock(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    if (!navigator.locks) return resolve(() => {})
    // The lock of a page that is gone, or reloaded, is released a moment later.
    const signal = AbortSignal.timeout(LOCK_MS)
    const hold = () => new Promise<void>(release => resolve(release))
    navigator.locks.request(`wasmqtt ${name}`, { signal }, hold).catch(() => {
      const error = new Error(`the database ${JSON.stringify(name)} is in use by another client or broker`)
      error.name = 'InUseError'
      reject(error)
    })
  })
}
