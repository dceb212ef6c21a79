// Chunk that only clients with the option `limits` load.
export { LimitChecks } from './limit-checks.js'
