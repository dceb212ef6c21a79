import { unref, WAITING_BYTES_MAX } from './node-stream.js'
import type { PageWebSocketLike, WsLike } from './socket-types.js'
import type { Transport, TransportListener } from './transport.js'

const OPEN = 1

/** Close codes (RFC 6455 §7.4.1): normal closure, and unsupported data. */
const NORMAL = 1000
const UNSUPPORTED_DATA = 1003

/** Time limit for the other side to answer the close, in milliseconds. */
const CLOSE_TIME = 5_000
/**
 * Interval of checks whether a full page socket has room again, in milliseconds. It has no event
 * for that.
 */
const LOOK_TIME = 20

/** Transport over a WebSocket of a page, of the package `ws`, or one that looks like either. */
export class WebSocketTransport implements Transport {
  readonly #socket: PageWebSocketLike | WsLike
  #listener: TransportListener | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStopped = false
  /** Callback of `ws` for a frame that was written. A page's socket is polled instead. */
  readonly #onSent = () => this.#look()

  constructor(socket: PageWebSocketLike | WsLike) {
    this.#socket = socket
  }

  attach(listener: TransportListener): void {
    this.#listener = listener
    const socket = this.#socket
    if (isWs(socket)) {
      socket.binaryType = 'nodebuffer'
      socket.on('message', (data: unknown, isBinary: boolean) => this.#onData(isBinary ? data : undefined))
      socket.on('close', () => this.#onClosed())
      // An error is followed by `close`.
      socket.on('error', () => {})
    } else {
      socket.binaryType = 'arraybuffer'
      socket.addEventListener('message', event => this.#onData((event as MessageEvent).data))
      socket.addEventListener('close', () => this.#onClosed())
    }
  }

  open(): void {}

  send(frame: Uint8Array<ArrayBuffer>): boolean {
    const socket = this.#socket
    if (socket.readyState !== OPEN) return true
    try {
      if (isWs(socket)) socket.send(frame, this.#onSent)
      else socket.send(frame)
    } catch {
      // `close` will follow.
      return true
    }
    if ((socket.bufferedAmount ?? 0) < WAITING_BYTES_MAX) return true
    this.#isStopped = true
    if (!isWs(socket)) this.#lookSoon()
    return false
  }

  /** Pauses a socket of `ws`. A page's cannot pause. */
  pause(): void {
    ;(this.#socket as WsLike).pause?.()
  }

  resume(): void {
    ;(this.#socket as WsLike).resume?.()
  }

  close(fault: boolean): void {
    const socket = this.#socket
    clearTimeout(this.#timer)
    // The peer's close stands behind its unread data.
    this.resume()
    try {
      socket.close(fault ? UNSUPPORTED_DATA : NORMAL)
    } catch {
      // The socket is closed already.
    }
    if (!isWs(socket) || !this.#listener) return
    this.#timer = setTimeout(() => socket.terminate(), CLOSE_TIME)
    unref(this.#timer)
  }

  #onData(data: unknown): void {
    const bytes = bytesOf(data)
    if (bytes) this.#listener?.receive(bytes)
    else this.#listener?.text()
  }

  #onClosed(): void {
    clearTimeout(this.#timer)
    this.#listener?.gone()
    this.#listener = undefined
  }

  #lookSoon(): void {
    this.#timer = setTimeout(() => this.#look(), LOOK_TIME)
  }

  #look(): void {
    const socket = this.#socket
    if (!this.#isStopped || socket.readyState !== OPEN) return
    if ((socket.bufferedAmount ?? 0) < WAITING_BYTES_MAX / 2) {
      this.#isStopped = false
      this.#listener?.writable()
    } else if (!isWs(socket)) {
      this.#lookSoon()
    }
  }
}

/** True for a socket of `ws`, by two methods that pages' sockets lack. */
export function isWs(socket: object): socket is WsLike {
  return 'terminate' in socket && 'on' in socket
}

/** Returns a message's bytes, or undefined for a text. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  // By name, so that a buffer of another realm counts too.
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') return new Uint8Array(data as ArrayBuffer)
  return undefined
}
