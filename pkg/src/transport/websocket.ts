import { ignore } from '../util/abort.js'
import { bytesOf } from '../util/bytes.js'
import { attempt } from './attempt.js'
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
  /** Ends a socket that failed, which need not tell its close. */
  readonly #cut = () => {
    const socket = this.#socket
    attempt(() => (isWs(socket) ? socket.terminate() : socket.close()), ignore)
    this.#onClosed()
  }

  constructor(socket: PageWebSocketLike | WsLike) {
    this.#socket = socket
  }

  attach(listener: TransportListener): void {
    this.#listener = listener
    const socket = this.#socket
    if (isWs(socket)) {
      socket.binaryType = 'nodebuffer'
      // Version 7 tells a text frame by the type of its data.
      socket.on('message', (data: unknown, isBinary = typeof data !== 'string') =>
        this.#onData(isBinary ? data : undefined),
      )
      socket.on('close', () => this.#onClosed())
      // An error is followed by `close`.
      socket.on('error', () => {})
    } else {
      socket.binaryType = 'arraybuffer'
      socket.addEventListener('message', event => this.#onData((event as MessageEvent).data))
      socket.addEventListener('close', () => this.#onClosed())
    }
  }

  open(): void {
    // Its owner may have paused it.
    this.resume()
  }

  send(frame: Uint8Array<ArrayBuffer>): boolean {
    const socket = this.#socket
    if (socket.readyState !== OPEN) return true
    attempt(() => (isWs(socket) ? socket.send(frame, this.#onSent) : socket.send(frame)), this.#cut)
    if ((socket.bufferedAmount ?? 0) < WAITING_BYTES_MAX) return true
    this.#isStopped = true
    if (!isWs(socket)) this.#lookSoon()
    return false
  }

  /** Pauses a socket of `ws`. A page's cannot pause. */
  pause(): void {
    attempt(() => (this.#socket as WsLike).pause?.(), this.#cut)
  }

  resume(): void {
    attempt(() => (this.#socket as WsLike).resume?.(), this.#cut)
  }

  close(fault: boolean): void {
    const socket = this.#socket
    clearTimeout(this.#timer)
    // The peer's close stands behind its unread data.
    this.resume()
    const close = (code: number, failed: () => void) => attempt(() => socket.close(code), failed)
    if (fault) close(UNSUPPORTED_DATA, () => close(NORMAL, this.#cut))
    else close(NORMAL, this.#cut)
    if (!isWs(socket) || !this.#listener) return
    this.#timer = setTimeout(this.#cut, CLOSE_TIME)
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
