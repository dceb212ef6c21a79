// Chunk that only clients and brokers with streams load.

export { LatestQueue } from './latest-queue.js'
export { MessageQueue } from './message-queue.js'
