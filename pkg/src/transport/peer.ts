import { nextTurn } from '../util/next-task.js'
import type { BrokerCore, Port as CorePort } from '../wasm/interface.js'
import type { Wire } from './transport.js'

/** What comes before the module is loaded, in bytes; a peer that sends more is closed. */
const EARLY_BYTES_MAX = 1 << 20

/** A peer behind a socket: what comes goes to the core, and what the core has for it goes out. */
export class Port implements CorePort {
  readonly #wire: Wire
  #dock: Dock | undefined
  #peer = 0
  /** Until the core is there; a text frame is undefined. */
  #early: (Uint8Array | undefined)[] | undefined = []
  #earlyBytes = 0
  #isFault = false

  constructor(wire: Wire) {
    this.#wire = wire
    wire.attach(this)
  }

  /** The core is there: goes in, unless the socket is gone already. Gives whether it did. */
  enter(dock: Dock): boolean {
    const early = this.#early
    if (!early) return false
    this.#early = undefined
    this.#dock = dock
    this.#run(core => {
      this.#peer = core.accept(this)
    })
    for (const bytes of early) {
      if (bytes) this.receive(bytes)
      else this.text()
    }
    this.#wire.open()
    return true
  }

  /** Bytes came. */
  receive(bytes: Uint8Array): void {
    if (this.#early) this.#keep(bytes)
    else {
      this.#run(core => {
        if (!core.receive(this.#peer, bytes)) this.#wire.pause()
      })
    }
  }

  /** A text frame came. */
  text(): void {
    this.#isFault = true
    if (this.#early) this.#early.push(undefined)
    else this.#run(core => core.text(this.#peer))
  }

  /** The socket takes more again. */
  writable(): void {
    this.#run(core => core.setWritable(this.#peer, true))
  }

  /** The socket closed or failed. */
  gone(): void {
    this.#run(core => core.closed(this.#peer))
    this.#leave()
  }

  transmit(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#wire.send(frame)) this.#run(core => core.setWritable(this.#peer, false))
  }

  resume(): void {
    this.#wire.resume()
  }

  close(): void {
    this.#leave()
    this.#wire.close(this.#isFault)
  }

  #keep(bytes: Uint8Array): void {
    this.#earlyBytes += bytes.length
    if (this.#earlyBytes > EARLY_BYTES_MAX) this.close()
    else this.#early?.push(bytes)
  }

  #leave(): void {
    this.#early = undefined
    this.#dock?.leave(this)
    this.#dock = undefined
  }

  /** Once the socket is gone, or the core has closed it, there is nobody to call. */
  #run(call: (core: BrokerCore) => void): void {
    this.#dock?.run(call)
  }
}

/** Where the ports of a broker are. */
export class Dock {
  readonly #ports = new Set<Port>()
  #core: BrokerCore | undefined
  #isClosed = false
  #isFlushDue = false
  readonly #flush = () => {
    this.#isFlushDue = false
    this.#call(core => core.flush())
  }

  enter(port: Port, core: BrokerCore): void {
    if (!this.#isClosed) {
      this.#core = core
      if (port.enter(this)) this.#ports.add(port)
    } else {
      port.close()
    }
  }

  leave(port: Port): void {
    this.#ports.delete(port)
  }

  /** Calls the core. What comes of it leaves at the end of the turn, so that it is one frame a peer. */
  run(call: (core: BrokerCore) => void): void {
    this.#call(call)
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    nextTurn(this.#flush)
  }

  /** The core is not called any more. */
  close(): void {
    this.#isClosed = true
    this.#core = undefined
    for (const port of [...this.#ports]) port.close()
  }

  #call(call: (core: BrokerCore) => void): void {
    if (!this.#core) return
    try {
      call(this.#core)
    } catch (error) {
      // It trapped, which is a bug of ours: no call of it is any good, and a broker that is dead must not look alive.
      this.close()
      nextTurn(() => {
        throw error
      })
    }
  }
}
