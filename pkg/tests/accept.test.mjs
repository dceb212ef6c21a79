// Sockets in every state that are given to `accept`, homemade ones that fail, and page sockets.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { told } from './lib/broker-events.mjs'
import { FakeWebSocket } from './lib/fake-web-socket.mjs'
import { install, load } from './lib/packed.mjs'
import { pair } from './lib/pair.mjs'
import { RawClient } from './lib/peer.mjs'
import { closed } from './lib/raw-socket.mjs'

const { Broker, OptionError, connect } = await load(install(), 'wasmqtt/broker')

const timeout = 20_000
const MESSAGES = 10

function open(t, options) {
  const broker = new Broker(options)
  t.after(() => broker.close())
  return broker
}

/**
 * Streams in every state: each writes what it has, and has its stream given to `accept` then,
 * before, or between.
 */
const states = {
  'that is untouched': ({ far, write, accept }) => {
    write()
    accept(far)
  },
  'that is paused': ({ far, write, accept }) => {
    far.pause()
    write()
    accept(far)
  },
  'that flows': ({ far, write, accept }) => {
    far.resume()
    accept(far)
    write()
  },
  'that flows, and has more with each turn': async ({ far, write, accept }) => {
    far.resume()
    await turn()
    accept(far)
    for (let at = 0; at < MESSAGES + 1; at++) {
      write(1)
      await null
    }
  },
  'that flowed to a listener which is gone': async ({ far, write, accept }) => {
    const listener = () => {}
    far.on('data', listener)
    await turn()
    far.off('data', listener)
    accept(far)
    write()
  },
  'that has bytes put back, after a pause': async ({ far, write, accept }) => {
    far.once('data', bytes => {
      far.pause()
      far.unshift(bytes.subarray(3))
      far.unshift(bytes.subarray(0, 3))
      accept(far)
    })
    write(2)
    await turn()
    write()
  },
  'that has bytes put back, while it flows': async ({ far, write, accept }) => {
    far.once('data', bytes => {
      far.unshift(bytes)
      accept(far)
    })
    write(2)
    await turn()
    write()
  },
  'that has bytes put back, by who reads them when they are there': async ({ far, write, accept }) => {
    far.once('readable', () => {
      far.unshift(far.read())
      accept(far)
      // After it was given away too.
      far.unshift(Buffer.alloc(0))
    })
    write(2)
    await turn()
    write()
  },
  'that still has a listener for its bytes': async ({ far, write, accept }) => {
    far.on('readable', () => {})
    write(2)
    await turn()
    accept(far)
    write()
  },
  'that was read by an iterator': async ({ far, write, accept }) => {
    write(2)
    for await (const bytes of far.iterator({ destroyOnReturn: false })) {
      far.unshift(bytes)
      break
    }
    accept(far)
    write()
  },
  'that has its end behind its bytes': ({ far, near, write, accept }) => {
    write()
    near.end()
    accept(far)
  },
  'of objects that are bytes': ({ far, write, accept }) => {
    write()
    accept(far)
  },
}

for (const isLoaded of [false, true]) {
  test(`a stream loses nothing, ${isLoaded ? 'after' : 'before'} the module is loaded`, { timeout }, async t => {
    // Every broker of a package but its first finds the module loaded.
    const fresh = await load(install(), 'wasmqtt/broker')
    const broker = new fresh.Broker()
    t.after(() => broker.close())
    if (isLoaded) await broker.ready
    const runs = Object.entries(states).map(async ([state, reach], index) => {
      const isObjects = state.includes('objects')
      const [far, near] = pair(isObjects ? { objectMode: true } : {})
      const client = RawClient.overStream(near, 4)
      const packets = [
        client.connectPacket(`${index}`),
        ...Array.from({ length: MESSAGES }, (_, at) => {
          return { cmd: 'publish', topic: 'a', payload: `${at}`, qos: 1, messageId: at + 1 }
        }),
      ]
      const write = (count = packets.length) => {
        for (const packet of packets.splice(0, count)) near.write(client.bytes(packet))
      }
      await reach({ far, near, write, accept: socket => broker.accept(socket) })
      const came = []
      for (let at = 0; at < MESSAGES + 1; at++) {
        const packet = await client.next()
        came.push(packet?.messageId ?? packet?.cmd)
      }
      const expected = ['connack', ...Array.from({ length: MESSAGES }, (_, at) => at + 1)]
      assert.deepEqual(came, expected, `a stream ${state}`)
    })
    await Promise.all(runs)
  })
}

test('a WebSocket of ws that is paused loses nothing', { timeout }, async t => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mqtt' })
  t.after(() => server.close())
  await once(server, 'listening')
  const near = new WebSocket(`ws://127.0.0.1:${server.address().port}`, 'mqtt')
  t.after(() => near.terminate())
  const client = RawClient.overWebSocket(near)
  const [far] = await once(server, 'connection')
  far.pause()
  await once(near, 'open')
  client.send(client.connectPacket('paused'))
  await turn()
  open(t).accept(far)
  assert.equal((await client.next('connack')).reasonCode, 0)
})

