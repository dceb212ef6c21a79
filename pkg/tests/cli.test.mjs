// The command line: `npx wasmqtt broker`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { dial, dialWs, fileOf, folder, run, startBroker, toOf } from './lib/cli.mjs'
import { RawClient } from './lib/peer.mjs'
import { closed, dialTcp, firstOf } from './lib/raw-socket.mjs'

const timeout = 30_000

test('it listens where it is told, on the loopback unless it is told, and says where', { timeout }, async t => {
  const broker = await startBroker(t, '--tcp', '0', '--tcp', ':0', '--tcp', '[::1]:0', '--ws', '127.0.0.1:0')
  assert.deepEqual(
    broker.urls.map(({ protocol, hostname }) => [protocol, hostname]),
    [
      ['mqtt:', '127.0.0.1'],
      ['mqtt:', '127.0.0.1'],
      ['mqtt:', '[::1]'],
      ['ws:', '127.0.0.1'],
    ],
  )
  for (const url of broker.urls.slice(0, 3)) assert.equal((await dial(t, url).connect('tcp')).reasonCode, 0)
  const client = await dialWs(t, broker.urls[3], 'mqtt')
  assert.equal((await client.connect('ws')).reasonCode, 0)
})

test('a refused client is let go, though it keeps its half open', { timeout }, async t => {
  const { urls } = await startBroker(t, '--ws', '0')
  const socket = dialTcp(t, { ...toOf(urls[0]), allowHalfOpen: true })
  const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Host: a', 'Sec-WebSocket-Version: 13']
  socket.write(`GET / HTTP/1.1\r\n${headers.join('\r\n')}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`)
  socket.resume()
  await once(socket, 'end')
  // A connection that is there takes what is written, and one that is not says so.
  const failed = once(socket, 'error')
  const writing = setInterval(() => socket.write('x'), 1)
  const [{ code }] = await failed
  clearInterval(writing)
  assert.ok(['ECONNRESET', 'EPIPE'].includes(code), code)
})

// [MQTT-6.0.0-4], [3.1.1 MQTT-6.0.0-4]
test('WebSockets are taken at any path, with the subprotocol of MQTT', { timeout }, async t => {
  const {
    urls: [url],
  } = await startBroker(t, '--ws', '0')
  const rows = [
    ['/', 'mqtt', 'mqtt'],
    ['/mqtt', ['mqttv3.1', 'mqtt'], 'mqtt'],
    ['/some/path?query=1', 'mqttv3.1', 'mqttv3.1'],
  ]
  for (const [path, protocols, protocol] of rows) {
    const { socket } = await dialWs(t, url, protocols, path)
    assert.equal(socket.protocol, protocol)
  }
  for (const protocols of [[], ['amqp']]) {
    const [error] = await once(new WebSocket(url, protocols), 'error')
    assert.match(error.message, /400/)
  }
  const response = await fetch(url.href.replace('ws:', 'http:'))
  assert.equal(response.status, 426)
})

test('a connection that is no WebSocket in time is closed, whatever it sends', { timeout }, async t => {
  const file = fileOf('hurry.json', JSON.stringify({ connectTimeout: 100 }))
  const {
    urls: [url],
  } = await startBroker(t, '--ws', '0', '--config', file)
  const openings = ['', 'GET / HTTP/1.1\r\nHost: a\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n']
  const client = await dialWs(t, url, 'mqtt')
  await client.connect('in time')
  for (const opening of openings) {
    const socket = dialTcp(t, { ...toOf(url), allowHalfOpen: true })
    socket.resume().write(opening)
    const trickle = setInterval(() => socket.write('x'), 10)
    await firstOf(socket, 'end', 'close')
    clearInterval(trickle)
  }
  // Once it is a WebSocket, its time is the broker's.
  client.send({ cmd: 'pingreq' })
  await client.next('pingresp')
})

