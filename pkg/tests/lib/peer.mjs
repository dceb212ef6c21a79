// A client over a stream or a WebSocket, packet by packet, with a codec that is not ours.
import { createRequire } from 'node:module'

const { generate, parser } = createRequire(import.meta.url)('mqtt-packet')

/** A client that sends what it is told, and keeps what comes until it is asked for. */
export class RawClient {
  /** The frames or chunks that came. */
  frames = []
  #packets = []
  #waiting = []
  #send
  #version

  /**
   * `send` takes bytes; `received` of this is to be called with what comes, and `ended` at the end.
   */
  constructor(send, version = 5) {
    this.#send = send
    this.#version = version
    this.#parser = parser({ protocolVersion: version })
    this.#parser.on('packet', packet => {
      this.#packets.push(packet)
      this.#wake()
    })
    this.closed = new Promise(resolve => {
      this.ended = reason => {
        this.isClosed = true
        resolve(reason)
        this.#wake()
      }
    })
  }
  #parser

  /** Over a stream of Node. */
  static overStream(stream, version) {
    const client = new RawClient(bytes => stream.write(bytes), version)
    stream.on('data', bytes => client.received(bytes))
    stream.on('error', () => {})
    stream.on('close', () => client.ended())
    return client
  }

  /** Over a WebSocket. */
  static overWebSocket(socket, version) {
    const client = new RawClient(bytes => socket.send(bytes), version)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => client.received(Buffer.from(data))
    socket.onclose = ({ code }) => client.ended(code)
    socket.onerror = () => {}
    return client
  }

  received(bytes) {
    this.frames.push(bytes)
    this.#parser.parse(bytes)
  }

  /** Sends packets, all in one chunk. */
  send(...packets) {
    this.#send(Buffer.concat(packets.map(packet => this.bytes(packet))))
  }

  bytes(packet) {
    return generate(packet, { protocolVersion: this.#version })
  }

  /** CONNECT. */
  connectPacket(clientId, more = {}) {
    const protocol = { protocolId: 'MQTT', protocolVersion: this.#version }
    return { cmd: 'connect', ...protocol, clean: true, clientId, keepalive: 0, ...more }
  }

  /** Connects, and gives CONNACK. */
  async connect(clientId, more) {
    this.send(this.connectPacket(clientId, more))
    return this.next('connack')
  }

  async subscribe(topic, qos = 0) {
    this.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] })
    return this.next('suback')
  }

  /** The next packet, in order; undefined if the connection closed first. */
  async next(cmd) {
    while (this.#packets.length === 0 && !this.isClosed) await new Promise(resolve => this.#waiting.push(resolve))
    const packet = this.#packets.shift()
    if (cmd && packet?.cmd !== cmd) throw new Error(`expected ${cmd}, got ${packet?.cmd ?? 'the close'}`)
    return packet
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