test('a WebSocket of ws whose early frames wait for a hook stays paused until then', { timeout }, async t => {
  // Every broker of a package but its first finds the module loaded.
  const fresh = await load(install(), 'wasmqtt/broker')
  let allow
  let isAsked
  const asked = new Promise(resolve => {
    isAsked = resolve
  })
  const authenticate = () => {
    isAsked()
    return new Promise(resolve => {
      allow = resolve
    })
  }
  const broker = new fresh.Broker({ authenticate, inputBytesMaximum: 16_000 })
  t.after(() => broker.close())
  const reading = []
  const socket = Object.assign(new EventEmitter(), {
    readyState: 1,
    bufferedAmount: 0,
    pause: () => reading.push('paused'),
    resume: () => reading.push('resumed'),
    send: bytes => client.received(Buffer.from(bytes)),
    close: () => {},
    terminate: () => {},
  })
  const client = new RawClient(bytes => socket.emit('message', bytes, true))
  broker.accept(socket)
  const publish = { cmd: 'publish', topic: 'a', payload: 'x'.repeat(2_000), qos: 0 }
  client.send(client.connectPacket('early'), publish, { cmd: 'pingreq' })
  await asked
  await turn()
  assert.equal(reading.at(-1), 'paused')
  allow(true)
  await client.next('connack')
  await client.next('pingresp')
  await turn()
  assert.equal(reading.at(-1), 'resumed')
})

test('a WebSocket of ws 7 tells frames of bytes and of text by their type', { timeout }, async t => {
  const broker = open(t)
  const closed = new Promise(resolve => {
    const socket = Object.assign(new EventEmitter(), {
      readyState: 1,
      bufferedAmount: 0,
      send: bytes => client.received(Buffer.from(bytes)),
      close: resolve,
      terminate: () => {},
    })
    const client = new RawClient(bytes => socket.emit('message', bytes))
    broker.accept(socket)
    client.connect('seven').then(({ reasonCode }) => {
      assert.equal(reasonCode, 0)
      socket.emit('message', 'text')
    })
  })
  assert.equal(await closed, 1003)
})

test('a socket is given once', { timeout }, async t => {
  const [broker, other] = [open(t), open(t)]
  const [far, near] = pair()
  const client = RawClient.overStream(near, 4)
  broker.accept(far)
  for (const each of [broker, other]) {
    assert.throws(
      () => each.accept(far),
      error => error instanceof OptionError && /before/.test(error.message),
    )
  }
  assert.equal((await client.connect('once')).returnCode, 0)
})

test('a stream that has ended is closed, as is one that cannot be written', { timeout }, async t => {
  const broker = open(t)
  await broker.ready
  const [over, other] = pair()
  over.resume()
  other.end()
  await once(over, 'end')
  broker.accept(over)
  other.resume()
  await once(other, 'end')

  const [mute, speaker] = pair()
  mute.end()
  broker.accept(mute)
  const gone = closed(mute)
  const client = RawClient.overStream(speaker)
  client.send(client.connectPacket('mute'))
  await gone
  assert.deepEqual(broker.clients(), [])
})

test('a stream that brings text or objects ends, and nobody else', { timeout }, async t => {
  const broker = open(t)
  const other = await connect(broker)
  const [texts, writer] = pair()
  broker.accept(texts)
  const client = RawClient.overStream(writer)
  await client.connect('texts')
  const disconnected = told(broker, 'disconnected')
  const ended = once(writer, 'end')
  texts.setEncoding('latin1')
  client.send({ cmd: 'pingreq' })
  assert.equal((await disconnected).cause.kind, 'fault')
  await ended

  for (const value of ['text', { an: 'object' }, 7]) {
    const [objects] = pair({ objectMode: true })
    broker.accept(objects)
    const gone = closed(objects)
    const rejected = told(broker, 'rejected')
    objects.push(value)
    assert.equal((await rejected).cause.kind, 'fault')
    objects.push(null)
    await gone
  }
  const encoded = pair()[0].setEncoding('utf8')
  assert.throws(() => broker.accept(encoded), OptionError)
  await other.publish('still', 'there', { qos: 1 })
  await other.end()
})

test('a stream of objects that takes no more fills the queue of its client alone', { timeout }, async t => {
  const broker = open(t, { queue: { messages: 10 } })
  let goOn
  let written = 0
  const slow = new Duplex({
    objectMode: true,
    read() {},
    write(_frame, _, done) {
      written += 1
      if (written === 1) return done()
      goOn = done
    },
  })
  t.after(() => slow.destroy())
  broker.accept(slow)
  const client = new RawClient(bytes => slow.push(bytes))
  client.send(client.connectPacket('slow'), {
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [{ topic: 'a', qos: 1 }],
  })
  await told(broker, 'subscribed')
  for (let at = 0; at < 100; at++) {
    await broker.publish('a', `${at}`, { qos: 1 })
    await turn()
  }
  assert.ok(slow.writableLength <= 20, `${slow.writableLength}`)
  assert.equal(broker.sessions()[0].queued, 10)
  goOn()
})