test('connections that are no WebSockets yet are bounded too', { timeout }, async t => {
  const file = fileOf('few.json', JSON.stringify({ connectionsMaximum: 2 }))
  const broker = await startBroker(t, '--ws', '0', '--config', file)
  const [url] = broker.urls
  const sockets = []
  for (let count = 0; count < 3; count++) {
    const socket = dialTcp(t, toOf(url)).resume()
    await once(socket, 'connect')
    sockets.push(socket)
  }
  await closed(dialTcp(t, toOf(url)).resume())
  for (const socket of sockets) assert.ok(!socket.destroyed)
  // And a place that is left is there for the next.
  for (const socket of sockets) {
    socket.destroy()
    await closed(socket)
  }
  for (;;) {
    const socket = dialTcp(t, toOf(url))
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const [came] = await firstOf(socket, 'data', 'close')
    if (came === 'data') break
  }
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  test(`${signal} ends it: clients are told, and the exit code is 0`, { timeout }, async t => {
    const broker = await startBroker(t, '--tcp', '0', '--ws', '0')
    const [tcp, ws] = broker.urls
    const clients = [dial(t, tcp), await dialWs(t, ws, 'mqtt'), dial(t, tcp, 4)]
    for (const [index, client] of clients.entries()) await client.connect(`client ${index}`)
    broker.process.kill(signal)
    for (const client of clients.slice(0, 2)) assert.equal((await client.next('disconnect')).reasonCode, 0x8b)
    for (const client of clients) await client.closed
    assert.deepEqual(await broker.exited, [0, null])
    const [, afterwards] = broker.stderr.split(`info  stopping: ${signal}\n`)
    assert.equal(afterwards.match(/ disconnected .* cause=host reasonCode=0x8B\n/g).length, 3)
  })
}

test('at the end, WebSockets get DISCONNECT, and other connections delay nobody', { timeout }, async t => {
  const broker = await startBroker(t, '--ws', '0')
  const [url] = broker.urls
  const openings = [
    '',
    'GET / HTTP/1.1\r\nHost: a\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf',
    '\u0016\u0003\u0001',
  ]
  const strangers = openings.map(opening => {
    const socket = dialTcp(t, { ...toOf(url), allowHalfOpen: true })
    socket.write(opening)
    return socket
  })
  for (const socket of strangers) await once(socket, 'connect')
  // Behind them, so that they are there.
  const client = await dialWs(t, url, 'mqtt')
  await client.connect('guest')
  const mute = await dialWs(t, url, 'mqtt')
  broker.process.kill('SIGTERM')
  assert.equal((await client.next('disconnect')).reasonCode, 0x8b)
  assert.equal(await client.closed, 1000)
  assert.equal(await mute.closed, 1000)
  assert.deepEqual(await broker.exited, [0, null])
})

test('a client that does not close when it is told keeps nobody waiting for long', { timeout }, async t => {
  const broker = await startBroker(t, '--tcp', '0')
  const socket = dialTcp(t, { ...toOf(broker.urls[0]), allowHalfOpen: true })
  await RawClient.overStream(socket).connect('stays')
  broker.process.kill('SIGTERM')
  assert.deepEqual(await broker.exited, [0, null])
})

test('the options of the file hold', { timeout }, async t => {
  const file = fileOf('broker.json', JSON.stringify({ maximumQos: 1, receiveMaximum: 7, retainAvailable: false }))
  const broker = await startBroker(t, '--tcp', '0', '--config', file)
  const { properties } = await dial(t, broker.urls[0]).connect('reader')
  assert.deepEqual([properties.maximumQoS, properties.receiveMaximum, properties.retainAvailable], [1, 7, false])
})

test('limits and rules of the file are told in CONNACK and in SUBACK', { timeout }, async t => {
  const limits = { serverKeepAlive: 60, receiveMaximum: 20, topicAliasMaximum: 16, maximumPacketSize: 262144 }
  const acl = [{ action: 'subscribe', filter: 'private/#', allow: false, reasonCode: 135 }]
  for (const maximumQos of [2, 1]) {
    const file = fileOf('rules.json', JSON.stringify({ ...limits, maximumQos, acl }))
    const broker = await startBroker(t, '--tcp', '0', '--config', file)
    const client = dial(t, broker.urls[0])
    const { reasonCode, properties } = await client.connect('reader', { keepalive: 100 })
    assert.equal(reasonCode, 0)
    const { serverKeepAlive, receiveMaximum, topicAliasMaximum, maximumPacketSize, maximumQoS } = properties
    assert.deepEqual({ serverKeepAlive, receiveMaximum, topicAliasMaximum, maximumPacketSize }, limits)
    // 2 is told by the property's absence, and has no other form.
    assert.equal(maximumQoS, maximumQos === 2 ? undefined : maximumQos)
    const codes = []
    for (const filter of ['private/#', 'private/a', '#', 'public']) {
      codes.push((await client.subscribe(filter, 2)).granted[0])
    }
    assert.deepEqual(codes, [0x87, 0x87, maximumQos, maximumQos])
  }
})

test('there is a line for each event of the level', { timeout }, async t => {
  const debug = await startBroker(t, '--tcp', '0', '--log', 'debug')
  const client = dial(t, debug.urls[0])
  await client.connect('new\nline \u001b[31m\u009b')
  await client.subscribe('a/#', 1)
  client.send({ cmd: 'publish', topic: 'a/b', payload: 'x', qos: 0 }, { cmd: 'disconnect', reasonCode: 4 })
  await debug.said('stderr', /disconnected/)
  await client.closed
  const id = String.raw`"new\nline \u001b[31m\u009b"`
  const lines = debug.stderr
    .trim()
    .split('\n')
    .map(line => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ''))
  assert.deepEqual(lines.slice(0, 4), [
    `info  connected clientId=${id} version=5 sessionPresent=false`,
    `debug subscribed clientId=${id} filter="a/#" reasonCode=0x01`,
    `debug published clientId=${id} topic="a/b" qos=0 retain=false payloadBytes=1 subscribers=1`,
    `info  disconnected clientId=${id} cause=client reasonCode=0x04`,
  ])
  const warn = await startBroker(t, '--tcp', '0', '--log', 'warn')
  const wrong = dial(t, warn.urls[0])
  await wrong.connect('wrong')
  wrong.send({ cmd: 'pingresp' })
  await wrong.closed
  await warn.said('stderr', /\n/)
  assert.match(warn.stderr, /^\S+ warn {2}disconnected clientId="wrong" cause=fault reasonCode=0x82 rule=/)
  const silent = await startBroker(t, '--tcp', '0', '--log', 'silent')
  await dial(t, silent.urls[0]).connect('unseen')
  silent.process.kill('SIGTERM')
  await silent.exited
  assert.equal(silent.stderr, '')
})

