// The panel of a tap: the diagram of its packets, the selected one, and all of them in words.
import type { CapturedPacket } from './capture.js'
import type { Tap } from './tap.js'

const LABEL = 'MQTT packets of this page'

/** Returns a section with the elements, which draws the tap's traffic while it is in the page. */
export async function panel(tap: Tap): Promise<HTMLElement> {
  const { define } = await import('../elements.js')
  define()
  return new Panel(tap).section
}

class Panel {
  readonly section = document.createElement('section')
  readonly #tap: Tap
  readonly #count = document.createElement('p')
  readonly #diagram = document.createElement('mqtt-space-time')
  readonly #packet = document.createElement('mqtt-packet')
  readonly #events = document.createElement('mqtt-events')
  #packets: readonly (CapturedPacket | undefined)[] = []
  #selected: CapturedPacket | undefined
  #isDue = false
  #wasShown = false

  constructor(tap: Tap) {
    this.#tap = tap
    this.#diagram.label = LABEL
    this.section.setAttribute('aria-label', LABEL)
    this.section.append(this.#count, this.#diagram, this.#packet, this.#events)
    for (const element of [this.#diagram, this.#events])
      element.addEventListener('entry-select', event => this.#select((event as CustomEvent<{ index?: number }>).detail))
    tap.addEventListener('change', this.#redraw)
    this.#redraw()
  }

  /** Draws in the next frame, however many packets come until then. */
  readonly #redraw = (): void => {
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      if (this.section.isConnected) this.#draw()
      else if (this.#wasShown) this.#tap.removeEventListener('change', this.#redraw)
    })
  }

  #draw(): void {
    const { trace, packets } = this.#tap.view({ conflate: true })
    const { packets: all, dropped } = this.#tap
    this.#wasShown = true
    this.#packets = packets
    const index = this.#selected ? packets.indexOf(this.#selected) : -1
    for (const element of [this.#diagram, this.#events]) {
      element.trace = trace
      element.selected = index < 0 ? undefined : index
    }
    this.#count.textContent = `${all} packets${dropped > 0 ? `; ${dropped} of them are no longer kept` : ''}`
  }

  #select({ index }: { readonly index?: number }): void {
    const selected = index === undefined ? undefined : this.#packets[index]
    this.#selected = selected
    this.#packet.packet = selected && { bytes: selected.bytes }
    this.#redraw()
    if (selected) void this.#dissect(selected)
  }

  /** The dissector is a part of the simulator, which is loaded for the first packet. */
  async #dissect(selected: CapturedPacket): Promise<void> {
    try {
      const { dissect, load } = await import('../simulator.js')
      await load()
      if (this.#selected !== selected) return
      this.#packet.packet = { bytes: selected.bytes, ...dissect(selected.bytes, selected.version) }
    } catch (error) {
      // The bytes are shown without it.
      console.warn('wasmqtt/tap: the fields of a packet cannot be told', error)
    }
  }
}
