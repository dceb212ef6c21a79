// Loading of the module: its sources, and errors that name the fix.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { install } from './lib/packed.mjs'

const project = install()
const dist = join(project, 'node_modules', 'wasmqtt', 'dist')
const fileOf = name => join(dist, name, 'wasmqtt_bg.wasm')
const files = { client: fileOf('client'), full: fileOf('client-full'), broker: fileOf('broker') }
const bytes = readFileSync(files.client)
const page = '\n<!doctype html><title>not found</title>'
const entries = ['index.js', 'inline.js', 'broker.js', 'broker-inline.js']

/** Answers of the server, by path: status, content type, body. */
const answers = {
  '/right.wasm': [200, 'application/wasm', bytes],
  '/untyped.wasm': [200, undefined, bytes],
  '/odd.wasm': [200, 'application/octet-stream', bytes],
  '/page.wasm': [200, 'text/html; charset=utf-8', page],
  '/page-as-wasm.wasm': [200, 'application/wasm', page],
  '/untyped-page.wasm': [200, undefined, page],
  '/empty.wasm': [200, 'text/plain', ''],
  '/cut.wasm': [200, 'application/wasm', bytes.subarray(0, 1000)],
  '/full.wasm': [200, 'application/wasm', readFileSync(files.full)],
  '/other.wasm': [200, 'application/wasm', readFileSync(files.broker)],
}
const server = createServer(({ url }, response) => {
  const [status, type, body] = answers[url] ?? [404, 'text/html', page]
  response.writeHead(status, type ? { 'Content-Type': type } : {}).end(body)
})
let origin
before(async () => {
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${server.address().port}`
})
after(() => server.close())

let copies = 0
/** Imports an entry anew, with a module that is not loaded yet. */
async function fresh(entry = 'index.js') {
  // The query reaches no other file, so that errors are the same classes in each copy.
  const { load, connect, ...rest } = await import(`${pathToFileURL(join(dist, entry))}?${copies++}`)
  return { load, connect, ...rest }
}

/** No socket is needed to see that the module is there. */
const options = {
  reconnect: false,
  createWebSocket() {
    throw new Error('asked for a socket')
  },
}
const fix = /optimizeDeps: \{ exclude: \['wasmqtt'\] \}.*load\(\{ url \}\).*wasmqtt\/inline/

test('load() takes the module from a URL, bytes or a compiled module, and again does nothing', async () => {
  const view = new Uint8Array(bytes.length + 9)
  view.set(bytes, 9)
  const sources = [
    { url: `${origin}/right.wasm` },
    { url: new URL(`${origin}/untyped.wasm`) },
    { url: `${origin}/odd.wasm` },
    { url: pathToFileURL(files.client) },
    { url: String(pathToFileURL(files.client)) },
    { bytes },
    { bytes: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
    { bytes: view.subarray(9) },
    { bytes: new DataView(view.buffer, 9) },
    { module: await WebAssembly.compile(bytes) },
    {},
    { url: undefined },
    undefined,
  ]
  for (const source of sources) {
    const { load, connect, ConnectError } = await fresh()
    await Promise.all([load(source), load(source), load()])
    assert.equal(await load(source), undefined)
    // Not used any more.
    await load({ bytes: new Uint8Array(9) })
    const connecting = connect('ws://127.0.0.1:1/', options)
    await assert.rejects(connecting, error => error instanceof ConnectError && /asked for a socket/.test(error.message))
  }
})

test('every entry loads its own module without a source', async () => {
  for (const entry of entries) {
    const { load } = await fresh(entry)
    assert.equal(await load(), undefined, entry)
  }
})

test('clients with a store or enhanced authentication load the full module, and others the small one', async t => {
  const fetched = t.mock.method(globalThis, 'fetch')
  const loaded = () => fetched.mock.calls.map(({ arguments: [url] }) => new URL(url).pathname)
  const { load, connect, memory, ConnectError } = await fresh()
  // Each names its source by `load` before it is used.
  await load({ url: `${origin}/right.wasm` })
  await load({ url: `${origin}/full.wasm`, full: true })
  const sources = ['/right.wasm', '/full.wasm']
  assert.deepEqual(loaded(), sources)
  const needsFull = [{ store: memory() }, { authenticationMethod: 'a', authenticate: () => new Uint8Array() }]
  for (const more of [{}, ...needsFull]) {
    const connecting = connect('ws://127.0.0.1:1/', { ...options, ...more })
    await assert.rejects(connecting, error => error instanceof ConnectError && /asked for a socket/.test(error.message))
  }
  assert.deepEqual(loaded(), sources)

  // Without the file of the full module, the others run on.
  const part = files.full
  const content = readFileSync(part)
  rmSync(part)
  t.after(() => writeFileSync(part, content))
  const bare = await fresh()
  for (const more of needsFull) {
    const connecting = bare.connect('ws://127.0.0.1:1/', {
      ...options,
      ...more,
      ...(more.store && { store: memory() }),
    })
    await assert.rejects(
      connecting,
      ({ cause }) => cause instanceof bare.LoadError && /client-full/.test(cause.message),
    )
  }
  await assert.rejects(bare.load({ full: true }), bare.LoadError)
  await bare.load()
})

test('the full module of the other entries is their only one', async () => {
  for (const entry of entries.slice(1)) {
    const { load } = await fresh(entry)
    await load({ full: true })
    await load()
  }
})

test('a wrong source is an OptionError', async () => {
  const { load, OptionError } = await fresh()
  const module = await WebAssembly.compile(bytes)
  const rows = [
    ['source', 'http://localhost/x.wasm'],
    ['source', 7],
    ['source', null],
    ['source', bytes],
    ['source', { bytes, module }],
    ['source.full', { full: 1 }],
    ['source.file', { file: 'x.wasm' }],
    ['source.url', { url: '' }],
    ['source.url', { url: 7 }],
    ['source.url', { url: null }],
    ['source.bytes', { bytes: 'AGFzbQ==' }],
    ['source.bytes', { bytes: [0, 97] }],
    ['source.module', { module: {} }],
    ['source.module', { module: bytes }],
    ['source.module', { module: Promise.resolve(module) }],
  ]
  for (const [option, source] of rows) {
    await assert.rejects(load(source), error => error instanceof OptionError && error.option === option, option)
  }
  await load()
})

test('a file that is not there, or another in its place, is a LoadError that names the fix', async () => {
  const rows = [
    ['/missing.wasm', /404 Not Found/],
    ['/page.wasm', /a page of HTML \(text\/html; charset=utf-8\)/],
    ['/page-as-wasm.wasm', /CompileError/],
    ['/untyped-page.wasm', /a page of HTML/],
    ['/empty.wasm', /no WebAssembly \(text\/plain\)/],
    ['/cut.wasm', /CompileError/],
    ['/other.wasm', /another entry|LinkError/],
  ]
  for (const [path, why] of rows) {
    const { load, LoadError, MqttError } = await fresh()
    const url = `${origin}${path}`
    await assert.rejects(load({ url }), error => {
      assert.ok(error instanceof LoadError && error instanceof MqttError, path)
      assert.equal(error.name, 'LoadError')
      assert.ok(error.message.startsWith(`the WebAssembly module could not be loaded from ${url}: `), error.message)
      assert.match(error.message, why)
      assert.match(error.message, fix)
      assert.ok(error.cause)
      return true
    })
    // The next call tries again, with the source that was named last.
    await assert.rejects(load(), LoadError)
    await load({ url: `${origin}/right.wasm` })
  }
})

test('bytes that are no module, or another one, are a LoadError', async () => {
  const detached = new ArrayBuffer(8)
  structuredClone(detached, { transfer: [detached] })
  const wrong = [
    new Uint8Array(0),
    new Uint8Array(99),
    new TextEncoder().encode(page),
    detached,
    readFileSync(files.broker),
  ]
  for (const given of wrong) {
    const { load, LoadError } = await fresh()
    await assert.rejects(load({ bytes: given }), error => error instanceof LoadError && fix.test(error.message))
  }
  const { load, LoadError } = await fresh('broker.js')
  await assert.rejects(load({ module: await WebAssembly.compile(bytes) }), LoadError)
  await load({ url: pathToFileURL(files.broker) })
})

test('a client without its module rejects with the same text, as a ConnectError', async () => {
  const { connect, load, ConnectError, LoadError } = await fresh()
  await assert.rejects(load({ url: `${origin}/page.wasm` }), LoadError)
  await assert.rejects(connect('ws://127.0.0.1:1/', options), error => {
    assert.ok(error instanceof ConnectError && error.cause instanceof LoadError)
    assert.match(error.message, fix)
    return true
  })
})

test('a source that is named while another fails takes its place', async () => {
  const { load } = await fresh()
  await Promise.all([load({ url: `${origin}/missing.wasm` }), load({ bytes })])
})

test('a Content-Security-Policy that forbids it is named with its fix', async t => {
  const { compile } = WebAssembly
  t.after(() => {
    WebAssembly.compile = compile
  })
  const texts = [
    "WebAssembly.compile(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script",
    'call to WebAssembly.compile() blocked by CSP',
  ]
  for (const text of texts) {
    const { load, LoadError } = await fresh()
    WebAssembly.compile = () => Promise.reject(new WebAssembly.CompileError(text))
    await assert.rejects(
      load(),
      error => error instanceof LoadError && /'wasm-unsafe-eval' in script-src/.test(error.message),
    )
  }
})

test('a platform without WebAssembly, such as React Native, is named', () => {
  const script = `
    delete globalThis.WebAssembly
    for (const entry of ['wasmqtt', 'wasmqtt/inline']) {
      const { connect, load } = await import(entry)
      for (const failing of [load(), connect('ws://127.0.0.1:1/', { reconnect: false, createWebSocket() {} })]) {
        await failing.then(() => process.exit(1), error => console.log(error.message))
      }
    }
  `
  writeFileSync(join(project, 'without.mjs'), script)
  const output = execFileSync(process.execPath, ['without.mjs'], { cwd: project, encoding: 'utf8' })
  assert.equal(output.match(/no WebAssembly.*React Native.*not supported/g)?.length, 4, output)
})