test('wrong usage is reported in one line, with exit code 2', { timeout }, async () => {
  const config = (name, text) => ['broker', '--config', fileOf(name, text)]
  const rows = [
    [[], 'a command is missing'],
    [['brokers'], '"brokers" is not a command; use broker'],
    [['broker', '--prot', '1883'], "Unknown option '--prot'"],
    [['broker', '1883'], "Unexpected argument '1883'"],
    [['broker', '--tcp'], '--tcp'],
    [['broker', '--tcp', '65536'], '--tcp is "65536"; it must be PORT or HOST:PORT'],
    [['broker', '--tcp', '::1:1883'], '--tcp is "::1:1883"; it must be PORT or HOST:PORT'],
    [['broker', '--ws', '127.0.0.1'], '--ws is "127.0.0.1"'],
    [['broker', '--log', 'loud'], '--log is "loud"; it must be debug, info, warn, error or silent'],
    [['broker', '--config', join(folder, 'none.json')], 'none.json: the file does not exist'],
    [['broker', '--config', folder], 'it cannot be read (EISDIR)'],
    [config('text.json', '{\n"maximumQos": 1,\n}'), 'text.json: it is not JSON: '],
    [config('list.json', '[]'), 'list.json: it must be an object'],
    [config('key.json', '{ "maximumQoS": 1 }'), 'key.json: maximumQoS is not an option; the options are '],
    [config('bytes.json', Buffer.from([0x7b, 0xff, 0x7d])), 'bytes.json: it is not UTF-8'],
    [config('value.json', '{ "maximumQos": 3 }'), 'value.json: maximumQos is 3; it must be 0 or 1 or 2'],
    [config('hook.json', '{ "authorize": "no" }'), 'hook.json: authorize needs a function, which JSON cannot hold'],
    [['broker', '--config', ''], '--config is ""; it must be a path'],
    [['broker', '--store', ''], '--store is ""; it must be a path'],
    [config('store.json', '{ "store": "folder" }'), 'store.json: store cannot be set in the file; use --store DIR'],
    [config('deep.json', '{ "queue": { "messages": -1 } }'), 'deep.json: queue.messages is -1; it must be a whole'],
  ]
  for (const [args, expected] of rows) {
    const { code, stdout, stderr } = await run(...args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    assert.ok(stderr.startsWith('wasmqtt: ') && stderr.includes(expected), stderr)
    assert.equal(stderr.split('\n').length, 2, stderr)
  }
})

test('where it cannot listen it says so in one line, and the exit code is 1', { timeout }, async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address()
  const rows = [
    [['--tcp', `${port}`], `mqtt://127.0.0.1:${port} is already in use`],
    [['--tcp', '0', '--ws', `${port}`], `ws://127.0.0.1:${port} is already in use`],
    [['--tcp', '192.0.2.1:0'], 'mqtt://192.0.2.1:0 is not an address of this machine'],
  ]
  for (const [args, expected] of rows) {
    const { code, stdout, stderr } = await run('broker', ...args)
    assert.deepEqual([code, stdout, stderr], [1, '', `wasmqtt: ${expected}\n`])
  }
})

