import type { MonitorView } from '../elements/types.js'
import type { PacketRecord } from '../message/packet-record.js'
import type { LiveMonitorsCore } from '../wasm/interface.js'
import { glue } from './module.js'

/**
 * Monitors of live traffic: those guarantees of MQTT that one client's end of its connections can
 * judge. Each connection is judged by itself, from its CONNECT on.
 */
export class LiveMonitors {
  readonly #core: LiveMonitorsCore
  #packets = 0

  /** @throws MqttError before `await load()` */
  constructor() {
    this.#core = new (glue().LiveMonitorsCore)()
  }

  /** Number of packets so far. */
  get packets(): number {
    return this.#packets
  }

  /**
   * Reads a packet of the client, in the order at its end.
   *
   * @returns true if it breaks a guarantee that was kept until then
   */
  add({ direction, bytes }: Pick<PacketRecord, 'direction' | 'bytes'>): boolean {
    const isBroken = this.#core.packet(direction === 'sent', bytes, this.#packets)
    this.#packets += 1
    return isBroken
  }

  /** Returns the guarantees; `entry` is the number of the packet that broke one, from 0 on. */
  monitors(): MonitorView[] {
    return this.#core.monitors() as MonitorView[]
  }

  /** Frees the memory of the monitors, which cannot be used any more. */
  free(): void {
    this.#core.free()
  }
}
