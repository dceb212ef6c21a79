// Chunk that only pages with a bridge load.
export { readEnds, readRules } from './bridge-rules.js'
export { BridgeRunner } from './bridge-runner.js'
