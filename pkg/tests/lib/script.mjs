// A WebSocket server that does as a test says, with a codec that is not ours.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { WebSocket, WebSocketServer } from 'ws'
import { closed } from './raw-socket.mjs'

const { generate, parser } = createRequire(import.meta.url)('mqtt-packet')

/** Option that a client in Node needs. */
export const createWebSocket = (url, protocols) => new WebSocket(url, protocols)

/** The server's end of one connection. */
class Peer {
  packets = []
  #version = 5
  #waiting = []

  constructor(socket) {
    this.socket = socket
    const read = parser({ protocolVersion: 5 })
    read.on('packet', packet => {
      if (packet.cmd === 'connect') this.#version = packet.protocolVersion
      this.packets.push(packet)
      this.#waiting.shift()?.()
    })
    socket.on('message', data => read.parse(data))
    this.closed = closed(socket).then(([code]) => code)
  }

  /** The next packet, in order; undefined if the connection closed first. */
  async next(cmd) {
    while (this.packets.length === 0 && this.socket.readyState === WebSocket.OPEN) {
      await Promise.race([new Promise(resolve => this.#waiting.push(resolve)), this.closed])
    }
    const packet = this.packets.shift()
    if (cmd && packet?.cmd !== cmd) throw new Error(`expected ${cmd}, got ${packet?.cmd ?? 'the close'}`)
    return packet
  }

  send(packet) {
    this.bytes(generate(packet, { protocolVersion: this.#version }))
  }

  bytes(bytes) {
    this.socket.send(Uint8Array.from(bytes))
  }

  /** Answers CONNECT. */
  async accept(connack = {}) {
    const connect = await this.next('connect')
    this.send({ cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false, ...connack })
    return connect
  }

  /** Answers SUBSCRIBE. */
  async grant(...codes) {
    const subscribe = await this.next('subscribe')
    const granted = codes.length > 0 ? codes : subscribe.subscriptions.map(({ qos }) => qos)
    this.send({ cmd: 'suback', messageId: subscribe.messageId, granted, reasonCodes: granted })
    return subscribe
  }
}

/** Starts a server that runs `script(peer)` for each connection. */
export async function startScript(script) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mqtt' })
  await once(server, 'listening')
  const runs = []
  server.on('connection', socket => runs.push(script(new Peer(socket))))
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    /** Resolves with the results of the scripts. */
    finished: () => Promise.all(runs),
    async stop() {
      for (const socket of server.clients) socket.terminate()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/**
 * Starts a server that accepts each client and leaves its other packets to the test, and a client
 * of it. `connack` are fields of CONNACK. Both end with the test.
 */
export async function startClient(t, connect, options, connack) {
  let peer
  const server = await startScript(async connected => {
    peer = connected
    await peer.accept(connack)
    await peer.closed
  })
  const client = await connect(server.url, { createWebSocket, ...options })
  t.after(async () => {
    await client.end()
    await server.stop()
  })
  return { client, peer, server }
}
