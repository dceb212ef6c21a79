// The command line with TLS: its certificate, and those of its clients.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'
import { makeAuthority, makeCertificate, makeKey } from './lib/certificates.mjs'
import { dial, fileOf, folder, run, startBroker, toOf } from './lib/cli.mjs'
import { RawClient } from './lib/peer.mjs'
import { closed, dialTcp, firstOf } from './lib/raw-socket.mjs'

const timeout = 30_000
const folders = (process.env.PATH ?? '').split(delimiter)
const missing = folders.some(path => existsSync(join(path, 'mosquitto_pub')))
  ? false
  : 'there is no mosquitto_pub on PATH'

const authority = makeAuthority('authority')
const ca = fileOf('ca.pem', authority.cert)
const stranger = makeAuthority('stranger')

/** Writes a certificate and its key, and returns their paths. */
function filesOf(name, { cert, key }) {
  return { cert: fileOf(`${name}.cert.pem`, cert), key: fileOf(`${name}.key.pem`, key) }
}

const server = filesOf('server', authority.issue('localhost'))
const own = ['--cert', server.cert, '--key', server.key]

/** A client over TLS, or over a WebSocket on TLS, by the protocol of the URL. */
async function dialSecure(t, url, options = {}, version = 5) {
  const secure = { ca: authority.cert, ...options }
  if (url.protocol === 'wss:') {
    const socket = new WebSocket(url, 'mqtt', secure)
    t.after(() => socket.terminate())
    const client = RawClient.overWebSocket(socket, version)
    await firstOf(socket, 'open', 'close')
    return Object.assign(client, { socket })
  }
  const socket = connectTls({ host: url.hostname, port: url.port, servername: 'localhost', ...secure })
  t.after(() => socket.destroy())
  const client = RawClient.overStream(socket, version)
  socket.on('session', session => Object.assign(client, { session }))
  await firstOf(socket, 'secureConnect', 'close')
  return Object.assign(client, { socket })
}

/** Runs a program to its end, and returns its exit code and what it wrote. */
async function exec(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const name of ['stdout', 'stderr']) child[name].on('data', data => (text += data))
  const [code] = await once(child, 'close')
  return { code, text }
}

test('it listens on TLS, also for WebSockets', { timeout }, async t => {
  const broker = await startBroker(t, '--tls', '0', '--wss', '0', '--tcp', '0', ...own)
  assert.deepEqual(
    broker.urls.map(({ protocol }) => protocol),
    ['mqtt:', 'mqtts:', 'wss:'],
  )
  const [, tls, wss] = broker.urls
  const [one, other] = [await dialSecure(t, tls), await dialSecure(t, wss)]
  await one.connect('one')
  await one.subscribe('a')
  await other.connect('other')
  other.send({ cmd: 'publish', topic: 'a', payload: Buffer.alloc(300_000, 'x'), qos: 0 })
  assert.equal((await one.next('publish')).payload.length, 300_000)
  broker.process.kill('SIGTERM')
  for (const client of [one, other]) {
    assert.equal((await client.next('disconnect')).reasonCode, 0x8b)
    await client.closed
  }
  assert.deepEqual(await broker.exited, [0, null])
})

test('mosquitto_pub publishes over TLS, if it trusts the certificate', { timeout, skip: missing }, async t => {
  const { urls } = await startBroker(t, '--tls', '0', '--tcp', '0', ...own)
  const client = dial(t, urls[0])
  await client.connect('watcher')
  await client.subscribe('a')
  const common = ['-h', 'localhost', '-p', urls[1].port, '-t', 'a', '-m', 'secret', '-q', '1']
  assert.deepEqual(await exec('mosquitto_pub', [...common, '--cafile', ca]), { code: 0, text: '' })
  assert.equal(String((await client.next('publish')).payload), 'secret')
  const other = fileOf('stranger.pem', stranger.cert)
  assert.notEqual((await exec('mosquitto_pub', [...common, '--cafile', other])).code, 0)
})

