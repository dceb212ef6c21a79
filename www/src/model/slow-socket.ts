// A WebSocket to the broker of the page whose bytes take their time, and whose link can be cut.
import type { Broker } from 'wasmqtt/broker'
import type { Clock } from './clock.ts'

type Direction = 'up' | 'down'
type Slot = ((event: never) => unknown) | null

/** Listener of a link: what its bytes and its ends do. */
export interface LinkListener {
  opened(): void
  /** Bytes were sent; returns what to call when they arrive or are lost. */
  sent(direction: Direction, bytes: Uint8Array, arrivesAt: number): { arrived(): void; lost(): void }
  broken(): void
  closed(): void
}

/** Milliseconds after which both hosts learn that their link is gone. */
const LEARNS_AFTER = 600

export class SlowSocket {
  binaryType = 'arraybuffer'
  readyState = 0
  onopen: Slot = null
  onmessage: Slot = null
  onerror: Slot = null
  onclose: Slot = null

  readonly #clock: Clock
  readonly #inner: ReturnType<Broker['socket']>
  readonly #listener: LinkListener
  readonly #latency: () => number
  readonly #under = new Set<{ cancel(): void; lost(): void }>()
  #isBroken = false

  constructor(broker: Broker, clock: Clock, latency: () => number, listener: LinkListener) {
    this.#clock = clock
    this.#listener = listener
    this.#latency = latency
    this.#inner = broker.socket()
    this.#inner.binaryType = 'arraybuffer'
    this.#inner.addEventListener('message', event => {
      this.#carry('down', new Uint8Array((event as MessageEvent<ArrayBuffer>).data), bytes => {
        this.#tell(this.onmessage, new MessageEvent('message', { data: bytes.slice().buffer }))
      })
    })
    this.#inner.addEventListener('close', () => this.#end())
    clock.after(latency(), () => this.#open())
  }

  get canBreak(): boolean {
    return this.readyState === 1 && !this.#isBroken
  }

  send(data: Uint8Array): void {
    this.#carry('up', data.slice(), bytes => this.#inner.send(bytes))
  }

  close(): void {
    this.#clock.after(this.#latency(), () => this.#inner.close())
    this.#end()
  }

  /** Cuts the link: what is under way is lost, and both hosts learn it a little later. */
  cut(): void {
    this.#isBroken = true
    this.#listener.broken()
    for (const { cancel, lost } of this.#under) {
      cancel()
      lost()
    }
    this.#under.clear()
    this.#clock.after(LEARNS_AFTER, () => {
      this.#inner.close()
      this.#end()
    })
  }

  #open(): void {
    this.readyState = 1
    this.#listener.opened()
    this.#tell(this.onopen, new Event('open'))
  }

  #carry(direction: Direction, bytes: Uint8Array, arrive: (bytes: Uint8Array) => void): void {
    const latency = this.#latency()
    const told = this.#listener.sent(direction, bytes, this.#clock.now + latency)
    if (this.#isBroken) {
      told.lost()
      return
    }
    const cancel = this.#clock.after(latency, () => {
      this.#under.delete(flight)
      told.arrived()
      arrive(bytes)
    })
    const flight = { cancel, lost: told.lost }
    this.#under.add(flight)
  }

  #end(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#listener.closed()
    this.#tell(this.onclose, new CloseEvent('close', { code: 1006 }))
  }

  #tell(slot: Slot, event: Event): void {
    slot?.(event as never)
  }
}
