import { loadPart } from '../wasm/lazy-part.js'
import type { Store } from './store.js'

/**
 * A store in the page's IndexedDB, which survives reloads.
 *
 * One client or broker at a time may use it, in all tabs of the origin. The next is refused until
 * the first is closed, or its page gone.
 *
 * @param name of the database. Nothing else may be in it.
 */
export function indexedDb(name: string): Store {
  let database: Store | undefined
  return {
    // Transactions on the records take effect in the order of their creation.
    isOrdered: true,
    get isLocked() {
      return 'locks' in navigator
    },
    async *load() {
      const { openDatabase } = await loadPart(import('./lazy-store.js'))
      database = await openDatabase(name)
      yield* database.load()
    },
    async write(changes) {
      if (!database) throw new Error('the store is not open')
      await database.write(changes)
    },
    async close() {
      await database?.close()
      database = undefined
    },
  }
}
