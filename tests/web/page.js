// The surroundings of a client in tests: a host in place of the TypeScript face, and a stand-in for
// WebSocket.

/** How long a test waits for something before it says what came instead. */
const PATIENCE_MS = 10_000

const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis
const decoder = new TextDecoder()

/** From here on a payload with a place in its frame need not be in memory too. */
const LARGE_FRAME_BYTES = 4096

/** What was thrown where nobody could catch it: in an event, a microtask or a timer. */
const thrown = []
addEventListener('error', event => thrown.push(event.message))
addEventListener('unhandledrejection', event => thrown.push(String(event.reason)))

/** Takes what was thrown since it was last asked. */
export const uncaught = () => thrown.splice(0)

/** Resolves when all microtasks have run, and what they threw has been told. */
export const turn = () =>
  new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port2.onmessage = () => {
      port2.close()
      resolve()
    }
    port1.postMessage(undefined)
  })

/** A host that writes down in one line what it is told, and the same for what is sent. */
export class Host {
  lines = []
  messages = []
  /** The client that calls. */
  core
  #packets = []
  #memory
  #frame = new ArrayBuffer(0)
  #topics = []
  #handlers = []
  #actions = new Map()
  #waiting = new Set()

  constructor(memory) {
    this.#memory = memory
  }

  forget() {
    this.lines = []
    this.messages = []
  }

  /** Runs the action whenever a line is written that starts so. */
  on(start, action) {
    this.#actions.set(start, action)
  }

