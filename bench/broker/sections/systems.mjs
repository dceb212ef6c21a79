// Systems measured within a page or a process: a broker with its clients.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '../../lib/site.mjs'

const here = fileURLToPath(new URL('..', import.meta.url))

/**
 * The systems by column. Each has its module of `systems/` for Node, or none for a page. It also
 * has the folder of the benchmark that measures it; the checkout `beside` has its own.
 */
export function systems(beside) {
  const there = beside && resolve(beside, 'bench', 'broker')
  return {
    'wasmqtt, Chromium': { folder: here },
    ...(there && { 'wasmqtt beside, Chromium': { folder: there } }),
    'wasmqtt, Node': { folder: here, module: 'wasmqtt' },
    ...(there && { 'wasmqtt beside, Node': { folder: there, module: 'wasmqtt' } }),
    'aedes, bare clients, Node': { folder: here, module: 'aedes-bare' },
    'aedes, MQTT.js, Node': { folder: here, module: 'aedes-mqttjs' },
  }
}

/** The program that measures a system in Node. */
export const inNode = ({ folder }) => resolve(folder, 'in-node.js')

/** The pages that measure the systems that run in one, by their folders. */
export async function pages(measured) {
  const sites = new Map()
  for (const { folder, module } of Object.values(measured)) if (!module) sites.set(folder, await page(folder))
  return sites
}

const page = folder =>
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
    folder,
  )
