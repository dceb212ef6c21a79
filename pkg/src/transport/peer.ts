import { nextTask } from '../util/next-task.js'
import type { BrokerCore, PeerSocket } from '../wasm/interface.js'
import type { Transport, TransportListener } from './transport.js'

/** Limit of bytes that arrive before the module is loaded. A peer that sends more is closed. */
const EARLY_BYTES_MAX = 1 << 20

/** Calls in a turn of the event loop up to which it is quiet: a message, and an acknowledgement. */
const CALLS_QUIET = 2
/** A promise for work at the end of a task. Tests with fake timers leave promises alone. */
const settled = Promise.resolve()

/**
 * One peer of the broker: passes bytes from its transport to the core, and from the core to its
 * transport.
 */
export class Peer implements PeerSocket, TransportListener {
  readonly #transport: Transport
  readonly #username: string | undefined
  #peers: PeerSet | undefined
  /** Number that the core gave the peer. */
  #id = 0
  /** Frames that came before the core was there. A text frame is undefined. */
  #early: (Uint8Array | undefined)[] | undefined = []
  #earlyBytes = 0
  #isFault = false

  /** `username` is the user name that the transport has proven, if any. */
  constructor(transport: Transport, username?: string) {
    this.#transport = transport
    this.#username = username
    transport.attach(this)
  }

  /** Joins the peers of a core. Returns false if the transport is gone already. */
  enter(peers: PeerSet): boolean {
    const early = this.#early
    if (!early) return false
    this.#early = undefined
    this.#peers = peers
    this.#run(core => {
      this.#id = core.accept(this, this.#username)
    })
    // Before the early frames, of which one may pause it.
    this.#transport.open()
    for (const bytes of early) {
      if (bytes) this.receive(bytes)
      else this.text()
    }
    return true
  }

  receive(bytes: Uint8Array): void {
    if (this.#early) this.#keep(bytes)
    else {
      this.#run(core => {
        if (!core.receive(this.#id, bytes)) this.#transport.pause()
      })
    }
  }

  text(): void {
    this.#isFault = true
    if (this.#early) this.#keep(undefined)
    else this.#run(core => core.text(this.#id))
  }

  writable(): void {
    this.#run(core => core.setWritable(this.#id, true))
  }

  gone(): void {
    this.#run(core => core.closed(this.#id))
    this.#leave()
  }

  transmit(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#transport.send(frame)) this.#run(core => core.setWritable(this.#id, false))
  }

  resume(): void {
    this.#transport.resume()
  }

  close(): void {
    this.#leave()
    this.#transport.close(this.#isFault)
  }

  #keep(bytes: Uint8Array | undefined): void {
    this.#earlyBytes += bytes?.length ?? 1
    if (this.#earlyBytes > EARLY_BYTES_MAX) this.close()
    else this.#early?.push(bytes)
  }

  #leave(): void {
    this.#early = undefined
    this.#peers?.leave(this)
    this.#peers = undefined
  }

  /** Calls the core, unless the transport is gone or the core has closed it. */
  #run(call: (core: BrokerCore) => void): void {
    this.#peers?.run(call)
  }
}

/** The peers of one broker, and the core that they call. */
export class PeerSet {
  readonly #onFailure: (error: unknown) => void
  readonly #peers = new Set<Peer>()
  #core: BrokerCore | undefined
  #isClosed = false
  /** Calls in this turn of the event loop. */
  #calls = 0
  /** True if the last turn had few calls. */
  #isQuiet = true
  #isTurnEndDue = false
  #isFlushDue = false
  readonly #flush = () => {
    if (!this.#isFlushDue) return
    this.#isFlushDue = false
    this.#call(core => core.flush())
  }
  readonly #endTurn = () => {
    this.#isTurnEndDue = false
    this.#isQuiet = this.#calls <= CALLS_QUIET
    this.#calls = 0
    this.#flush()
  }

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  enter(peer: Peer, core: BrokerCore): void {
    if (!this.#isClosed) {
      this.#core = core
      if (peer.enter(this)) this.#peers.add(peer)
    } else {
      peer.close()
    }
  }

  leave(peer: Peer): void {
    this.#peers.delete(peer)
  }

  /**
   * Calls the core, and flushes it in a task of its own, so that each peer gets one frame.
   *
   * While few calls come, nothing could share the frame: then the first call is flushed at the end
   * of its own task. So a lone message is not held until other sockets are read.
   */
  run(call: (core: BrokerCore) => void): void {
    this.#call(call)
    this.#calls += 1
    this.#isFlushDue = true
    if (this.#isTurnEndDue) return
    this.#isTurnEndDue = true
    if (this.#isQuiet) void settled.then(this.#flush)
    nextTask(this.#endTurn)
  }

  /** Closes all peers, and calls the core no more. */
  close(): void {
    this.#isClosed = true
    this.#core = undefined
    for (const peer of [...this.#peers]) peer.close()
  }

  #call(call: (core: BrokerCore) => void): void {
    if (!this.#core) return
    try {
      call(this.#core)
    } catch (error) {
      this.#onFailure(error)
    }
  }
}
