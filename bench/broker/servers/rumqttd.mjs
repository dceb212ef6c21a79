// rumqttd on a free port of loopback, in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.mjs'

/** The program, which `npm run bench` sets up; undefined without it. */
const program = process.env.WASMQTT_RUMQTTD

export const hasRumqttd = program !== undefined

/** Its limits are raised to where it holds nothing back of what the cases send. */
const config = port => `
id = 0
[router]
id = 0
max_connections = 10100
max_outgoing_packet_count = 1000
max_segment_size = 104857600
max_segment_count = 10
[v4.1]
name = "v4"
listen = "127.0.0.1:${port}"
next_connection_delay_ms = 0
[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = 20480
max_inflight_count = 256
dynamic_filters = true
`

/** Milliseconds between two looks whether it listens: it prints nothing then. */
const LOOK = 20
const LOOKS_MAX = 500

/** Resolves when it takes connections. */
export async function startRumqttd() {
  const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-bench-'))
  const port = await freePort()
  const file = join(folder, 'rumqttd.toml')
  writeFileSync(file, config(port))
  const child = spawn(program, ['-c', file], { stdio: 'ignore' })
  const end = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`rumqttd ended with ${code}`)
  })
  exited.catch(() => {})
  try {
    await Promise.race([listens(port), exited])
  } catch (error) {
    end()
    throw error
  }
  return { port, pid: child.pid, end }
}

async function listens(port) {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isOpen) return
    await new Promise(resolve => setTimeout(resolve, LOOK))
  }
  throw new Error('rumqttd does not listen')
}
