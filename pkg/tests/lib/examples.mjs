// The examples, built from the packed package in folders of their own, and a browser for them.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { extname, join, normalize } from 'node:path'
import { after } from 'node:test'
import { WebSocketServer } from 'ws'
import { findChromium, switches } from '../../../scripts/lib/browser.mjs'
import { examplesFolder, hasExamples } from '../../../scripts/lib/examples.mjs'
import { install, root } from './packed.mjs'

/** Why the examples are not tested; false if their packages are there. */
export const missing = hasExamples() ? false : `there is no ${examplesFolder}; \`npm test\` sets it up`

const packages = join(examplesFolder, 'node_modules')

/** Installs the package where the examples find both it and their own packages. */
export function installForExamples() {
  const runs = join(examplesFolder, 'runs')
  mkdirSync(runs, { recursive: true })
  return install(runs)
}

let copies = 0
/**
 * Copies an example into the project. Returns its folder.
 *
 * `suffix` is added to the entries that its programs import; `without` are files that are left out.
 */
export function copyExample(project, name, { suffix = '', without = [] } = {}) {
  const folder = join(project, `${name}-${copies++}`)
  const examples = join(root, 'examples')
  for (const from of ['shared', name]) cpSync(join(examples, from), folder, { recursive: true })
  // Servers for development serve nothing from outside of an example's folder.
  const own = join('node_modules', 'wasmqtt')
  cpSync(join(project, own), join(folder, own), { recursive: true })
  for (const file of without) writeFileSync(join(folder, file), 'export default {}\n')
  for (const file of readdirSync(folder).filter(file => /^(?:page|main)\.js$/.test(file))) {
    const text = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), text.replaceAll(/from '(wasmqtt[^']*)'/g, `from '$1${suffix}'`))
  }
  return folder
}

/** Returns the path of a program of one of the examples' packages. */
export function programOf(name, program) {
  const folder = join(packages, name)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[program ?? Object.keys(bin)[0]])
}

/** Returns the path of a runtime; undefined if npm has none for this machine. */
export function runtimeOf(...paths) {
  return paths.map(path => join(packages, path)).find(path => existsSync(path))
}

/** Platform as npm's packages of Node name it. */
export const platform = `${process.platform}-${process.arch}`

const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1', NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' }
// The test runner's own, which runners inside would obey.
for (const name of ['NODE_OPTIONS', 'NODE_TEST_CONTEXT', 'FORCE_COLOR']) delete env[name]

/** Runs a program to its end, in a folder. Returns what it printed. */
export async function runIn(folder, [program, ...args], more = {}) {
  const child = spawn(program, args, { cwd: folder, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    printed += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 240_000)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  assert.equal(code, 0, `${args.join(' ')}\n${printed}\n${errors}`)
  return printed
}

/** Starts a server. Returns its address, as it prints it. */
export async function startIn(t, folder, [program, ...args], address, more = {}) {
  const child = spawn(program, args, { cwd: folder, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill()
    await exited
  })
  let printed = ''
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        printed += text
        const found = address.exec(printed)
        if (found) resolve(found[1])
      })
    }
    exited.then(([code]) => reject(new Error(`ended with ${code}: ${printed}`)))
  })
}

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
}

/** Serves the files of a folder. Returns the address. */
export async function serve(t, folder, headers = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const file = join(folder, normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname))
    const isThere = existsSync(file) && statSync(file).isFile()
    response.writeHead(isThere ? 200 : 404, {
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
      ...headers,
    })
    response.end(isThere ? readFileSync(file) : '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${server.address().port}/`
}

/** Starts a broker of the package behind a WebSocket on the loopback. Returns it and its URL. */
export async function startBroker({ Broker }) {
  const broker = new Broker()
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' })
  server.on('connection', socket => broker.accept(socket))
  await once(server, 'listening')
  after(() => {
    broker.close()
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { broker, url: `ws://127.0.0.1:${server.address().port}` }
}

/** Starts Chromium, which is closed after the tests of the file. */
export async function startBrowser() {
  // Playwright is the page's, in www.
  const { chromium } = createRequire(join(root, '..', 'www', 'package.json'))('playwright-core')
  const browser = await chromium.launch({ executablePath: findChromium(), args: switches })
  after(() => browser.close())
  return browser
}

/** Opens a page, and returns the text that its `<output>` shows first. */
export async function outputOf(t, browser, address) {
  const page = await browser.newPage()
  t.after(() => page.close())
  const errors = []
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => errors.push(message.text()))
  page.on('requestfailed', request => errors.push(`${request.url()}: ${request.failure()?.errorText}`))
  await page.goto(address)
  const output = page.locator('output:not(:empty)')
  await output.waitFor({ state: 'attached', timeout: 20_000 }).catch(error => {
    throw new Error(`the page shows nothing: ${errors.join('\n')}`, { cause: error })
  })
  return output.textContent()
}
