import { bytesOf } from '../util/bytes.js'
import { nextTask } from '../util/next-task.js'
import { WAITING_BYTES_MAX } from './node-stream.js'
import type { Transport, TransportListener } from './transport.js'

/** States of a WebSocket, by their numbers. */
const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const
const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3]

/** Close codes (RFC 6455 §7.4.1). The last two are of no frame. */
const NORMAL = 1000
const UNSUPPORTED_DATA = 1003
const NO_STATUS = 1005
const ABNORMAL = 1006
/** Limit of a close frame's reason, in bytes (RFC 6455 §5.5). */
const REASON_BYTES_MAX = 123

const encoder = new TextEncoder()

type Slot = ((event: never) => unknown) | null
type NodeListener = (...args: never[]) => unknown

/** The broker's side of a socket in the page. @internal */
export interface PageTransport extends Transport {
  /** The connection is lost, after what was sent. */
  lose(): void
}

/**
 * A WebSocket to a broker in the page, for clients that are made for WebSockets.
 *
 * It has the interface of a page's WebSocket. Some methods of the package `ws` let MQTT.js make a
 * Node stream of it.
 */
export class PageSocket extends EventTarget {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3

  static {
    for (const target of [PageSocket, PageSocket.prototype]) {
      for (const [value, name] of STATES.entries()) Object.defineProperty(target, name, { value, enumerable: true })
    }
  }

  readonly #schedule: (task: () => void) => void
  readonly #url: URL
  #binaryType = 'blob'
  #readyState = CONNECTING
  #protocol = ''
  #listener: TransportListener | undefined
  /** Frame of the event that is being dispatched. */
  #frame: Uint8Array | undefined
  readonly #slots = new Map<string, Slot>()
  readonly #listeners: { type: string; listener: NodeListener; give: (event: Event) => void }[] = []

  /** Events to dispatch, with the bytes of each. Every event has a task of its own. */
  readonly #due: { readonly tell: () => void; readonly bytes: number }[] = []
  #dueBytes = 0
  #isTelling = false
  #isPaused = false
  #isStopped = false

  /** Actions to run once the broker reads again, in order. */
  readonly #waiting = new Set<() => void>()
  #waitingBytes = 0
  #isHeld = false
  /** True while a Blob is read. */
  #isReading = false
  /** Bytes that were sent in this task, and those that were sent too late. */
  #taskBytes = 0
  #lostBytes = 0

