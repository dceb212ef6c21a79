import { ignore } from '../util/abort.js'
import { bytesOf } from '../util/bytes.js'
import { nextTask } from '../util/next-task.js'
import { attempt } from './attempt.js'
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
  /** Ends a stream that failed. */
  readonly #cut = () => {
    // Most streams destroy themselves.
    attempt(() => this.#stream.destroy(), ignore)
    this.#onClosed()
  }

  constructor(stream: NodeStreamLike) {
    this.#stream = stream
  }

  attach(listener: TransportListener): void {
    this.#listener = listener
    const stream = this.#stream
    // Whatever its owner did: nothing is read until `open()`, and nobody else reads.
    this.pause()
    stream.removeAllListeners?.('readable')
    // A frame is all output of a task already.
    stream.setNoDelay?.(true)
    stream.on('error', this.#cut)
    stream.on('close', () => this.#onClosed())
    // The other side has sent everything. MQTT has no use for a connection of which one half is
    // open.
    stream.on('end', () => this.#onEnd())
    stream.on('drain', () => this.#onDrain())
  }

  open(): void {
    // The event may have been before `attach()`.
    if (this.#stream.readableEnded) this.#onEnd()
    this.#stream.on('data', (chunk: unknown) => {
      const bytes = bytesOf(chunk)
      if (bytes) this.#listener?.receive(bytes)
      else this.#listener?.text()
    })
    this.resume()
  }

  send(frame: Uint8Array): boolean {
    const stream = this.#stream
    if (this.#isClosed || attempt(() => stream.write(frame), this.#cut) !== false) return true
    // A stream of objects counts these.
    const length = stream.writableObjectMode ? undefined : stream.writableLength
    this.#isStopped = (length ?? WAITING_BYTES_MAX) >= WAITING_BYTES_MAX
    return !this.#isStopped
  }

  pause(): void {
    attempt(() => this.#stream.pause(), this.#cut)
  }

  resume(): void {
    attempt(() => this.#stream.resume(), this.#cut)
  }

  close(): void {
    if (this.#isClosed || this.#timer) return
    this.#timer = setTimeout(this.#cut, CLOSE_TIME)
    unref(this.#timer)
    attempt(() => this.#stream.end(), this.#cut)
    // Reads on and discards, so that the other side comes to its end. With unread bytes the close
    // would be a reset, which overtakes sent data.
    this.resume()
  }

  #onDrain(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#listener?.writable()
  }

  /** Ends the connection after the answers of this task. */
  #onEnd(): void {
    nextTask(() => {
      this.#listener?.gone()
      this.close()
    })
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
