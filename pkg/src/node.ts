// Entry `wasmqtt/node`: additions for a broker in Node.
export { directory } from './node/directory.js'
export type { Store, StoreChange, StoreRecord } from './store/store.js'
