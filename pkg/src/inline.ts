// Entry `wasmqtt/inline`: `wasmqtt` in one file, with the module inside.
export * from './index.js'
