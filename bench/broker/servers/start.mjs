// The brokers on a port.
import { fileURLToPath } from 'node:url'
import { Child } from '../../lib/child.mjs'
import { startMosquitto } from './mosquitto.mjs'

export const names = ['wasmqtt', 'aedes', 'Mosquitto']

/** Starts a broker by its name; gives its port, its process id and `end`. */
export async function startServer(name) {
  if (name === 'Mosquitto') return startMosquitto()
  const child = new Child(fileURLToPath(new URL(`${name}.js`, import.meta.url)), name)
  try {
    const port = await child.answer()
    return { port, pid: child.pid, end: () => child.end() }
  } catch (error) {
    child.end()
    throw error
  }
}
