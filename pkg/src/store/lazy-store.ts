// Chunk that only brokers and clients with a store load.

export { BatchWriter } from './batch-writer.js'
export { ClientStore } from './client-store.js'
export { openDatabase } from './indexed-db-lazy.js'
