import type { Store } from '../store/store.js'
import { DirectoryStore } from './directory-store.js'

/**
 * A store in a directory, which is made if it is not there. One process at a time may have it, and one broker in that;
 * also of containers or hosts that share it, where it is free ten seconds after its process is gone.
 *
 * It is a log that is only appended to, and written anew, without what is out of date, when it has grown enough. What was
 * acknowledged is on the disk, and whatever moment the process is killed at, or the power cut, nothing of that is lost.
 */
export function directory(path: string): Store {
  return new DirectoryStore(path)
}
