// Entry `wasmqtt/broker/inline`: `wasmqtt/broker` in one file, with the module inside.
export * from './broker.js'
