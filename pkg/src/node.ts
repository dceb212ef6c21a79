// The entry `wasmqtt/node`: what a broker in Node has besides.
export { directory } from './node/directory.js'
export type { Store, StoreChange, StoreRecord } from './store/store.js'