test('with a CA, clients need a certificate of it', { timeout }, async t => {
  const broker = await startBroker(t, '--tls', '0', '--wss', '0', ...own, '--ca', ca)
  const expired = makeKey()
  const certificates = [
    [authority.issue('ann'), true],
    [{}, false],
    [stranger.issue('ann'), false],
    [{ cert: makeCertificate({ key: expired, names: ['ann'] }), key: expired.pem }, false],
  ]
  for (const url of broker.urls) {
    for (const [options, isAllowed] of certificates) {
      const client = await dialSecure(t, url, options)
      if (isAllowed) assert.equal((await client.connect('guest')).reasonCode, 0)
      else await client.closed
    }
  }
  await broker.said('stderr', / warn {2}rejected cause=tls code=\w+\n/)
  assert.equal(broker.stderr.match(/ connected /g).length, 2)
})

test('mosquitto_pub shows its certificate', { timeout, skip: missing }, async t => {
  const { urls } = await startBroker(t, '--tls', '0', ...own, '--ca', ca)
  const ann = filesOf('ann', authority.issue('ann'))
  const common = ['-h', 'localhost', '-p', urls[0].port, '-t', 'a', '-m', 'x', '-q', '1', '--cafile', ca]
  assert.equal((await exec('mosquitto_pub', [...common, '--cert', ann.cert, '--key', ann.key])).code, 0)
  assert.notEqual((await exec('mosquitto_pub', common)).code, 0)
})

test('the common name of a certificate is the user name', { timeout }, async t => {
  const acl = [
    { action: 'all', filter: 'home/%u/#', allow: true },
    { action: 'all', filter: '#', allow: false, reasonCode: 0x87 },
  ]
  const users = [{ username: 'bob', password: 'secret' }]
  const file = fileOf('named.json', JSON.stringify({ acl, users }))
  const options = [...own, '--ca', ca, '--cert-username', '--config', file]
  const broker = await startBroker(t, '--tcp', '0', '--tls', '0', '--wss', '0', ...options)
  const [tcp, ...secure] = broker.urls
  const granted = async client => [
    ...(await client.subscribe('home/ann/x')).granted,
    ...(await client.subscribe('home/bob/x')).granted,
  ]
  for (const url of secure) {
    for (const version of [4, 5]) {
      // A user name of CONNECT is not taken, nor a password asked for.
      for (const more of [{}, { username: 'bob' }, { username: 'bob', password: 'wrong' }]) {
        const client = await dialSecure(t, url, authority.issue('ann'), version)
        const connack = await client.connect('guest', more)
        assert.equal(version === 5 ? connack.reasonCode : connack.returnCode, 0)
        assert.deepEqual(await granted(client), [0, version === 5 ? 0x87 : 0x80])
      }
    }
    // A session of TLS that is resumed has the name too.
    const certificate = authority.issue('ann')
    for (const maxVersion of url.protocol === 'mqtts:' ? ['TLSv1.2', 'TLSv1.3'] : []) {
      const options = { ...certificate, maxVersion }
      const first = await dialSecure(t, url, options)
      await first.connect('first')
      const { session } = first
      const again = await dialSecure(t, url, { ...options, session })
      await again.connect('again')
      assert.deepEqual([again.socket.isSessionReused(), ...(await granted(again))], [true, 0, 0x87])
    }
    for (const names of [[], ['ann', 'bob'], ['an\0n']]) {
      await (await dialSecure(t, url, authority.issue(...names))).closed
    }
  }
  await broker.said('stderr', /rejected cause=tls code=NO_COMMON_NAME/)
  // Others give their password.
  const [bob, other] = [dial(t, tcp), dial(t, tcp)]
  assert.equal((await bob.connect('bob', { username: 'bob', password: 'secret' })).reasonCode, 0)
  assert.deepEqual(await granted(bob), [0x87, 0])
  assert.equal((await other.connect('other', { username: 'ann' })).reasonCode, 0x86)
})

