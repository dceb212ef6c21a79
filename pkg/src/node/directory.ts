import type { Store } from '../store/store.js'
import { DirectoryStore } from './directory-store.js'

/**
 * A store in a directory, which is created if it is missing.
 *
 * One broker in one process at a time may use it, also of containers or hosts that share the
 * directory. Across these it is free ten seconds after its process is gone.
 *
 * The store is an append-only log, which is compacted when it has grown enough. Acknowledged data
 * is on the disk, and survives a kill or a power cut at any moment.
 */
export function directory(path: string): Store {
  return new DirectoryStore(path)
}
