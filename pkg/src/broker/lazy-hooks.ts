// Loaded by who uses it: hooks, users and the hashing of passwords.
export { HookRunner } from './hook-runner.js'
export { hash } from './password-hash.js'
