// `npm start`: sets up what is missing, builds, serves the page, and prints its address.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer as createNetServer } from 'node:net'
import { pathToFileURL } from 'node:url'
import { buildPackage, setUpBuild } from './lib/build.mjs'
import { readOptions } from './lib/options.mjs'
import { addressLine } from './lib/page.mjs'
import { inRoot, which } from './lib/paths.mjs'
import { Report } from './lib/report.mjs'

const usage = `npm start -- [--port N] [--host NAME] [--no-open] [--verbose]

  --port N     serve there, and fail if it is taken; 0 is any free one; otherwise the first free one from 5173 on
  --host NAME  listen there; otherwise on this machine alone
  --no-open    do not open a browser
  --verbose    show all output of all steps`

const options = readOptions(
  {
    port: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    'no-open': { type: 'boolean' },
    verbose: { type: 'boolean' },
  },
  usage,
)
const port = options.port === undefined ? undefined : portOf(options.port)

const report = new Report(options)
await buildPackage(report, await setUpBuild(report))
if (report.failed.length > 0) process.exit(1)

const server = await serve()
const [address] = server.resolvedUrls.local
console.log(
  `\n${addressLine(address)}\nAfter a change in src/ or pkg/, run npm start again; www/ reloads by itself. Ctrl+C ends it.`,
)
if (mayOpen()) open(address)

/** Serves the page by its own Vite, which is installed only by now. */
async function serve() {
  const vite = createRequire(inRoot('www', 'package.json')).resolve('vite')
  const { createServer } = await import(pathToFileURL(vite).href)
  const server = await createServer({
    root: inRoot('www'),
    server: {
      host: options.host,
      port: port === 0 ? await freePort() : port,
      strictPort: port !== undefined,
      open: false,
    },
    clearScreen: false,
    logLevel: 'warn',
  })
  await server.listen()
  return server
}

/** Returns a free port, since Vite takes a port of 0 for its usual one. */
async function freePort() {
  const probe = createNetServer().listen(0, options.host)
  await once(probe, 'listening')
  const { port: free } = probe.address()
  probe.close()
  await once(probe, 'close')
  return free
}

function portOf(text) {
  const number = Number(text)
  if (/^\d+$/.test(text) && number <= 65_535) return number
  console.error(`--port ${text}: a number from 0 to 65535 is needed\n${usage}`)
  process.exit(2)
}

/** True for a person at a screen. */
function mayOpen() {
  if (options['no-open'] || process.env.CI || !process.stdout.isTTY) return false
  return process.platform === 'darwin' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

function open(address) {
  const program = which(process.platform === 'darwin' ? 'open' : 'xdg-open')
  if (!program) return
  const child = spawn(program, [address], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
