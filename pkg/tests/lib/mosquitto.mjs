// A real Mosquitto with a WebSocket listener on a free port.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']
const program = folders.map(folder => join(folder, 'mosquitto')).find(path => existsSync(path))

/** Why tests with Mosquitto are skipped; false if it is there. */
export const missing = program ? false : 'there is no mosquitto on PATH'

/**
 * Starts one, with these further lines in its configuration; `url` and `tcp` are its addresses,
 * `stop()` ends it.
 */
export async function startMosquitto(lines = []) {
  const [plain, port] = await Promise.all([freePort(), freePort()])
  const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-mosquitto-'))
  const file = join(folder, 'mosquitto.conf')
  // With a WebSocket listener alone, some versions say that they have none.
  const listeners = [`listener ${plain} 127.0.0.1`, `listener ${port} 127.0.0.1`, 'protocol websockets']
  writeFileSync(file, ['persistence false', 'allow_anonymous true', ...listeners, ...lines, ''].join('\n'))
  const child = spawn(program, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  await running(child, exited)
  return {
    url: `ws://127.0.0.1:${port}`,
    tcp: `mqtt://127.0.0.1:${plain}`,
    async stop() {
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** It says so in its log. */
async function running(child, exited) {
  let log = ''
  const said = new Promise(resolve => {
    child.stderr.on('data', data => {
      log += data
      if (/ running\b/.test(log)) resolve(true)
    })
  })
  if ((await Promise.race([said, exited])) !== true) throw new Error(`mosquitto did not start: ${log}`)
}