/** Homemade sockets whose methods fail, by what they look like. */
const fails = {
  throws: () => {
    throw new Error('of the transport')
  },
  rejects: async () => {
    throw new Error('of the transport')
  },
}
const made = {
  stream: () => {
    const [far, near] = pair()
    return { socket: far, client: RawClient.overStream(near) }
  },
  'socket of ws': () => {
    const events = new Map()
    const socket = {
      binaryType: 'nodebuffer',
      readyState: 1,
      bufferedAmount: 0,
      on: (type, listener) => events.set(type, listener),
      send: bytes => client.received(Buffer.from(bytes)),
      pause() {},
      resume() {},
      close() {},
      terminate() {},
    }
    const client = new RawClient(bytes => events.get('message')(bytes, true))
    return { socket, client }
  },
  'page socket': () => {
    const socket = new FakeWebSocket()
    const client = new RawClient(bytes => socket.give(bytes))
    socket.received = bytes => client.received(bytes)
    return { socket, client }
  },
}
const sending = { stream: 'write', 'socket of ws': 'send', 'page socket': 'send' }
const ending = {
  stream: ['end', 'destroy', 'pause', 'resume'],
  'socket of ws': ['close', 'terminate', 'pause', 'resume'],
  'page socket': ['close'],
}

for (const [name, make] of Object.entries(made)) {
  for (const [way, fail] of Object.entries(fails)) {
    for (const isClosable of [true, false]) {
      const more = isClosable ? '' : ', as all its other methods'
      test(`a ${name} whose ${sending[name]} ${way}${more}, ends alone`, { timeout }, async t => {
        const broker = open(t)
        const watcher = await connect(broker)
        const wills = watcher.messages('will')
        const { socket, client } = make()
        broker.accept(socket)
        await client.connect('broken', { will: { topic: 'will', payload: 'gone', qos: 0 } })
        await client.subscribe('a')
        const disconnected = told(broker, 'disconnected')
        socket[sending[name]] = fail
        if (!isClosable) for (const method of ending[name]) socket[method] = fail
        await broker.publish('a', 'x')
        assert.equal((await disconnected).cause.kind, 'transport-closed')
        assert.equal((await wills.next()).value.text(), 'gone')
        assert.deepEqual(
          broker.clients().map(({ clientId }) => clientId),
          [watcher.clientId],
        )
        await watcher.publish('still', 'there', { qos: 1 })
        await watcher.end()
      })
    }
    test(`a ${name} whose close ${way} keeps nobody`, { timeout }, async t => {
      const broker = open(t)
      const watcher = await connect(broker)
      const { socket, client } = make()
      broker.accept(socket)
      await client.connect('stubborn')
      for (const method of ending[name]) socket[method] = fail
      assert.ok(broker.disconnect('stubborn'))
      await watcher.publish('still', 'there', { qos: 1 })
      assert.deepEqual(
        broker.clients().map(({ clientId }) => clientId),
        [watcher.clientId],
      )
      await watcher.end()
    })
  }
}

/** Causes for which the broker closes a page's WebSocket, each with what brings it about. */
const causes = {
  'a text frame': ({ socket }) => socket.dispatchEvent(new MessageEvent('message', { data: 'text' })),
  'a text frame before CONNECT': [({ socket }) => socket.dispatchEvent(new MessageEvent('message', { data: 'text' }))],
  'a Blob': ({ socket }) => socket.dispatchEvent(new MessageEvent('message', { data: new Blob(['x']) })),
  'a malformed packet': ({ socket }) => socket.give([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'no MQTT': [({ socket }) => socket.give(Buffer.from('GET / HTTP/1.1\r\n'))],
  'its DISCONNECT': ({ client }) => client.send({ cmd: 'disconnect' }),
  'a second CONNECT': ({ client }) => client.send(client.connectPacket('guest')),
  'a refusal': [
    ({ client }) => client.send(client.connectPacket('guest', { will: { topic: '$SYS/x', payload: 'x' } })),
  ],
  'the broker’s disconnect': ({ broker }) => broker.disconnect('guest'),
  'the broker’s end': ({ broker }) => void broker.close(),
  'its silence before CONNECT': [() => {}],
}

for (const [cause, bring] of Object.entries(causes)) {
  test(`a page’s WebSocket is closed for ${cause}`, { timeout }, async t => {
    const broker = open(t, cause.includes('silence') ? { connectTimeout: 100 } : {})
    await broker.ready
    const { socket, client } = made['page socket']()
    const closing = once(socket, 'closing')
    broker.accept(socket)
    if (typeof bring === 'function') await client.connect('guest')
    const act = typeof bring === 'function' ? bring : bring[0]
    act({ broker, socket, client })
    await closing
    assert.ok(socket.closedWith === 1000 || socket.closedWith >= 3000, `${socket.closedWith}`)
  })
}
