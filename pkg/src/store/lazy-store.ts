// Chunk that only brokers with a store load.

export { BatchWriter } from './batch-writer.js'
export { openDatabase } from './indexed-db-lazy.js'
