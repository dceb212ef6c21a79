// Chunk that only clients with requests load.
export { Requester } from './requester.js'
