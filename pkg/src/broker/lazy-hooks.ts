// Chunk that only brokers with hooks or users load: hooks, users and password hashing.
export { HookRunner } from './hook-runner.js'
export { hash } from './password-hash.js'