test('a connection whose handshake does not end is closed in time, and bounded', { timeout }, async t => {
  const file = fileOf('hurry.json', JSON.stringify({ connectTimeout: 1_000, connectionsMaximum: 2 }))
  for (const option of ['--tls', '--wss']) {
    const broker = await startBroker(t, option, '0', ...own, '--config', file)
    const [url] = broker.urls
    for (const opening of ['', '\u0016\u0003\u0001', 'GET / HTTP/1.1\r\n\r\n']) {
      const socket = dialTcp(t, { ...toOf(url), allowHalfOpen: true }).resume()
      socket.write(opening)
      await firstOf(socket, 'end', 'close')
    }
    const sockets = [1, 2, 3, 4].map(() => dialTcp(t, toOf(url)).resume())
    await Promise.all(sockets.map(closed))
    assert.equal((await (await dialSecure(t, url)).connect('guest')).reasonCode, 0)
  }
})

test('a handshake that does not end delays no stop', { timeout }, async t => {
  // Longer than this test may take.
  const file = fileOf('patient.json', JSON.stringify({ connectTimeout: 10 * timeout }))
  const broker = await startBroker(t, '--tls', '0', '--wss', '0', ...own, '--config', file)
  for (const url of broker.urls) {
    const socket = dialTcp(t, { ...toOf(url), allowHalfOpen: true }).resume()
    socket.write('\u0016\u0003\u0001')
    await once(socket, 'connect')
    const client = await dialSecure(t, url)
    await client.connect(url.protocol)
  }
  broker.process.kill('SIGTERM')
  assert.deepEqual(await broker.exited, [0, null])
})

test('wrong certificates and keys are reported in one line, with exit code 2', { timeout: 60_000 }, async () => {
  const other = filesOf('other', authority.issue('other'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  const text = fileOf('text.pem', 'text')
  const broken = fileOf('broken.pem', authority.cert.replace(/\n.{9}/, '\nAAAAAAAAA'))
  const none = join(folder, 'none.pem')
  const rows = [
    [['--tls', '0'], '--tls and --wss need --cert FILE and --key FILE'],
    [['--wss', '0', '--cert', server.cert], '--tls and --wss need --cert FILE and --key FILE'],
    [['--tls', '0', '--cert', none, '--key', server.key], `${none}: the file does not exist`],
    [['--tls', '0', '--cert', server.cert, '--key', none], `${none}: the file does not exist`],
    [['--tls', '0', '--cert', folder, '--key', server.key], `${folder}: it cannot be read (EISDIR)`],
    [['--tls', '0', '--cert', text, '--key', server.key], `${text}: it is not a certificate in PEM`],
    [['--tls', '0', '--cert', broken, '--key', server.key], `${broken}: it is not a certificate in PEM`],
    [['--tls', '0', '--cert', server.key, '--key', server.cert], `${server.key}: it is not a certificate in PEM`],
    [['--tls', '0', '--cert', server.cert, '--key', text], `${text}: it is not a private key in PEM`],
    [['--wss', '0', '--cert', server.cert, '--key', server.cert], `${server.cert}: it is not a private key in PEM`],
    [['--tls', '0', '--cert', server.cert, '--key', other.key], `${other.key}: it is not the key of ${server.cert}`],
    [['--tls', '0', '--cert', server.cert, '--key', fileOf('encrypted.pem', encrypted)], 'the key is encrypted'],
    [['--tls', '0', ...own, '--ca', none], `${none}: the file does not exist`],
    [['--tls', '0', ...own, '--ca', server.key], `${server.key}: it is not a certificate in PEM`],
    [['--tls', '0', ...own, '--ca', ''], '--ca is ""; it must be a path'],
    [['--tcp', '0', '--cert', server.cert], '--cert is for TLS; give --tls or --wss too'],
    [['--ws', '0', '--ca', ca], '--ca is for TLS; give --tls or --wss too'],
    [['--tls', '0', ...own, '--cert-username'], '--cert-username needs --ca FILE'],
    [['--tls', 'x', ...own], '--tls is "x"; it must be PORT or HOST:PORT'],
  ]
  for (const [args, expected] of rows) {
    const { code, stdout, stderr } = await run('broker', ...args)
    assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`)
    assert.ok(stderr.startsWith('wasmqtt: ') && stderr.includes(expected), stderr)
    assert.equal(stderr.split('\n').length, 2, stderr)
  }
})
