// A broker's process: of a program that may be missing, in a folder of its own, on free ports.
import { execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'

// A run that is ended by a signal ends its brokers, too.
for (const [name, code] of Object.entries({ SIGTERM: 143, SIGINT: 130 })) process.once(name, () => process.exit(code))

/** User of every broker of these tests; nobody else may connect. */
export const credentials = { username: 'guest', password: 'guest' }

// Debian keeps daemons in sbin, which is on root's PATH alone.
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']

/** Returns the path of the first of these programs that is there. */
export const find = (...names) =>
  names
    .flatMap(name => (isAbsolute(name) ? [name] : folders.map(folder => join(folder, name))))
    .find(path => existsSync(path))

/** Returns the output of a program, which may fail; undefined without the program. */
export function printed(program, ...args) {
  if (!program) return undefined
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    return error.stdout
  }
}

/**
 * Returns a port of the loopback that is free, below those that systems give to outgoing
 * connections. So a broker finds it free again after a restart.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_000, 32_000)
    const server = createServer().listen(port, '127.0.0.1')
    const error = await once(server, 'listening').then(
      () => undefined,
      error => error,
    )
    if (error?.code === 'EADDRINUSE') continue
    if (error) throw error
    server.close()
    await once(server, 'close')
    return port
  }
}

/** Returns as many different free ports. */
export async function freePorts(count) {
  const ports = new Set()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}

/** A folder for one broker's data, and the processes that were started for it. */
export class Home {
  folder = mkdtempSync(join(tmpdir(), 'wasmqtt-interop-'))
  #children = new Map()

  /** Writes a file of the folder, and returns its path. */
  file(name, lines) {
    const file = join(this.folder, name)
    writeFileSync(file, [lines, ''].flat().join('\n'))
    return file
  }

  /** Starts a program, and waits until its output has what `ready` matches. */
  async run(program, args, { ready, env = {} } = {}) {
    // A process group of its own, so that a script and the program that it runs end together.
    const child = spawn(program, args, {
      cwd: this.folder,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = once(child, 'close')
    this.#children.set(child, exited)
    exited.then(() => this.#children.delete(child))
    let output = ''
    const said = new Promise(resolve => {
      const take = text => {
        output = `${output}${text}`.slice(-100_000)
        if (ready?.test(output)) resolve(true)
      }
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
      if (!ready) resolve(true)
    })
    if ((await Promise.race([said, exited])) !== true) throw new Error(`${program} did not start: ${output}`)
    return child
  }

  /** Ends what runs, at once, as a power failure would; the data stay. */
  async kill() {
    const exits = [...this.#children.values()]
    for (const child of this.#children.keys()) signal(child)
    await Promise.all(exits)
  }

  /** Sends a signal to what runs. */
  signal(name) {
    for (const child of this.#children.keys()) signal(child, name)
  }

  /** Ends what runs, and removes the data. */
  async remove() {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Cleans up at once, where the tests themselves are ended. */
  abandon() {
    for (const child of this.#children.keys()) signal(child)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

function signal(child, name = 'SIGKILL') {
  try {
    process.kill(-child.pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

/**
 * A broker from how it is started: `start()` of the result gives its addresses with `kill()`,
 * `restart()` on the same ports and data, and `stop()`, which removes the data.
 *
 * A broker that acknowledges before it saves has `freeze()`. It saves, and then handles no more.
 */
export function broker({ launch, ...about }) {
  return {
    ...about,
    async start() {
      const home = new Home()
      const abandon = () => home.abandon()
      process.once('exit', abandon)
      const stop = async () => {
        process.removeListener('exit', abandon)
        await home.remove()
      }
      try {
        const { run, ...more } = await launch(home)
        await run()
        return { ...more, kill: () => home.kill(), restart: run, stop }
      } catch (error) {
        await stop()
        throw error
      }
    },
  }
}