test('help and version are printed, and nothing is run', { timeout }, async () => {
  for (const args of [['--help'], ['broker', '--help'], ['broker', '--tcp', 'x', '-h']]) {
    const { code, stdout, stderr } = await run(...args)
    assert.deepEqual([code, stderr], [0, ''])
    for (const option of ['--tcp', '--ws', '--config', '--log']) assert.ok(stdout.includes(option))
  }
  const { code, stdout } = await run('--version')
  assert.equal(code, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('stored data is there after SIGTERM and after SIGKILL, with --store', { timeout }, async t => {
  const directory = join(folder, 'store')
  for (const signal of ['SIGTERM', 'SIGKILL', undefined]) {
    const broker = await startBroker(t, '--tcp', '0', '--store', directory)
    const client = dial(t, broker.urls[0], 4)
    const { sessionPresent } = await client.connect('keeper', { clean: false })
    assert.equal(sessionPresent, signal !== 'SIGTERM', `before ${signal}`)
    if (!signal) break
    broker.process.kill(signal)
    await broker.exited
  }
})

test('a store that another has is an error in one line', { timeout }, async t => {
  const directory = join(folder, 'shared')
  const broker = await startBroker(t, '--tcp', '0', '--store', directory)
  const { code, stderr } = await run('broker', '--tcp', '0', '--store', directory)
  assert.equal(code, 1)
  assert.match(
    stderr,
    new RegExp(
      `^wasmqtt: the store could not be opened: .*lock is held by process ${broker.process.pid}; end that first\\n$`,
    ),
  )
})

test('a subscription that is refused has a line among the warnings', { timeout }, async t => {
  const file = fileOf('acl.json', JSON.stringify({ acl: [{ action: 'subscribe', filter: 'private/#', allow: false }] }))
  const broker = await startBroker(t, '--tcp', '0', '--log', 'warn', '--config', file)
  const client = dial(t, broker.urls[0])
  await client.connect('curious')
  for (const topic of ['public', 'private/x']) {
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] })
    await client.next('suback')
  }
  broker.process.kill('SIGTERM')
  await broker.exited
  assert.match(broker.stderr, /^\S+ warn {2}subscribed clientId="curious" filter="private\/x" reasonCode=0x87\n$/)
})

// [MQTT-3.1.2-22]: the packets that came meanwhile are read before a client is called silent.
test('a broker that was stopped keeps the clients that spoke', {
  timeout,
  skip: process.platform === 'win32',
}, async t => {
  const broker = await startBroker(t, '--tcp', '127.0.0.1:0')
  const [lively, silent] = [dial(t, broker.urls[0]), dial(t, broker.urls[0])]
  await lively.connect('lively', { keepalive: 1 })
  await silent.connect('silent', { keepalive: 1 })
  const pings = setInterval(() => lively.send({ cmd: 'pingreq' }), 400)
  t.after(() => clearInterval(pings))
  broker.process.kill('SIGSTOP')
  await sleep(4_000)
  broker.process.kill('SIGCONT')
  assert.equal((await silent.next('disconnect')).reasonCode, 0x8d)
  await silent.closed
  await lively.next('pingresp')
  assert.equal(lively.isClosed, undefined)
})
