// Download size of each client, as a bundler minifies it.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { bundle } from '../lib/bundle.mjs'
import { peers } from '../lib/peers.mjs'

const bundles = [
  { name: 'wasmqtt', code: "export { connect } from 'wasmqtt'", goal: 60_000 },
  { name: 'wasmqtt/inline', code: "export { connect } from 'wasmqtt/inline'" },
  { name: 'wasmqtt with broker', code: "export { connect, Broker } from 'wasmqtt/broker'", goal: 125_000 },
  { name: 'MQTT.js', code: "export { default } from 'mqtt'" },
  { name: 'Paho JS', code: "export { default } from 'paho-mqtt'" },
  { name: 'aws-crt', code: "export * from 'aws-crt/dist.browser/browser/mqtt5'" },
  { name: 'mqtt5-wasm', code: "export { default, MqttClient } from 'mqtt5-wasm'" },
].filter(({ name }) => !['aws-crt', 'mqtt5-wasm'].includes(name) || peers.includes(name))

/**
 * Bytes, gzipped and in brotli, JavaScript and WebAssembly together; without what is loaded only
 * when it is used.
 */
export async function sizes() {
  return Promise.all(
    bundles.map(async ({ name, code, goal }) => {
      const all = await bundle({ stdin: { contents: code, resolveDir: import.meta.dirname }, splitting: true })
      const files = all.filter(({ isLater }) => !isLater)
      const sum = compress => files.reduce((total, { contents }) => total + compress(contents).length, 0)
      return {
        name,
        goal,
        gzip: sum(contents => gzipSync(contents, { level: 9 })),
        brotli: sum(contents => brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })),
      }
    }),
  )
}
