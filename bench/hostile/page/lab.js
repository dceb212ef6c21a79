// A broker in the page or the process, with an innocent client, and the longest wait of its ping.
import { Broker } from 'wasmqtt/broker'
import { connect, PINGREQ } from './packets.js'

/**
 * Milliseconds of a clock. In Node it is the processor time of the process, so that other load of
 * the machine does not count. A page has only the time.
 */
export const clock = () => {
  const used = globalThis.process?.cpuUsage?.()
  return used ? (used.user + used.system) / 1000 : performance.now()
}

/** Bytes that a client sends at once. */
const CHUNK = 64 * 1024
/** A wait below this, so many times in a row, ends a row, in milliseconds. */
const QUIET_MS = 5
const QUIET_PINGS = 5
/** Time limit of the work that a hostile client leaves, in milliseconds. */
const REST_MS = 20_000

/** A client on a socket of the broker. It counts the frames that it hears. */
class Peer {
  #wake
  frames = 0
  isClosed = false

  constructor(broker) {
    this.socket = broker.socket()
    this.socket.binaryType = 'arraybuffer'
    this.socket.onmessage = () => {
      this.frames++
      this.#wake?.()
    }
    this.opened = new Promise(resolve => {
      this.socket.onopen = resolve
    })
    this.socket.onclose = () => {
      this.isClosed = true
      this.#wake?.()
    }
  }

  /** Sends bytes, and waits for a frame. */
  async ask(bytes) {
    const before = this.frames
    this.socket.send(bytes)
    while (this.frames === before && !this.isClosed) {
      await new Promise(resolve => {
        this.#wake = resolve
      })
    }
  }
}

export class Lab {
  #broker
  #innocent
  #longest = 0

  static async open(options = {}) {
    const lab = new Lab()
    lab.#broker = await new Broker({ connectionsMaximum: 200_000, sessionsMaximum: 200_000, ...options }).ready
    lab.#innocent = await lab.join('innocent', { clean: true, expiry: 0 })
    return lab
  }

  /** Connects a client whose session outlives its connection. */
  async join(clientId, options) {
    const peer = await this.open()
    await peer.ask(connect(clientId, options))
    return peer
  }

  async open() {
    const peer = new Peer(this.#broker)
    await peer.opened
    return peer
  }

  /** Joins clients, some at a time. `then` is called with each. */
  async crowd(count, options, then) {
    const peers = []
    for (let from = 0; from < count; from += 500) {
      const some = Array.from({ length: Math.min(500, count - from) }, async (_, place) => {
        const peer = await this.join(`m${from + place}`, options)
        await then(peer, from + place)
        return peer
      })
      peers.push(...(await Promise.all(some)))
    }
    return peers
  }

  /** Sends hostile bytes in chunks, and measures a ping beside each. */
  async attack(peer, bytes) {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      await this.#measure(() => peer.isClosed || peer.socket.send(bytes.slice(at, at + CHUNK)))
    }
  }

  /** Measures a ping beside a call. */
  async #measure(call) {
    const begin = clock()
    call()
    await this.#innocent.ask(PINGREQ)
    const wait = clock() - begin
    this.#longest = Math.max(this.#longest, wait)
    return wait
  }

  /** Measures a ping beside each list that the broker returns. */
  async list() {
    for (const name of ['clients', 'sessions', 'retained']) await this.#measure(() => this.#broker[name]())
  }

  /** Measures pings for a time. */
  async watch(milliseconds) {
    for (const begin = performance.now(); performance.now() - begin < milliseconds; ) {
      await this.#measure(() => {})
      await new Promise(resolve => setTimeout(resolve, 1))
    }
  }

  /** Measures pings beside the work that is left. Returns the longest wait of all. */
  async end() {
    let quiet = 0
    for (const begin = performance.now(); quiet < QUIET_PINGS && performance.now() - begin < REST_MS; ) {
      quiet = (await this.#measure(() => {})) < QUIET_MS ? quiet + 1 : 0
    }
    const { memory } = this.#broker.counters()
    await this.#broker.close()
    return { wait: this.#longest, memory: memory.highest }
  }
}
