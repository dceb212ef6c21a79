// Pages that may reach the command line's broker by a WebSocket, by the Origin that their browser
// sends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { dialWs, run, startBroker } from './lib/cli.mjs'

const timeout = 30_000

const loopback = [
  undefined,
  'http://localhost',
  'http://localhost:5173',
  'https://localhost:8443',
  'http://app.localhost:3000',
  'http://127.0.0.1',
  'http://127.0.0.1:8080',
  'http://127.1.2.3',
  'http://[::1]:3000',
]
const others = [
  'https://app.example',
  'http://app.example:8080',
  'http://localhost.app.example',
  'http://127.0.0.1.app.example',
  'http://notlocalhost',
  'http://128.0.0.1',
  'http://0.0.0.0',
  'http://192.168.0.7:8080',
  'http://[::2]',
  'null',
  'file://',
  'localhost',
  'http://',
  'http://app.example/localhost',
  'http://localhost/path',
  'http://app.example#localhost',
  'http://app.example?localhost',
  'http://localhost@app.example',
  'http://localhost:1@app.example',
  'http://localhost, http://app.example',
  'http://app.example\thttp://localhost',
  'chrome-extension://abcdef',
  'app://localhost',
  'wss://localhost',
]

/** Returns what comes of a WebSocket with this Origin: `open`, or the status that refuses it. */
async function reach(url, origin) {
  const socket = new WebSocket(url, 'mqtt', { headers: origin === undefined ? {} : { Origin: origin } })
  socket.on('error', () => {})
  const result = await new Promise(resolve => {
    socket.on('open', () => resolve('open'))
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
  })
  socket.terminate()
  return result
}

/** Origins of a list that the broker takes. */
async function taken(url, origins) {
  const open = []
  for (const origin of origins) {
    const result = await reach(url, origin)
    if (result === 'open') open.push(origin)
    else assert.equal(result, 403, origin)
  }
  return open
}

test('a page may reach it if it is on the loopback, and no other page', { timeout }, async t => {
  const broker = await startBroker(t, '--ws', '0')
  const [url] = broker.urls
  assert.deepEqual(await taken(url, [...loopback, ...others]), loopback)
  await broker.said('stderr', / warn {2}rejected cause=origin origin="https:\/\/app\.example"\n/)
  // The broker has heard of none of them.
  assert.doesNotMatch(broker.stderr, /connected/)
  const client = await dialWs(t, url, 'mqtt')
  assert.equal((await client.connect('program')).reasonCode, 0)
})

test('pages of the origins that are named may reach it too, and of all with *', { timeout }, async t => {
  const rows = [
    [['https://app.example'], ['https://app.example']],
    [['HTTPS://App.Example:443/'], ['https://app.example']],
    [
      ['http://app.example:8080', 'null', 'chrome-extension://ABCDEF'],
      ['http://app.example:8080', 'null', 'chrome-extension://abcdef'],
    ],
    [['http://app.example'], []],
    [['https://app.example', '*'], others],
  ]
  for (const [names, expected] of rows) {
    const options = names.flatMap(name => ['--ws-origin', name])
    const { urls } = await startBroker(t, '--ws', '0', ...options)
    const all = [...loopback, ...expected]
    assert.deepEqual((await taken(urls[0], [...loopback, ...others])).sort(), all.sort(), names.join(' '))
  }
})

test('an origin that is none is wrong usage', { timeout }, async () => {
  for (const name of ['app.example', 'https://app.example/path', 'https://', '', 'https://a@b', 'https://*.example']) {
    const { code, stderr } = await run('broker', '--ws', '0', '--ws-origin', name)
    assert.equal(code, 2, name)
    assert.match(stderr, /^wasmqtt: --ws-origin is ".*"; it must be an origin such as https:\/\/app\.example/)
  }
  const { code, stderr } = await run('broker', '--tcp', '0', '--ws-origin', '*')
  assert.deepEqual(
    [code, stderr],
    [2, 'wasmqtt: --ws-origin is for WebSockets; give --ws or --wss too; see wasmqtt --help\n'],
  )
})
