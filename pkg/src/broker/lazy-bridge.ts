// Chunk that only pages with a bridge load.
export { BridgeRunner } from './bridge-runner.js'
