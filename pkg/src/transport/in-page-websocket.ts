import { nextTask } from '../util/next-task.js'
import { bytesOf } from './bytes.js'
import { WAITING_BYTES_MAX } from './node-stream.js'
import type { Transport, TransportListener } from './transport.js'

/** Event for the end of the connection. */
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
 * A WebSocket to a broker in the page, for clients that are made for WebSockets.
 *
 * It has the interface of a page's WebSocket. Some methods of the package `ws` let MQTT.js make a
 * Node stream of it.
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
  /** Type of a message's `data`: `blob`, or anything else for an `ArrayBuffer`. */
  binaryType = 'blob'

  #readyState = PageSocket.CONNECTING as number
  #protocol = ''
  #listener: TransportListener | undefined
  /** Frame of the event that is being dispatched. */
  #frame: Uint8Array | undefined
  readonly #slots = new Map<string, Slot>()
  readonly #listeners = new Map<NodeListener, (event: Event) => void>()

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

  /** 0 while opening, then 1; 2 while closing, then 3. */
  get readyState(): number {
    return this.#readyState
  }

  /**
   * Bytes that were sent and that the broker has not read. Frames are handed over at once, unless
   * packets of this client wait for a hook or for the store.
   */
  get bufferedAmount(): number {
    return this.#waitingBytes
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
   * Sends a frame: an ArrayBuffer or a view of one. A text frame, which MQTT does not have, ends
   * the connection.
   *
   * @param sent called when the broker has read it, as in the package `ws`.
   */
  send(data: string | ArrayBuffer | ArrayBufferView, sent?: (error?: Error) => void): void {
    if (this.#readyState === PageSocket.CONNECTING) {
      throw new DOMException('the socket is not open yet', 'InvalidStateError')
    }
    const given = typeof data === 'string' ? undefined : bytesOf(data)
    if (!given && typeof data !== 'string') throw new TypeError('data must be an ArrayBuffer or a view of one')
    const isOpen = this.#readyState === PageSocket.OPEN
    // The caller may reuse the buffer meanwhile.
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

  /** Closes the socket. Idempotent. */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException('the code must be 1000, or from 3000 to 4999', 'InvalidAccessError')
    }
    if (this.#readyState > PageSocket.OPEN) return
    this.#readyState = PageSocket.CLOSING
    this.#inOrder(() => this.#end(code, reason))
  }

  /** As in `ws`: closes at once, without waiting until the broker has read the sent frames. */
  terminate(): void {
    if (this.#readyState === PageSocket.CLOSED) return
    this.#readyState = PageSocket.CLOSING
    this.#end()
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
    const given = this.#listeners.get(listener)
    if (given) this.removeEventListener(type, given)
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

  /** Arguments of a listener of `on`. */
  #nodeArguments(event: Event & { error?: unknown }): unknown[] {
    if (event.type === 'message') return [this.#frame, true]
    if (event instanceof PageCloseEvent) return [event.code, new Uint8Array(0)]
    return event.type === 'error' ? [event.error] : []
  }

  #slot(type: string): Slot {
    return this.#slots.get(type) ?? null
  }

  #fill(type: string, listener: Slot): void {
    // A replaced listener keeps its place among the others.
    if (!this.#slots.has(type)) this.addEventListener(type, event => this.#slots.get(type)?.call(this, event as never))
    this.#slots.set(type, typeof listener === 'function' ? listener : null)
  }

  #onOpen(protocols: readonly string[]): void {
    if (this.#readyState !== PageSocket.CONNECTING) return
    this.#readyState = PageSocket.OPEN
    this.#protocol = protocols.includes('mqttv3.1') && !protocols.includes('mqtt') ? 'mqttv3.1' : 'mqtt'
    this.dispatchEvent(new Event('open'))
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
    this.#isHeld = false
    for (const act of this.#waiting) {
      this.#waiting.delete(act)
      act()
      if (this.#isHeld) return
    }
  }

  /** Ends the connection, after the frames of this task. No more frames come. */
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

  /** Without an `open` event before, the broker could not be reached. */
  #onClosed(code = 1000, reason = ''): void {
    const state = this.#readyState
    if (state === PageSocket.CLOSED) return
    this.#readyState = PageSocket.CLOSED
    this.#listener = undefined
    // The broker reads no more, so each sender that waits hears of it.
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
