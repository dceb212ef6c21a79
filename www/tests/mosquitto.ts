// A Mosquitto of our own: a plain and a WebSocket listener on free ports, gone with its test.
import { type ChildProcess, spawn } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Lines } from './lines.ts'
import { freePort } from './ports.ts'

/** Where Debian puts it, which is not on everybody's PATH. */
const path = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter)

const sentinel = 'tests/sentinel'

export interface User {
  readonly name: string
  readonly password: string
}

/** A running broker; `url` is for the page. */
export class Mosquitto {
  readonly url: string
  readonly #port: number
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #listeners: Lines[] = []

  private constructor(process: ChildProcess, folder: string, port: number, wsPort: number) {
    this.#process = process
    this.#folder = folder
    this.#port = port
    this.url = `ws://127.0.0.1:${wsPort}`
  }

  /** With a `user`, nobody else may connect. */
  static async start({ user }: { user?: User } = {}): Promise<Mosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'wasmqtt-mosquitto-'))
    const [port, wsPort] = await Promise.all([freePort(), freePort()])
    const file = join(folder, 'mosquitto.conf')
    const passwords = join(folder, 'passwords')
    // Mosquitto may read it when it is root no more.
    if (user) await writeFile(passwords, passwordLine(user), { mode: 0o644 })
    await chmod(folder, 0o755)
    await writeFile(
      file,
      [
        'persistence false',
        // One copy of a message, however many of a client's filters match; only with 3.1.1 can that
        // be chosen.
        'allow_duplicate_messages false',
        `allow_anonymous ${user === undefined}`,
        ...(user === undefined ? [] : [`password_file ${passwords}`]),
        `listener ${port} 127.0.0.1`,
        `listener ${wsPort} 127.0.0.1`,
        'protocol websockets',
        '',
      ].join('\n'),
    )
    const child = spawn('mosquitto', ['-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: path },
    })
    await running(child)
    return new Mosquitto(child, folder, port, wsPort)
  }

  /** Ends it as its operator would, and who listens to it with it. */
  async stop(): Promise<void> {
    await Promise.all(this.#listeners.map(lines => lines.end()))
    await end(this.#process)
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Publishes one message with mosquitto_pub; resolves once it is done. */
  publish(topic: string, payload: string | Uint8Array, ...more: string[]): Promise<void> {
    return this.#publish(payload, ['-t', topic, '-s', ...more])
  }

  /** Publishes each line as a message. */
  publishLines(topic: string, lines: readonly string[]): Promise<void> {
    return this.#publish(lines.map(line => `${line}\n`).join(''), ['-t', topic, '-l', '-q', '1'])
  }

  /**
   * Subscribes with mosquitto_sub at QoS 2; resolves once that is granted. A message is the line
   * `MESSAGE qos retain topic payload`.
   */
  async subscribe(filter: string): Promise<Lines> {
    // At first it prints nothing but messages. This one shows that the subscription stands.
    await this.publish(sentinel, 'ready', '-r')
    const args = [...this.#address(), '-q', '2', '-t', filter, '-t', sentinel, '-F', 'MESSAGE %q %r %t %p']
    const child = spawn('mosquitto_sub', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = new Lines(child.stdout, () => end(child))
    this.#listeners.push(lines)
    await lines.first(line => line.endsWith(`${sentinel} ready`))
    return lines
  }

  async #publish(input: string | Uint8Array, args: readonly string[]): Promise<void> {
    const child = spawn('mosquitto_pub', [...this.#address(), ...args], { stdio: ['pipe', 'ignore', 'inherit'] })
    child.stdin?.end(input)
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`mosquitto_pub ended with exit code ${code}`)
  }

  #address(): string[] {
    return ['-h', '127.0.0.1', '-p', String(this.#port)]
  }
}

/** A line of Mosquitto's password file, as mosquitto_passwd writes it. */
function passwordLine({ name, password }: User): string {
  const rounds = 101
  const salt = randomBytes(12)
  const hash = pbkdf2Sync(password, salt, rounds, 64, 'sha512')
  return `${name}:$7$${rounds}$${salt.toString('base64')}$${hash.toString('base64')}\n`
}

/** Resolves once Mosquitto says that it runs. */
async function running(child: ChildProcess): Promise<void> {
  const failed = once(child, 'error').then(([error]) => Promise.reject(error))
  failed.catch(() => {})
  if (!child.stderr) throw new Error('mosquitto has no output')
  const lines = new Lines(child.stderr, () => end(child))
  await Promise.race([lines.first(line => line.endsWith(' running')), failed])
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
