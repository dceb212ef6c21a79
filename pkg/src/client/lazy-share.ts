// Chunk that only clients with the option `share` load.
export { Sharing } from './share/sharing.js'
