// Contents of npm's tarball, and its behaviour when it is imported.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { install, load, packed, root } from './lib/packed.mjs'

const project = install()

test('the tarball holds exactly the entries, what they share, the parts that load later, the command, types and WebAssembly', () => {
  const declarations = [
    'broker',
    'broker-inline',
    'broker/access-rules',
    'broker/bridge',
    'broker/broker',
    'broker/counters',
    'broker/events',
    'broker/explain',
    'broker/hooks',
    'broker/options',
    'broker/own-subscriptions',
    'broker/users',
    'client/address',
    'client/authentication',
    'client/client',
    'client/end-options',
    'client/events',
    'client/options',
    'client/request-limits',
    'client/request-options',
    'client/server',
    'client/subscription-end',
    'client/subscriptions',
    'elements',
    'index',
    'inline',
    'message/acknowledgement',
    'message/latest-stream',
    'message/message',
    'message/message-stream',
    'message/packet-record',
    'message/properties',
    'node',
    'node/directory',
    'public',
    'simulator',
    'simulator/actions',
    'simulator/dissect',
    'simulator/explain',
    'simulator/live-monitors',
    'simulator/pace',
    'simulator/snapshot',
    'simulator/sockets',
    'simulator/state',
    'simulator/world',
    'store/indexed-db',
    'store/store',
    'tap/capture',
    'tap/index',
    'tap/tap',
    'tap/tapped-socket',
    'transport/in-page-websocket',
    'transport/socket-types',
    'util/errors',
    'util/observed-event-target',
    'util/unshared-bytes',
    'wasm/module-source',
    'wasm/websocket-like',
  ].map(name => `dist/types/${name}.d.ts`)
  const expected = [
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    'bin/wasmqtt.js',
    'broker/inline/package.json',
    'broker/package.json',
    'dist/authentication.js',
    'dist/authentication.js.map',
    'dist/bridge.js',
    'dist/bridge.js.map',
    'dist/broker-inline.js',
    'dist/broker-inline.js.map',
    'dist/broker.js',
    'dist/broker.js.map',
    'dist/broker/wasmqtt_bg.wasm',
    'dist/cli.js',
    'dist/client-full/wasmqtt_bg.wasm',
    'dist/client/wasmqtt_bg.wasm',
    'dist/common.js',
    'dist/common.js.map',
    'dist/elements.js',
    'dist/elements.js.map',
    'dist/fixes.js',
    'dist/fixes.js.map',
    'dist/full.js',
    'dist/full.js.map',
    'dist/hooks.js',
    'dist/hooks.js.map',
    'dist/index.js',
    'dist/index.js.map',
    'dist/inline.js',
    'dist/inline.js.map',
    'dist/limits.js',
    'dist/limits.js.map',
    'dist/node.js',
    'dist/node.js.map',
    'dist/react-native.cjs',
    'dist/redirects.js',
    'dist/redirects.js.map',
    'dist/requests.js',
    'dist/requests.js.map',
    'dist/share.js',
    'dist/share.js.map',
    'dist/simulator.js',
    'dist/simulator.js.map',
    'dist/simulator/wasmqtt_bg.wasm',
    'dist/stores.js',
    'dist/stores.js.map',
    'dist/streams.js',
    'dist/streams.js.map',
    'dist/panel.js',
    'dist/panel.js.map',
    'dist/tap.js',
    'dist/tap.js.map',
    'elements/package.json',
    'inline/package.json',
    'node/package.json',
    'package.json',
    'simulator/package.json',
    'tap/package.json',
    ...declarations,
  ]
  const paths = packed().files.map(({ path }) => path)
  // Each element is a file, beside those that some of them share, whose names the build makes.
  const ofElements =
    /^dist\/elements\/(?:[\w-]+\.js(?:\.map)?|LICENSE-lit\.txt)$|^dist\/types\/elements\/[\w-]+\.d\.ts$/
  assert.deepEqual(paths.filter(path => !ofElements.test(path)).toSorted(), expected.toSorted())
})

