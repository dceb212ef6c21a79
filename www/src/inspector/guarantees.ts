// The guarantees, watched on the packets of the connection.
import type { MonitorView } from 'wasmqtt/elements'
import type { LiveMonitors } from 'wasmqtt/simulator'
import type { CapturedPacket } from 'wasmqtt/tap'
import { part } from '../model/part.ts'
import { messageOf } from './connection.ts'

/** Packets that wait for the module at most. */
const WAITING_MAX = 20_000

export class Guarantees {
  readonly #element = part<HTMLElementTagNameMap['mqtt-monitors']>('monitors')
  readonly #note = part('monitors-note')
  readonly #explanation = this.#note.textContent
  #monitors: LiveMonitors | undefined
  /** Packets that came before the module. */
  #waiting: CapturedPacket[] = []
  /** Packets that broke a guarantee, by their number. */
  readonly #broke = new Map<number, CapturedPacket>()
  #isLost = false

  /** @param select called with the packet that broke a guarantee */
  constructor(select: (packet: CapturedPacket) => void) {
    this.#element.addEventListener('entry-select', event => {
      const packet = this.#broke.get((event as CustomEvent<{ index: number }>).detail.index)
      if (packet) select(packet)
    })
  }

  /** A capture begins. The monitors are a part of the simulator, which is loaded by now. */
  begin(): void {
    this.#monitors?.free()
    this.#monitors = undefined
    this.#waiting = []
    this.#broke.clear()
    this.#isLost = false
    this.#note.textContent = this.#explanation
    this.#element.monitors = []
    const waiting = this.#waiting
    void this.#load(waiting)
  }

  add(packet: CapturedPacket): void {
    if (this.#isLost) return
    if (this.#monitors) this.#watch(this.#monitors, packet)
    else this.#waiting.push(packet)
    if (this.#waiting.length > WAITING_MAX) this.#lose('too many packets came before they were loaded')
  }

  async #load(waiting: CapturedPacket[]): Promise<void> {
    try {
      const { LiveMonitors, load } = await import('wasmqtt/simulator')
      await load()
      // Another capture may have begun since.
      if (this.#waiting !== waiting || this.#isLost) return
      const monitors = new LiveMonitors()
      this.#monitors = monitors
      this.#element.monitors = monitors.monitors().map(pending)
      for (const packet of waiting.splice(0)) this.#watch(monitors, packet)
    } catch (error) {
      if (this.#waiting === waiting) this.#lose(messageOf(error))
    }
  }

  #watch(monitors: LiveMonitors, packet: CapturedPacket): void {
    const number = monitors.packets
    const isBroken = monitors.add(packet)
    if (isBroken) this.#broke.set(number, packet)
    if (isBroken || packet.kind === 'CONNACK') this.#element.monitors = monitors.monitors()
  }

  #lose(why: string): void {
    this.#isLost = true
    this.#waiting = []
    this.#note.textContent = `The guarantees are not watched: ${why}`
  }
}

/** Nothing is decided before a connection. */
const pending = (monitor: MonitorView): MonitorView => ({ ...monitor, state: 'pending' })
