import type { NodeStreamLike } from './socket-types.js'
import type { Transport, TransportListener } from './transport.js'

/** Time limit for the other side to read the rest and to close, in milliseconds. */
const CLOSE_TIME = 5_000
/** Limit of bytes that wait in a socket, above which the core is told to stop sending. */
export const WAITING_BYTES_MAX = 1 << 20

/** Transport over a stream of Node. */
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
    // A frame is all output of a task already.
    stream.setNoDelay?.(true)
    stream.on('error', () => this.#onError())
    stream.on('close', () => this.#onClosed())
    // The other side has sent everything. MQTT has no use for a connection of which one half is
    // open.
    stream.on('end', () => this.#onEnd())
    stream.on('drain', () => this.#onDrain())
  }

  open(): void {
    // Until now the stream was paused, with its data inside.
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
    // Reads on and discards, so that the other side comes to its end. With unread bytes the close
    // would be a reset, which overtakes sent data.
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
    // Most streams destroy themselves.
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

/** Lets a Node process end while the timer runs. */
export function unref(timer: unknown): void {
  ;(timer as { unref?(): void }).unref?.()
}
