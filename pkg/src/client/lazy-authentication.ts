// Chunk that only clients with enhanced authentication load.
export { Authentication } from './authentication.js'
