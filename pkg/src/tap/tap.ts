// The tap: MQTT traffic of any client of the page, as a trace that the elements draw.
import { packetRecord } from '../message/packet-record.js'
import { Capture, type CapturedClient, type CaptureOptions, type CaptureView, type ViewOptions } from './capture.js'
import { assignedClientId, connectFacts, factsOf } from './facts.js'
import { PacketSplitter } from './splitter.js'
import { type SocketWatcher, tapped, type WebSocketClass } from './tapped-socket.js'

/** Size of the largest packet that is kept, in bytes; larger ones are counted. */
const PACKET_BYTES_MAX = 4 * 1024 * 1024

/** The MQTT traffic of a page's WebSockets. The event `change` tells of new packets. */
export class Tap extends EventTarget {
  /** The class that reports its packets, for a client that takes a class or a function. */
  readonly WebSocket: WebSocketClass
  readonly #base: WebSocketClass
  readonly #capture: Capture
  #unnamed = 0

  /** @internal */
  constructor(base: WebSocketClass, options: CaptureOptions) {
    super()
    this.#base = base
    this.#capture = new Capture(options)
    this.WebSocket = tapped(base, () => this.#watcher())
  }

  /** Packets so far, those that are no longer kept included. */
  get packets(): number {
    return this.#capture.packets
  }

  /** Packets that the bounds have pushed out. */
  get dropped(): number {
    return this.#capture.dropped
  }

  /** Returns what is kept as a trace for `mqtt-space-time` and `mqtt-events`. */
  view(options: ViewOptions = {}): CaptureView {
    return this.#capture.view(options)
  }

  /** Forgets the packets so far. */
  clear(): void {
    this.#capture.clear()
    this.#changed()
  }

  /**
   * Appends the elements to a place of the page: the diagram, the selected packet and the table of
   * events. They are loaded by now, and draw what comes until they are removed.
   *
   * @returns the element that holds them
   */
  async show(place: Element = document.body): Promise<HTMLElement> {
    const { panel } = await import('./panel.js')
    const shown = await panel(this)
    place.append(shown)
    return shown
  }

  /** Puts the page's own class back. Sockets that are open go on to be reported. */
  stop(): void {
    if (globalThis.WebSocket === this.WebSocket) globalThis.WebSocket = this.#base
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'))
  }

  #watcher(): SocketWatcher {
    this.#unnamed += 1
    return new Connection(this.#capture, `client ${this.#unnamed}`, () => this.#changed())
  }
}

/** One connection of a client. */
class Connection implements SocketWatcher {
  readonly #capture: Capture
  readonly #client: CapturedClient
  readonly #changed: () => void
  readonly #up = new PacketSplitter(PACKET_BYTES_MAX)
  readonly #down = new PacketSplitter(PACKET_BYTES_MAX)
  #version: 4 | 5 = 5
  #isEnded = false

  constructor(capture: Capture, name: string, changed: () => void) {
    this.#capture = capture
    this.#client = capture.client(name)
    this.#changed = changed
  }

  opening(): void {
    this.#client.note('opening')
    this.#changed()
  }

  sent(bytes: Uint8Array): void {
    this.#feed(this.#up, bytes, true)
  }

  received(bytes: Uint8Array): void {
    this.#feed(this.#down, bytes, false)
  }

  closed(): void {
    this.#client.note(this.#isEnded ? 'closed' : 'lost')
    this.#changed()
  }

  #feed(splitter: PacketSplitter, bytes: Uint8Array, isSent: boolean): void {
    const { skipped } = splitter
    for (const packet of splitter.feed(bytes)) this.#onPacket(packet, isSent)
    for (let count = splitter.skipped - skipped; count > 0; count -= 1) this.#capture.skip()
    this.#changed()
  }

  #onPacket(bytes: Uint8Array, isSent: boolean): void {
    const header = bytes[0] ?? 0
    const { kind } = packetRecord(isSent, header, 0, -1, undefined, -1, bytes)
    if (kind === 'CONNECT') this.#onConnect(bytes)
    const { packetId = 0, topic, payloadBytes = -1 } = factsOf(kind, bytes, this.#version)
    this.#client.add(packetRecord(isSent, header, packetId, -1, topic, payloadBytes, bytes))
    if (kind === 'DISCONNECT') this.#isEnded = true
    if (kind !== 'CONNACK') return
    const assigned = this.#version === 5 ? assignedClientId(bytes) : undefined
    if (assigned) this.#client.name = assigned
    // A return code or reason code other than 0 refuses the connection (MQTT 5.0 §3.2.2.2).
    if (bytes[3] === 0) this.#client.note('connected')
  }

  #onConnect(bytes: Uint8Array): void {
    const facts = connectFacts(bytes)
    this.#version = facts?.version ?? this.#version
    if (facts?.clientId) this.#client.name = facts.clientId
  }
}

/**
 * Shows the MQTT traffic of every client that the page starts from now on, in the elements:
 * `tap(WebSocket).show()`. The page's global class is replaced by one that reports its packets, of
 * sockets with MQTT's subprotocol alone. Passwords and authentication data are masked.
 */
export function tap(base: WebSocketClass = globalThis.WebSocket, options: CaptureOptions = {}): Tap {
  const tap = new Tap(base, options)
  if (globalThis.WebSocket === base) globalThis.WebSocket = tap.WebSocket
  return tap
}
