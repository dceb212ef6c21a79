import { nextTask } from '../util/next-task.js'
import { WAITING_BYTES_MAX } from './node-stream.js'
import type { Transport, TransportListener } from './transport.js'
import { bytesOf } from './websocket.js'

/** The connection ended. */
class PageCloseEvent extends Event {
  constructor(
    readonly code: number,
    readonly reason: string,
    readonly wasClean: boolean,
  ) {
    super('close')
  }
}

type Slot = ((event: never) => unknown) | null
type NodeListener = (...args: never[]) => unknown

/**
 * A WebSocket to a broker in the page, for clients that are made for WebSockets: what a page's has, and of that of the
 * package `ws` what is wanted to make a stream of it, as MQTT.js does in Node.
 */
export class PageSocket extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3

  readonly url: string
  readonly extensions = ''
  /** What the `data` of a message is: a `Blob`, or else an `ArrayBuffer`. */
  binaryType = 'blob'

  #readyState = PageSocket.CONNECTING as number
  #protocol = ''
  #listener: TransportListener | undefined
  /** The one that is being told. */
  #frame: Uint8Array | undefined
  readonly #slots = new Map<string, Slot>()
  readonly #listeners = new Map<NodeListener, (event: Event) => void>()

  /** Events that are due, with the bytes of each; every one has a turn of its own. */
  readonly #due: { readonly tell: () => void; readonly bytes: number }[] = []
  #dueBytes = 0
  #isTelling = false
  #isPaused = false
  #isStopped = false

  /** What is to be done once the broker takes more, in order. */
  readonly #waiting = new Set<() => void>()
  #waitingBytes = 0
  #isHeld = false

  /** @internal */
  constructor(url: string, protocols: readonly string[], connect: (transport: Transport) => void) {
    super()
    this.url = url
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
      close: () => this.#later(() => this.#onClosed()),
    })
  }

  /** 0 while it is being opened, then 1; 2 while it is being closed, then 3. */
  get readyState(): number {
    return this.#readyState
  }

  /**
   * Bytes that were sent and that the broker has not taken. Frames are handed over as they are sent, unless packets of this
   * client wait for a hook or for the store.
   */
  get bufferedAmount(): number {
    return this.#waitingBytes
  }

  /** `mqtt`, or `mqttv3.1` if that was asked for and `mqtt` was not. */
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
   * Sends a frame: an ArrayBuffer or a view of one. A text, which MQTT does not have, ends the connection.
   *
   * @param sent called when the broker has taken it, as with the package `ws`.
   */
  send(data: string | ArrayBuffer | ArrayBufferView, sent?: (error?: Error) => void): void {
    if (this.#readyState === PageSocket.CONNECTING) {
      throw new DOMException('the socket is not open yet', 'InvalidStateError')
    }
    const given = typeof data === 'string' ? undefined : bytesOf(data)
    if (!given && typeof data !== 'string') throw new TypeError('data must be an ArrayBuffer or a view of one')
    const isOpen = this.#readyState === PageSocket.OPEN
    // It may be used for something else meanwhile.
    const bytes = isOpen && this.#isHeld ? given?.slice() : given
    const send = () => {
      const listener = isOpen ? this.#listener : undefined
      if (bytes) listener?.receive(bytes)
      else listener?.text()
      if (sent) nextTask(() => (listener ? sent() : sent(new Error('the socket is not open'))))
    }
    if (isOpen) this.#inOrder(send, bytes?.length)
    else send()
  }

  /** Closes; idempotent. */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException('the code must be 1000, or from 3000 to 4999', 'InvalidAccessError')
    }
    if (this.#readyState > PageSocket.OPEN) return
    this.#readyState = PageSocket.CLOSING
    this.#inOrder(() => this.#end(code, reason))
  }

  /** As of `ws`: closes at once, and does not wait until the broker has taken what was sent. */
  terminate(): void {
    if (this.#readyState === PageSocket.CLOSED) return
    this.#readyState = PageSocket.CLOSING
    this.#end()
  }

  /** As of `ws`: holds back what comes, and sooner or later the broker. */
  pause(): void {
    this.#isPaused = true
  }

  /** As of `ws`. */
  resume(): void {
    this.#isPaused = false
    this.#tellNext()
  }

  /** As of `ws`. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** As of `ws`: the listener is given what that package gives it. */
  on(type: string, listener: NodeListener): this {
    return this.#listen(type, listener, false)
  }

  /** As of `ws`. */
  once(type: string, listener: NodeListener): this {
    return this.#listen(type, listener, true)
  }

  /** As of `ws`. */
  off(type: string, listener: NodeListener): this {
    const given = this.#listeners.get(listener)
    if (given) this.removeEventListener(type, given)
    return this
  }

  /** As of `ws`. */
  removeListener(type: string, listener: NodeListener): this {
    return this.off(type, listener)
  }

  /** What `createWebSocketStream` of `ws` looks at, to know when all was sent: at once. @internal */
  get _socket(): object {
    return {
      _writableState: { finished: this.#readyState === PageSocket.CLOSED },
      once: (_: 'finish', finished: () => void) => nextTask(finished),
    }
  }

  #listen(type: string, listener: NodeListener, once: boolean): this {
    const give = (event: Event) => listener(...(this.#nodeArguments(event) as never[]))
    this.#listeners.set(listener, give)
    this.addEventListener(type, give, { once })
    return this
  }

  /** What a listener of `on` is given. */
  #nodeArguments(event: Event & { error?: unknown }): unknown[] {
    if (event.type === 'message') return [this.#frame, true]
    if (event instanceof PageCloseEvent) return [event.code, new Uint8Array(0)]
    return event.type === 'error' ? [event.error] : []
  }

  #slot(type: string): Slot {
    return this.#slots.get(type) ?? null
  }

  #fill(type: string, listener: Slot): void {
    // One that stands keeps its place among the listeners.
    if (!this.#slots.has(type)) this.addEventListener(type, event => this.#slots.get(type)?.call(this, event as never))
    this.#slots.set(type, typeof listener === 'function' ? listener : null)
  }

  #onOpen(protocols: readonly string[]): void {
    if (this.#readyState !== PageSocket.CONNECTING) return
    this.#readyState = PageSocket.OPEN
    this.#protocol = protocols.includes('mqttv3.1') && !protocols.includes('mqtt') ? 'mqttv3.1' : 'mqtt'
    this.dispatchEvent(new Event('open'))
  }

  /** Behind what waits. */
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
    this.#isHeld = false
    for (const act of this.#waiting) {
      this.#waiting.delete(act)
      act()
      if (this.#isHeld) return
    }
  }

  /** Ends the connection: behind the frames of this turn, of which none comes any more. */
  #end(code?: number, reason?: string): void {
    this.#listener?.gone()
    this.#later(() => this.#onClosed(code, reason))
  }

  #onFrame(frame: Uint8Array<ArrayBuffer>): boolean {
    this.#later(() => this.#onMessage(frame), frame.length)
    this.#isStopped = this.#dueBytes >= WAITING_BYTES_MAX
    return !this.#isStopped
  }

  #onMessage(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#readyState !== PageSocket.OPEN) return
    this.#frame = frame
    const data = this.binaryType === 'blob' ? new Blob([frame]) : frame.buffer
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  /** Before it was open, the broker could not be reached. */
  #onClosed(code = 1000, reason = ''): void {
    const state = this.#readyState
    if (state === PageSocket.CLOSED) return
    this.#readyState = PageSocket.CLOSED
    this.#listener = undefined
    // Nobody takes it any more, which is told to who waits for that.
    this.#runWaiting()
    const isOpened = this.#protocol !== ''
    if (!isOpened) {
      const error = new Error('the broker is closed')
      this.dispatchEvent(Object.assign(new Event('error'), { error, message: error.message }))
    }
    this.dispatchEvent(new PageCloseEvent(isOpened ? code : 1006, reason, isOpened))
  }

  #later(tell: () => void, bytes = 0): void {
    this.#due.push({ tell, bytes })
    this.#dueBytes += bytes
    this.#tellNext()
  }

  #tellNext(): void {
    if (this.#isTelling || this.#isPaused || this.#due.length === 0) return
    this.#isTelling = true
    nextTask(() => {
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
