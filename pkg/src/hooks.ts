// Loaded by who uses it: hooks, users and the hashing of passwords.
export { Asker } from './asker.js'
export { hash } from './passwords.js'
