import type { NodeStreamLike } from './socket-types.js'
import type { Transport, TransportListener } from './transport.js'

/** How long the other side has to take what was sent and to close, in milliseconds. */
const CLOSE_TIME = 5_000
/** What may wait in a socket, in bytes, until the core is told that it takes no more. */
export const WAITING_BYTES_MAX = 1 << 20

/** A stream of Node. */
export class NodeStreamTransport implements Transport {
  readonly #stream: NodeStreamLike
  #listener: TransportListener | undefined
  #isStopped = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(stream: NodeStreamLike) {
    this.#stream = stream
  }

  attach(listener: TransportListener): void {
    this.#listener = listener
    const stream = this.#stream
    // Frames are whole turns already.
    stream.setNoDelay?.(true)
    stream.on('error', () => this.#onError())
    stream.on('close', () => this.#onClosed())
    // The other side has sent all; of a connection of which only one half is open MQTT has no use.
    stream.on('end', () => this.#onEnd())
    stream.on('drain', () => this.#onDrain())
  }

  open(): void {
    // Until now the stream has waited, and what came in it.
    this.#stream.on('data', (bytes: Uint8Array) => this.#listener?.receive(bytes))
    this.#stream.resume()
  }

  send(frame: Uint8Array): boolean {
    if (this.#isClosed || this.#stream.write(frame)) return true
    this.#isStopped = (this.#stream.writableLength ?? WAITING_BYTES_MAX) >= WAITING_BYTES_MAX
    return !this.#isStopped
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  close(): void {
    if (this.#isClosed || this.#timer) return
    this.#stream.end()
    // Read and left, so that the other side comes to its end; with unread bytes there the close would be a reset, which
    // overtakes what was sent.
    this.#stream.resume()
    this.#timer = setTimeout(() => this.#stream.destroy(), CLOSE_TIME)
    unref(this.#timer)
  }

  #onDrain(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#listener?.writable()
  }

  #onError(): void {
    // Most streams do so by themselves.
    this.#stream.destroy()
    this.#onClosed()
  }

  #onEnd(): void {
    this.#listener?.gone()
    this.close()
  }

  #onClosed(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#listener?.gone()
    this.#listener = undefined
  }
}

/** Does not keep a Node process alive. */
export function unref(timer: unknown): void {
  ;(timer as { unref?(): void }).unref?.()
}