  /**
   * `schedule` runs each event in a task of its own.
   *
   * @internal
   */
  constructor(
    url: string,
    protocols: readonly string[],
    connect: (transport: PageTransport) => void,
    schedule: (task: () => void) => void = nextTask,
  ) {
    super()
    this.#schedule = schedule
    this.#url = readUrl(url)
    checkProtocols(protocols)
    connect({
      attach: listener => {
        this.#listener = listener
      },
      open: () => this.#later(() => this.#onOpen(protocols)),
      send: frame => this.#onFrame(frame),
      pause: () => {
        this.#isHeld = true
      },
      resume: () => nextTask(() => this.#runWaiting()),
      close: fault => this.#later(() => this.#onClosed(fault ? UNSUPPORTED_DATA : NORMAL)),
      lose: () => this.#later(() => this.#onClosed(ABNORMAL)),
    })
  }

  get url(): string {
    return this.#url.href
  }

  get extensions(): string {
    return ''
  }

  get [Symbol.toStringTag](): string {
    return 'WebSocket'
  }

  /** Type of a message's `data`: `blob` or `arraybuffer`. Any other value is ignored. */
  get binaryType(): string {
    return this.#binaryType
  }

  set binaryType(type: string) {
    const text = `${type}`
    if (text === 'blob' || text === 'arraybuffer') this.#binaryType = text
  }

  /** 0 while opening, then 1; 2 while closing, then 3. */
  get readyState(): number {
    return this.#readyState
  }

  /**
   * Bytes that were sent in this task, or that the broker has not read, or that came after the
   * close. It reads at once, unless packets of this client wait for a hook or for the store.
   */
  get bufferedAmount(): number {
    return this.#taskBytes + this.#waitingBytes + this.#lostBytes
  }

  /** Subprotocol: `mqtt`, or `mqttv3.1` if only that was asked for. */
  get protocol(): string {
    return this.#protocol
  }

  get onopen(): Slot {
    return this.#slot('open')
  }

  set onopen(listener: Slot) {
    this.#fill('open', listener)
  }

  get onmessage(): Slot {
    return this.#slot('message')
  }

  set onmessage(listener: Slot) {
    this.#fill('message', listener)
  }

  get onerror(): Slot {
    return this.#slot('error')
  }

  set onerror(listener: Slot) {
    this.#fill('error', listener)
  }

  get onclose(): Slot {
    return this.#slot('close')
  }

  set onclose(listener: Slot) {
    this.#fill('close', listener)
  }

  /**
   * Sends a frame: a Blob, an ArrayBuffer or a view of one. Any other value is a text frame, which
   * MQTT does not have, and ends the connection.
   *
   * @param sent called when the broker has read it, as in the package `ws`.
   */
  send(data: string | Blob | ArrayBuffer | ArrayBufferView, sent?: (error?: Error) => void): void {
    const blob = data instanceof Blob ? data : undefined
    if (data === undefined) throw new TypeError('data must be a Blob, an ArrayBuffer or a view of one')
    const isText = !blob && !bytesOf(data)
    // A symbol throws.
    const given = isText ? encoder.encode(`${data}`) : bytesOf(data)
    if (this.#readyState === CONNECTING) throw new DOMException('the socket is not open yet', 'InvalidStateError')
    const length = blob?.size ?? (given as Uint8Array).length
    const isOpen = this.#readyState === OPEN
    // The caller may reuse the buffer meanwhile.
    const bytes = isOpen && this.#isHeld ? given?.slice() : given
    const send = () => {
      const listener = isOpen ? this.#listener : undefined
      if (listener && blob) return this.#read(blob, sent)
      if (isText) listener?.text()
      else if (bytes) listener?.receive(bytes)
      if (sent) nextTask(() => (listener ? sent() : sent(new Error('the socket is not open'))))
    }
    if (!isOpen) this.#lostBytes += length
    else if (!this.#isHeld && !blob) this.#count(length)
    if (isOpen) this.#inOrder(send, length)
    else send()
  }

  /** Sends the bytes of a Blob, once they are read. All that follows waits. */
  #read(blob: Blob, sent: ((error?: Error) => void) | undefined): void {
    this.#isHeld = this.#isReading = true
    this.#waitingBytes += blob.size
    const end = (act: () => void) => {
      this.#isHeld = this.#isReading = false
      this.#waitingBytes -= blob.size
      act()
      if (!this.#isHeld) this.#runWaiting()
    }
    blob.arrayBuffer().then(
      buffer =>
        end(() => {
          this.#listener?.receive(new Uint8Array(buffer))
          sent?.()
        }),
      () => end(() => this.terminate()),
    )
  }

  /** Closes the socket. Idempotent. */
  close(code?: number, reason?: string): void {
    const status = code === undefined ? undefined : clamped(code)
    const bytes = encoder.encode(reason === undefined ? '' : `${reason}`)
    if (status !== undefined && status !== NORMAL && !(status >= 3000 && status <= 4999)) {
      throw new DOMException('the code must be 1000, or from 3000 to 4999', 'InvalidAccessError')
    }
    if (bytes.length > REASON_BYTES_MAX) throw syntaxError(`the reason has more than ${REASON_BYTES_MAX} bytes`)
    if (this.#readyState > OPEN) return
    this.#readyState = CLOSING
    this.#inOrder(() => this.#end(status ?? NO_STATUS, new TextDecoder().decode(bytes)))
  }

  /** As in `ws`: closes at once, without waiting until the broker has read the sent frames. */
  terminate(): void {
    if (this.#readyState === CLOSED) return
    this.#readyState = CLOSING
    this.#end(ABNORMAL)
  }

  /** As in `ws`: stops the events of frames, and in time the broker. */
  pause(): void {
    this.#isPaused = true
  }

  /** As in `ws`. */
  resume(): void {
    this.#isPaused = false
    this.#tellNext()
  }

  /** As in `ws`. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** As in `ws`: the listener gets the arguments of that package. */
  on(type: string, listener: NodeListener): this {
    return this.#listen(type, listener, false)
  }

  /** As in `ws`. */
  once(type: string, listener: NodeListener): this {
    return this.#listen(type, listener, true)
  }

  /** As in `ws`. */
  off(type: string, listener: NodeListener): this {
    const at = this.#listeners.map(each => each.type === type && each.listener === listener).lastIndexOf(true)
    for (const { give } of at < 0 ? [] : this.#listeners.splice(at, 1)) this.removeEventListener(type, give)
    return this
  }

  /** As in `ws`. */
  removeListener(type: string, listener: NodeListener): this {
    return this.off(type, listener)
  }

  /**
   * Stand-in for the stream that `createWebSocketStream` of `ws` watches for the end of writing: at
   * once. @internal
   */
  get _socket(): object {
    return {
      _writableState: { finished: this.#readyState === CLOSED },
      once: (_: 'finish', finished: () => void) => nextTask(finished),
    }
  }

  #listen(type: string, listener: NodeListener, once: boolean): this {
    const give = (event: Event) => {
      if (once) this.off(type, listener)
      listener.apply(this, this.#nodeArguments(event) as never[])
    }
    this.#listeners.push({ type, listener, give })
    this.addEventListener(type, give)
    return this
  }

  /** Arguments of a listener of `on`. */
  #nodeArguments({ type, code, reason, error }: Event & Partial<CloseEvent & ErrorEvent>): unknown[] {
    if (type === 'message') return [this.#frame, true]
    if (type === 'close') return [code, encoder.encode(reason)]
    return type === 'error' ? [error] : []
  }

  #slot(type: string): Slot {
    return this.#slots.get(type) ?? null
  }

  /**
   * Sets an event handler (HTML §8.1.8.1). One that is replaced keeps its place among the others.
   * An object is kept too, and not called.
   */
  #fill(type: string, listener: Slot): void {
    const isSet = typeof listener === 'function' || (typeof listener === 'object' && listener !== null)
    if (isSet && !this.#slots.has(type)) this.addEventListener(type, this.#callSlot)
    if (isSet) this.#slots.set(type, listener)
    else if (this.#slots.delete(type)) this.removeEventListener(type, this.#callSlot)
  }

  readonly #callSlot = (event: Event) => {
    const slot: unknown = this.#slots.get(event.type)
    if (typeof slot === 'function') slot.call(this, event)
  }

  /** Opens, if the client offers a subprotocol of MQTT [MQTT-6.0.0-3]. */
  #onOpen(protocols: readonly string[]): void {
    if (this.#readyState !== CONNECTING) return
    const protocol = ['mqtt', 'mqttv3.1'].find(name => protocols.includes(name))
    if (protocol) {
      this.#readyState = OPEN
      this.#protocol = protocol
      this.dispatchEvent(new Event('open'))
    } else {
      this.#end(ABNORMAL)
    }
  }

  /** Counts bytes until the next task. */
  #count(bytes: number): void {
    if (this.#taskBytes === 0 && bytes > 0) {
      nextTask(() => {
        this.#taskBytes = 0
      })
    }
    this.#taskBytes += bytes
  }

  /** Runs the action, after those that wait. */
  #inOrder(act: () => void, bytes = 0): void {
    if (this.#isHeld) {
      this.#waitingBytes += bytes
      this.#waiting.add(() => {
        this.#waitingBytes -= bytes
        act()
      })
    } else {
      act()
    }
  }

  #runWaiting(): void {
    if (this.#isReading) return
    this.#isHeld = false
    for (const act of this.#waiting) {
      this.#waiting.delete(act)
      act()
      if (this.#isHeld) return
    }
  }

  /** Ends the connection, after the frames of this task. No more frames come. */
  #end(code: number, reason?: string): void {
    this.#listener?.gone()
    this.#later(() => this.#onClosed(code, reason))
  }

  #onFrame(frame: Uint8Array<ArrayBuffer>): boolean {
    this.#later(() => this.#onMessage(frame), frame.length)
    this.#isStopped = this.#dueBytes >= WAITING_BYTES_MAX
    return !this.#isStopped
  }

  #onMessage(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#readyState !== OPEN) return
    this.#frame = frame
    const data = this.#binaryType === 'blob' ? new Blob([frame]) : frame.buffer
    this.dispatchEvent(new MessageEvent('message', { data, origin: this.#url.origin }))
  }

  /** Without an `open` event before, the broker could not be reached. */
  #onClosed(given: number, reason = ''): void {
    if (this.#readyState === CLOSED) return
    this.#readyState = CLOSED
    this.#listener = undefined
    // The broker reads no more, so each sender that waits hears of it.
    this.#runWaiting()
    const code = this.#protocol ? given : ABNORMAL
    const details = { code, reason: code === given ? reason : '', wasClean: code !== ABNORMAL }
    if (!this.#protocol) {
      const error = new Error('the broker is closed, or no subprotocol of MQTT was offered')
      this.dispatchEvent(Object.assign(new Event('error'), { error, message: error.message }))
    }
    // Node 20 has no CloseEvent.
    const isNative = typeof CloseEvent === 'function'
    this.dispatchEvent(isNative ? new CloseEvent('close', details) : Object.assign(new Event('close'), details))
  }

  #later(tell: () => void, bytes = 0): void {
    this.#due.push({ tell, bytes })
    this.#dueBytes += bytes
    this.#tellNext()
  }

  #tellNext(): void {
    if (this.#isTelling || this.#isPaused || this.#due.length === 0) return
    this.#isTelling = true
    this.#schedule(() => {
      this.#isTelling = false
      if (this.#isPaused) return
      const due = this.#due.shift()
      this.#dueBytes -= due?.bytes ?? 0
      this.#tellNext()
      due?.tell()
      if (this.#isStopped && this.#dueBytes < WAITING_BYTES_MAX / 2) {
        this.#isStopped = false
        this.#listener?.writable()
      }
    })
  }
}

/** Parses a URL as `new WebSocket` does (WebSockets §3.1). Throws a SyntaxError. */
function readUrl(text: string): URL {
  const { document, location } = globalThis
  let url: URL | undefined
  try {
    url = new URL(text, document?.baseURI ?? location?.href)
  } catch {
    // It is told below.
  }
  if (url) url.protocol = url.protocol.replace(/^http/, 'ws')
  if (!url || !/^wss?:$/.test(url.protocol)) throw syntaxError(`${text} is no URL of a WebSocket, such as ws://test`)
  if (url.href.includes('#')) throw syntaxError(`${text} has a #fragment, which a WebSocket's URL cannot have`)
  return url
}

/** Checks that the names are tokens, and different (WebSockets §3.1). Throws a SyntaxError. */
function checkProtocols(names: readonly string[]): void {
  if (new Set(names).size < names.length) throw syntaxError('a subprotocol is given twice')
  const wrong = names.find(name => !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
  if (wrong !== undefined) throw syntaxError(`"${wrong}" is no name of a subprotocol`)
}

/** Converts to an unsigned short as `[Clamp]` of Web IDL: to the nearest, of two to the even. */
function clamped(value: number): number {
  // Not by `Number()`, which takes a BigInt.
  const number = Math.min(Math.max(+value || 0, 0), 65_535)
  const nearest = Math.round(number)
  return nearest - number === 0.5 ? nearest - (nearest % 2) : nearest
}

const syntaxError = (message: string) => new DOMException(message, 'SyntaxError')
