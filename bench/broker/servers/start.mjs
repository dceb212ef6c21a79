// The brokers on a port.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../lib/child.mjs'
import { startMosquitto } from './mosquitto.mjs'
import { hasRumqttd, startRumqttd } from './rumqttd.mjs'

const BESIDE = 'wasmqtt beside'

/** The names of the brokers, with that of the checkout `beside` if there is one. */
export const names = beside => [
  'wasmqtt',
  ...(beside ? [BESIDE] : []),
  'aedes',
  'Mosquitto',
  ...(hasRumqttd ? ['rumqttd'] : []),
]

/** The names of the other projects' brokers. */
export const peers = () => names().slice(1)

/** Starts a broker by its name; returns its port, its process id and `end`. */
export async function startServer(name, beside) {
  if (name === 'Mosquitto') return startMosquitto()
  if (name === 'rumqttd') return startRumqttd()
  const child = new Child(programOf(name, beside), name)
  try {
    const port = await child.answer()
    return { port, pid: child.pid, end: () => child.end() }
  } catch (error) {
    child.end()
    throw error
  }
}

const programOf = (name, beside) =>
  name === BESIDE
    ? resolve(beside, 'bench', 'broker', 'servers', 'wasmqtt.js')
    : fileURLToPath(new URL(`${name}.js`, import.meta.url))
