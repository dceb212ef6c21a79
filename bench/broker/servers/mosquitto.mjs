// Mosquitto on a free port of loopback, in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { which } from '../../../scripts/lib/paths.mjs'
import { freePort } from './free-port.mjs'

/** Its limits are raised to where it drops nothing of what the cases send. */
const config = port => `
listener ${port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_inflight_messages 256
max_queued_messages 0
log_dest stderr
log_type information
log_type error
`

/** Resolves when it takes connections. */
export async function startMosquitto() {
  const program = which('mosquitto')
  if (program === undefined) throw new Error('Mosquitto is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-bench-'))
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  writeFileSync(file, config(port))
  const child = spawn(program, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const end = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await ready(child)
  } catch (error) {
    end()
    throw error
  }
  return { port, pid: child.pid, end }
}

async function ready(child) {
  const lines = createInterface({ input: child.stderr })
  const printed = []
  const running = new Promise(resolve => {
    lines.on('line', line => {
      printed.push(line)
      if (/ running$/.test(line)) resolve()
    })
  })
  const failed = once(child, 'close').then(() => {
    throw new Error(`mosquitto: ${printed.at(-1) ?? 'it ended'}`)
  })
  failed.catch(() => {})
  await Promise.race([running, failed])
}