  write(line) {
    this.lines.push(line)
    for (const look of this.#waiting) look()
    for (const [start, action] of this.#actions) if (line.startsWith(start)) action(line)
  }

  /** Resolves once so many lines start so. */
  until(start, count) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.lines.filter(line => line.startsWith(start)).length < count) return
        this.#waiting.delete(look)
        stopTimer(guard)
        resolve()
      }
      const guard = startTimer(() => {
        this.#waiting.delete(look)
        reject(new Error(`waited in vain for ${count} of "${start}"; there is:\n${this.lines.join('\n')}`))
      }, PATIENCE_MS)
      this.#waiting.add(look)
      look()
    })
  }

  frame(event) {
    if (!('data' in event)) return -2
    const { data } = event
    if (!(data instanceof ArrayBuffer)) return -1
    this.#frame = data
    return data.byteLength
  }

  fill(address, from = 0, to = this.#frame.byteLength) {
    new Uint8Array(this.#memory.buffer).set(new Uint8Array(this.#frame, from, to - from), address)
  }

  route(slot, topicAddress, topicBytes, handlersAddress, handlers) {
    this.#topics[slot] = decoder.decode(this.#copy(topicAddress, topicBytes))
    this.#handlers[slot] = Array.from(new Uint32Array(this.#memory.buffer, handlersAddress, handlers))
  }

  message(slot, flags, address, payloadBytes, propertiesBytes, offset) {
    const message = {
      topic: this.#topics[slot],
      handlers: this.#handlers[slot].join(' '),
      flags,
      payload: this.#payload(address, payloadBytes, offset),
      properties: this.#copy(address - propertiesBytes, propertiesBytes),
      offset,
    }
    this.messages.push(message)
    this.write(`message ${message.topic} ${decoder.decode(message.payload)}`)
  }

  /** The next slice begins in a task of its own. */
  pause() {
    turn().then(() => this.core.__wbg_ptr && this.core.resume())
  }

  connected(sessionPresent, properties) {
    this.write(`connected ${sessionPresent} ${JSON.stringify(properties)}`)
  }

  done(request, reasonCode) {
    this.write(`done ${request} ${reasonCode}`)
  }

  failed(request, code, message, reasonCode) {
    if (typeof message !== 'string' || message === '') this.write('a failure without a message')
    this.write(`failed ${request} ${code} ${reasonCode}`)
  }

  open(attempt) {
    this.attempt = attempt
    this.opens?.(attempt)
  }

  notice() {}

  closed(code, message, reasonCode, rule) {
    if (typeof message !== 'string' || message === '') this.write('an end without a message')
    this.write(`closed ${code} ${reasonCode} ${rule}`)
  }

  packet(outgoing, header, packetId, reasonCode, topic, payloadBytes, bytes) {
    const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
    this.#packets.push(`packet ${outgoing} ${header} ${packetId} ${reasonCode} ${topic} ${payloadBytes} ${hex}`)
  }

  tellPackets() {
    for (const line of this.#packets.splice(0)) this.write(line)
  }

  /** A payload is where it is said to be in memory, and in the frame if it has a place there. */
  #payload(address, length, offset) {
    if (offset < 0) return this.#copy(address, length)
    const inFrame = new Uint8Array(this.#frame, offset, length).slice()
    const isLarge = this.#frame.byteLength >= LARGE_FRAME_BYTES
    if (!isLarge && inFrame.toString() !== this.#copy(address, length).toString()) this.write('two payloads')
    return inFrame
  }

  #copy(address, length) {
    return new Uint8Array(this.#memory.buffer, address, length).slice()
  }
}

/**
 * Joins a client with its host, which has credentials and a transport for the next attempt, or for
 * the one that waits for them.
 */
export function attend(core, host) {
  const { open, link, setCredentials, wake } = core
  let credentials
  const next = opens => {
    host.opens = attempt => {
      host.opens = host.attempt = undefined
      if (credentials) setCredentials.call(core, attempt, ...credentials)
      opens(attempt)
    }
    if (host.attempt) host.opens(host.attempt)
    else core.connect()
  }
  core.opening = () => core.connect()
  core.setCredentials = (...given) => {
    credentials = given
  }
  core.open = socket => next(attempt => open.call(core, attempt, socket))
  core.link = broker => next(attempt => link.call(core, attempt, broker))
  core.wake = () => wake.call(core, true)
}

/**
 * A WebSocket whose other end is the test. What the client sends is written into the host's lines.
 */
export class FakeSocket {
  binaryType = 'blob'
  readyState = 0
  bufferedAmount = 0
  onopen = null
  onmessage = null
  onclose = null
  closeCalls = 0
  /** Called inside send(), as only a socket that is not the browser's would do. */
  answer = undefined
  #host
  #describe
  #frames = []

  constructor(host, describe) {
    this.#host = host
    this.#describe = describe
  }

  send(frame) {
    if (this.readyState !== 1) throw new Error('the socket is not open')
    const line = this.#describe(frame)
    this.#frames.push(frame.slice())
    this.#host.write(`> ${line}`)
    this.answer?.(line)
  }

  close() {
    this.closeCalls += 1
    this.readyState = 3
    this.#host.write('socket closed')
  }

  /** The bytes of a frame that the client sent. */
  sent(index) {
    return this.#frames[index]
  }

  /** The connection stands. */
  open() {
    this.readyState = 1
    this.onopen?.({ type: 'open' })
  }

  /** The broker sends a binary frame. */
  receive(bytes) {
    this.onmessage?.({ data: bytes.slice().buffer })
  }

  /** The broker sends a text frame. */
  receiveText(text) {
    this.onmessage?.({ data: text })
  }

  /** The connection is lost. */
  lose() {
    this.readyState = 3
    this.onclose?.({ type: 'close' })
  }

  /** What its slots hold. */
  get slots() {
    return [this.onopen, this.onmessage, this.onclose].map(slot => (slot === null ? 'null' : typeof slot)).join(' ')
  }
}

/** Counts the page's timers from now on. */
export class Timers {
  #running = new Set()

  constructor() {
    globalThis.setTimeout = (action, delay) => {
      const timer = startTimer(() => {
        this.#running.delete(timer)
        action()
      }, delay)
      this.#running.add(timer)
      return timer
    }
    globalThis.clearTimeout = timer => {
      this.#running.delete(timer)
      stopTimer(timer)
    }
  }

  /** Timers that never run, as those of a page that nobody looks at. */
  static heldBack() {
    const timers = new Timers()
    globalThis.setTimeout = () => undefined
    return timers
  }

  get running() {
    return this.#running.size
  }

  /** Counts no longer. */
  restore() {
    globalThis.setTimeout = startTimer
    globalThis.clearTimeout = stopTimer
  }
}