test('nothing is installed with it', () => {
  const manifest = JSON.parse(readFileSync(join(project, 'node_modules/wasmqtt/package.json'), 'utf8'))
  assert.equal(manifest.dependencies, undefined)
  // To import an element's file defines the element.
  assert.deepEqual(manifest.sideEffects, ['./dist/elements/*.js'])
})

test('to import it does nothing: no global, no timer, no module loaded', () => {
  const script = `
    const before = Object.getOwnPropertyNames(globalThis).toString()
    const { instantiate } = WebAssembly
    for (const name of ['instantiate', 'compile', 'compileStreaming', 'instantiateStreaming', 'Module', 'Instance']) {
      WebAssembly[name] = () => { throw new Error('loaded') }
    }
    for (const entry of ['wasmqtt', 'wasmqtt/inline', 'wasmqtt/broker', 'wasmqtt/broker/inline']) await import(entry)
    console.log(before === Object.getOwnPropertyNames(globalThis).toString(), process.getActiveResourcesInfo().length)
  `
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: project,
    encoding: 'utf8',
    timeout: 30_000,
  })
  const [same, resources] = output.trim().split(' ')
  assert.equal(same, 'true')
  // The pipe that it prints to.
  assert.ok(Number(resources) <= 1, output)
})

test('a process that has connected and ended ends by itself', () => {
  const script = `
    import { Broker, connect } from 'wasmqtt/broker'
    const broker = new Broker()
    const client = await connect(broker)
    await client.publish('a', 'b', { qos: 1 })
    await client.end()
    broker.close()
    console.log('done')
  `
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: project,
    encoding: 'utf8',
    timeout: 30_000,
  })
  assert.equal(output, 'done\n')
})

test('both entries share one set of errors and events', async () => {
  const client = await load(project, 'wasmqtt')
  const broker = await load(project, 'wasmqtt/broker')
  const own = ['Client', 'connect', 'load']
  for (const [name, value] of Object.entries(client)) {
    if (own.includes(name)) assert.notEqual(broker[name], value, name)
    else assert.equal(broker[name], value, name)
  }
  assert.deepEqual(
    Object.keys(broker)
      .filter(name => !(name in client))
      .toSorted(),
    ['BridgeDropEvent', 'Broker', 'BrokerErrorEvent', 'BrokerEvent', 'HookError', 'bridge', 'explain', 'hashPassword'],
  )
  assert.ok(broker.Client.prototype instanceof client.BaseClient)
})

test('an inline entry exports what its entry does', async () => {
  for (const entry of ['wasmqtt', 'wasmqtt/broker']) {
    const [names, inline] = [await load(project, entry), await load(project, `${entry}/inline`)].map(Object.keys)
    assert.deepEqual(inline, names)
  }
})

test('require() takes each entry too, since none awaits at its top', () => {
  const script = `
    for (const entry of ['', '/broker', '/inline', '/broker/inline', '/node']) require('wasmqtt' + entry)
    const { Broker, connect } = require('wasmqtt/broker')
    const broker = new Broker()
    connect(broker).then(client => client.end()).then(() => console.log('done'))
  `
  writeFileSync(join(project, 'required.cjs'), script)
  const output = execFileSync(process.execPath, ['required.cjs'], { cwd: project, encoding: 'utf8', timeout: 30_000 })
  assert.equal(output, 'done\n')
})

test('the published files have no path of the machine that built them', () => {
  const files = readdirSync(join(project, 'node_modules/wasmqtt/dist')).filter(name => name.endsWith('.js'))
  for (const name of files) {
    const text = readFileSync(join(project, 'node_modules/wasmqtt/dist', name), 'utf8')
    assert.ok(!text.includes(root), name)
    if (name !== 'cli.js')
      assert.ok(!readFileSync(join(project, `node_modules/wasmqtt/dist/${name}.map`), 'utf8').includes(root))
    // But for that of its map, which another test looks at.
    const withoutMap = text.replace(/\n\/\/# sourceMappingURL=[\w.-]+\s*$/, '')
    assert.ok(!/\/home\/|\/root\/|\/\/#/.test(withoutMap), name)
  }
})
