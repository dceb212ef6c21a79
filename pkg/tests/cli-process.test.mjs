// The command line as a process: its outputs, whose readers may be gone, and its file.
import assert from 'node:assert/strict'
import { closeSync, existsSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { command, dial, fileOf, run, start, startBroker, toOf } from './lib/cli.mjs'
import { RawClient } from './lib/peer.mjs'
import { dialTcp, firstOf } from './lib/raw-socket.mjs'

const timeout = 30_000

/** An address of the loopback on which nobody listens. */
async function freeAddress() {
  const server = createServer().listen(0, '127.0.0.1')
  await firstOf(server, 'listening')
  const { port } = server.address()
  server.close()
  await firstOf(server, 'close')
  return { hostname: '127.0.0.1', port }
}

/** Connects as soon as somebody listens. */
async function dialSoon(t, address) {
  for (;;) {
    const socket = dialTcp(t, toOf(address))
    const [came] = await firstOf(socket, 'connect', 'close')
    if (came === 'connect') return RawClient.overStream(socket)
  }
}

for (const name of ['stdout', 'stderr']) {
  test(`it goes on without a reader of its ${name}`, { timeout }, async t => {
    const address = await freeAddress()
    const broker = start(['broker', '--tcp', `${address.port}`, '--log', 'debug'])
    t.after(() => broker.process.kill('SIGKILL'))
    broker.process[name].destroy()
    // Each event is a line that nobody reads.
    for (const clientId of ['one', 'two', 'three']) {
      const client = await dialSoon(t, address)
      assert.equal((await client.connect(clientId)).reasonCode, 0)
      await client.subscribe('a')
      client.send({ cmd: 'disconnect' })
      await client.closed
    }
    broker.process.kill('SIGTERM')
    assert.deepEqual(await broker.exited, [0, null])
  })

  test(`without a reader of its ${name}, its exit codes stay`, { timeout }, async () => {
    for (const [args, code] of [
      [['--help'], 0],
      [['--version'], 0],
      [['broker', '--prot', '1883'], 2],
      [['broker', '--tcp', '192.0.2.1:0'], 1],
    ]) {
      const child = start(args)
      child.process[name].destroy()
      assert.deepEqual(await child.exited, [code, null], args.join(' '))
    }
  })

  test(`it goes on with a full disk below its ${name}`, { timeout, skip: !existsSync('/dev/full') }, async t => {
    const address = await freeAddress()
    const full = openSync('/dev/full', 'w')
    t.after(() => closeSync(full))
    const broker = start(['broker', '--tcp', `${address.port}`, '--log', 'debug'], { [name]: full })
    t.after(() => broker.process.kill('SIGKILL'))
    const client = await dialSoon(t, address)
    assert.equal((await client.connect('guest')).reasonCode, 0)
    broker.process.kill('SIGTERM')
    assert.deepEqual(await broker.exited, [0, null])
  })
}

test('a byte order mark in the file is no error', { timeout }, async t => {
  const text = '\ufeff{ "maximumQos": 1 }'
  const files = [fileOf('utf8.json', text), fileOf('utf16.json', Buffer.from(text, 'utf16le'))]
  for (const file of files) {
    const broker = await startBroker(t, '--tcp', '0', '--config', file)
    const { properties } = await dial(t, broker.urls[0]).connect('reader')
    assert.equal(properties.maximumQoS, 1, file)
  }
})

test('a name that is twice in one object of the file is an error', { timeout }, async () => {
  const rule = '{ "action": "all", "filter": "a\\"{:", "allow": true }'
  const rows = [
    ['{ "acl": [], "maximumQos": 1, "\\u0061cl": [] }', '"acl"'],
    [`{ "acl": [${rule}, { "allow": false, "action": "all", "allow": true, "filter": "a" }] }`, '"allow"'],
    ['{ "queue": { "bytes": 1, "bytes" : 2 } }', '"bytes"'],
    // The names of different objects, and the text of values.
    [
      `{ "acl": [${rule}, ${rule}], "queue": {}, "responseInformation": "queue\\": ", "wrong": 1 }`,
      'wrong is not an option',
    ],
  ]
  for (const [text, named] of rows) {
    const { stderr, code } = await run('broker', '--config', fileOf('twice.json', text))
    assert.equal(code, 2, stderr)
    assert.match(stderr, /^wasmqtt: [^\n]+\n$/)
    assert.ok(stderr.includes(named) && stderr.includes('twice.json'), stderr)
  }
})

test('the options that are listed are those that the file may hold', { timeout }, async () => {
  const { stderr } = await run('broker', '--config', fileOf('unknown.json', '{ "maximumQoS": 1 }'))
  const [, list] = /the options are ([\w, ]+); see/.exec(stderr)
  const { Broker } = await import(pathToFileURL(join(dirname(command), 'broker.js')).href)
  let all
  assert.throws(
    () => new Broker({ maximumQoS: 1 }),
    ({ message }) => {
      all = message.split('the options are ')[1].split(', ')
      return true
    },
  )
  const not = ['authenticate', 'authenticateEnhanced', 'authorize', 'authorizeReceive', 'store']
  for (const name of not) assert.ok(all.includes(name), name)
  assert.deepEqual(
    list.split(', '),
    all.filter(name => !not.includes(name)),
  )
  const nested = await run('broker', '--config', fileOf('nested.json', '{ "queue": { "message": 1 } }'))
  assert.match(nested.stderr, /queue\.message is not an option; the options are messages, bytes, overflow; see/)
})
