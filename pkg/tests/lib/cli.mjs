// The command line of the packed package: `npx wasmqtt broker`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { WebSocket } from 'ws'
import { install } from './packed.mjs'
import { RawClient } from './peer.mjs'
import { dialTcp } from './raw-socket.mjs'

/** Script of the command. */
export const command = join(install(), 'node_modules/wasmqtt/dist/cli.js')
/** Folder for the files of a test. */
export const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-cli-'))
const children = new Set()
after(() => {
  // What a failed test has left.
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Runs the command to its end. */
export async function run(...args) {
  const child = start(args)
  const [code] = await child.exited
  return { code, stdout: child.stdout, stderr: child.stderr }
}

/** Starts the command, with what it writes. */
export function start(args, { stdout = 'pipe', stderr = 'pipe' } = {}) {
  const process = spawn(globalThis.process.execPath, [command, ...args], { stdio: ['ignore', stdout, stderr] })
  children.add(process)
  process.on('exit', () => children.delete(process))
  const child = { process, stdout: '', stderr: '', exited: once(process, 'close') }
  const lines = new EventTarget()
  for (const name of ['stdout', 'stderr']) {
    if (!process[name]) continue
    process[name].setEncoding('utf8').on('data', text => {
      child[name] += text
      lines.dispatchEvent(new Event('text'))
    })
  }
  /** Resolves once the output has what the pattern matches. */
  child.said = async (name, pattern) => {
    for (;;) {
      const match = pattern.exec(child[name])
      if (match) return match
      const ended = await Promise.race([
        new Promise(resolve => lines.addEventListener('text', () => resolve(false), { once: true })),
        child.exited.then(() => !pattern.test(child[name])),
      ])
      if (ended) throw new Error(`it ended without ${pattern}: ${child.stdout}${child.stderr}`)
    }
  }
  return child
}

/** Starts a broker, waits until it listens, and ends it after the test. */
export async function startBroker(t, ...args) {
  const broker = start(['broker', ...args])
  t.after(() => broker.process.kill('SIGKILL'))
  const [, urls] = await broker.said('stdout', /^wasmqtt listens on (.*)\n/)
  return Object.assign(broker, { urls: urls.split(' ').map(url => new URL(url)) })
}

/** A client over TCP. */
export const dial = (t, url, version) => RawClient.overStream(dialTcp(t, toOf(url)), version)

/** Options of `dialTcp` for an address of the broker. */
export const toOf = ({ hostname, port }) => ({ hostname, port })

/** A client over a WebSocket that is open. */
export async function dialWs(t, url, protocols, path = '') {
  const socket = new WebSocket(`${url.href.replace(/\/$/, '')}${path}`, protocols)
  t.after(() => socket.terminate())
  const client = RawClient.overWebSocket(socket)
  await once(socket, 'open')
  return Object.assign(client, { socket })
}

/** Writes a file of the folder, and returns its path. */
export function fileOf(name, text) {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
