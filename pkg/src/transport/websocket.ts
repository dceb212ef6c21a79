import { unref, WAITING_BYTES_MAX } from './node-stream.js'
import type { PageWebSocketLike, WsLike } from './socket-types.js'
import type { Transport, TransportListener } from './transport.js'

const OPEN = 1

/** Close codes (RFC 6455 §7.4.1): a normal end; data of a kind that is not accepted. */
const NORMAL = 1000
const UNSUPPORTED_DATA = 1003

/** How long the other side has to answer the close, in milliseconds. */
const CLOSE_TIME = 5_000
/** How often a page's socket that takes no more is looked at, in milliseconds: it does not tell. */
const LOOK_TIME = 20

/** A WebSocket: of a page, of the package `ws`, or what looks like one of the two. */
export class WebSocketTransport implements Transport {
  readonly #socket: PageWebSocketLike | WsLike
  #listener: TransportListener | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStopped = false
  /** That of `ws` calls when a frame is on its way; a page's is looked at. */
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
      // Of an error its close tells.
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
      // Its close will tell.
      return true
    }
    if ((socket.bufferedAmount ?? 0) < WAITING_BYTES_MAX) return true
    this.#isStopped = true
    if (!isWs(socket)) this.#lookSoon()
    return false
  }

  /** A page's cannot. */
  pause(): void {
    ;(this.#socket as WsLike).pause?.()
  }

  resume(): void {
    ;(this.#socket as WsLike).resume?.()
  }

  close(fault: boolean): void {
    const socket = this.#socket
    clearTimeout(this.#timer)
    // The close of the other side stands behind what it has sent.
    this.resume()
    try {
      socket.close(fault ? UNSUPPORTED_DATA : NORMAL)
    } catch {
      // Closed already.
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

/** It has what `ws` has beside what pages have. */
export function isWs(socket: object): socket is WsLike {
  return 'terminate' in socket && 'on' in socket
}

/** A message's bytes; undefined if it is a text. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  // By name, so that the buffer of another realm is one too.
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') return new Uint8Array(data as ArrayBuffer)
  return undefined
}
