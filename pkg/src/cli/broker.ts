import type { TlsOptions } from 'node:tls'
import { parseArgs } from 'node:util'
import { type Broker, StoreError } from '../broker.js'
import { directory } from '../node.js'
import { type Address, readAddress } from './address.js'
import { brokerOf } from './config.js'
import { type Listener, listenTcp, listenTls, listenWebSocket } from './listeners.js'
import { type Level, Log, levels } from './log.js'
import { type OriginCheck, readOrigins } from './origin.js'
import { readTls } from './tls.js'
import { oneLine, UsageError } from './usage.js'

/** Settings of `wasmqtt broker`. */
interface Settings {
  readonly tcp: readonly Address[]
  readonly tls: readonly Address[]
  readonly ws: readonly Address[]
  readonly wss: readonly Address[]
  readonly origins: OriginCheck
  readonly secure: TlsOptions
  readonly isNamedByCertificate: boolean
  readonly config: string | undefined
  readonly store: string | undefined
  readonly level: Level
}

/**
 * Runs a broker until a signal ends it. Rejects with a UsageError, or with an Error of one line.
 */
export async function runBroker(args: readonly string[]): Promise<void> {
  const { tcp, tls, ws, wss, config, store, level, ...shared } = readSettings(args)
  const log = new Log(level)
  const { broker, options } = brokerOf(config, store === undefined ? {} : { store: directory(store) })
  const stopped = signalled()
  const failed = failedStore(broker)
  const listeners: Listener[] = []
  try {
    // Nobody is connected yet. A store that is being read, perhaps for ever, has nothing to lose.
    if (await Promise.race([broker.ready.then(() => undefined), stopped])) process.exit(0)
    if (log.shows('warn')) broker.addEventListener('event', ({ detail }) => log.event(detail))
    const setting = { broker, log, options, ...shared }
    for (const address of tcp) listeners.push(await listenTcp(setting, address))
    for (const address of tls) listeners.push(await listenTls(setting, address))
    for (const address of ws) listeners.push(await listenWebSocket(setting, 'ws', address))
    for (const address of wss) listeners.push(await listenWebSocket(setting, 'wss', address))
    process.stdout.write(`wasmqtt listens on ${listeners.map(({ url }) => url).join(' ')}\n`)
    log.write('info', `stopping: ${await Promise.race([stopped, failed])}`)
  } finally {
    await stop(broker, listeners)
  }
}

/**
 * Stops listening, disconnects the clients, and waits until their connections are closed, which is
 * bounded.
 */
async function stop(broker: Broker, listeners: readonly Listener[]): Promise<void> {
  const closed = Promise.all(listeners.map(listener => listener.close()))
  await broker.close()
  await closed
}

/** Rejects when the store can no longer be written, which ends the broker. */
function failedStore(broker: Broker): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    broker.addEventListener('error', event => {
      if (!(event.error instanceof StoreError)) return
      event.preventDefault()
      reject(event.error)
    })
  })
  // Nobody waits for it yet.
  failed.catch(() => {})
  return failed
}

/** Resolves with the first signal. The next one ends the process at once, as signals do. */
function signalled(): Promise<NodeJS.Signals> {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  return new Promise(resolve => {
    const end = (signal: NodeJS.Signals) => {
      for (const other of signals) process.off(other, end)
      resolve(signal)
    }
    for (const signal of signals) process.on(signal, end)
  })
}

function readSettings(args: readonly string[]): Settings {
  const { config, store, log: level = 'info', cert, key, ca, ...listens } = parse(args)
  if (!isLevel(level)) {
    throw new UsageError(`--log is ${JSON.stringify(level)}; it must be ${levels.slice(0, -1).join(', ')} or silent`)
  }
  for (const [name, path] of Object.entries({ config, store, cert, key, ca })) {
    if (path === '') throw new UsageError(`--${name} is ""; it must be a path`)
  }
  const { tcp, tls, ws, wss, 'ws-origin': origins, 'cert-username': isNamedByCertificate = false } = listens
  const isSecure = Boolean(tls ?? wss)
  const unused = Object.entries({ cert, key, ca }).find(([, path]) => path !== undefined && !isSecure)
  if (unused) throw new UsageError(`--${unused[0]} is for TLS; give --tls or --wss too`)
  if (isNamedByCertificate && ca === undefined) throw new UsageError('--cert-username needs --ca FILE')
  if (origins && !ws && !wss) throw new UsageError('--ws-origin is for WebSockets; give --ws or --wss too')
  const addresses = (texts: readonly string[] | undefined, option: string) =>
    (texts ?? []).map(text => readAddress(text, option))
  const isDefault = !tcp && !tls && !ws && !wss
  return {
    tcp: addresses(isDefault ? ['1883'] : tcp, '--tcp'),
    tls: addresses(tls, '--tls'),
    ws: addresses(ws, '--ws'),
    wss: addresses(wss, '--wss'),
    origins: readOrigins(origins ?? []),
    isNamedByCertificate,
    secure: isSecure ? readTls({ cert, key, ca }) : {},
    config,
    store,
    level,
  }
}

const isLevel = (text: string): text is Level => levels.includes(text as Level)

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        tcp: { type: 'string', multiple: true },
        tls: { type: 'string', multiple: true },
        ws: { type: 'string', multiple: true },
        wss: { type: 'string', multiple: true },
        'ws-origin': { type: 'string', multiple: true },
        cert: { type: 'string' },
        key: { type: 'string' },
        ca: { type: 'string' },
        'cert-username': { type: 'boolean' },
        config: { type: 'string' },
        store: { type: 'string' },
        log: { type: 'string' },
      },
    }).values
  } catch (error) {
    // Node's message goes on with an explanation.
    throw new UsageError(oneLine((error as Error).message.split(/\. |\n/)[0] ?? ''))
  }
}
