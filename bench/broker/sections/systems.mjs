// What is measured within a page or a process: a broker with its clients.
import { fileURLToPath } from 'node:url'
import { serve } from '../../lib/site.mjs'

/** The modules of `systems/` for Node, by their columns; the first is the one that runs in a page. */
export const systems = {
  'wasmqtt, Chromium': undefined,
  'wasmqtt, Node': 'wasmqtt',
  'aedes, bare clients, Node': 'aedes-bare',
  'aedes, MQTT.js, Node': 'aedes-mqttjs',
}

/** The program that measures one of them in Node. */
export const inNode = fileURLToPath(new URL('../in-node.js', import.meta.url))

/** The pages that measure ours. */
export const pages = () =>
  serve(
    {
      deliver: `
        import { deliver } from './deliver.js'
        import { start } from './systems/wasmqtt.js'
        export const run = (...args) => deliver(start, ...args)`,
      retained: `
        import { retained } from './retained.js'
        import { start } from './systems/wasmqtt.js'
        export const run = (...args) => retained(start, ...args)`,
    },
    fileURLToPath(new URL('..', import.meta.url)),
  )
