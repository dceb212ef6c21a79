// Loaded by who uses it: stores.
export { openDatabase } from './database.js'
export { Storage } from './storage.js'
