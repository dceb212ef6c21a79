// The selected packet: its fields beside its bytes, and the payload of a PUBLISH.
import type { PacketRecord } from 'wasmqtt'
import type { CapturedPacket } from 'wasmqtt/tap'
import { loadOwnDecoders, type OwnDecoder } from '../model/own-decoders.ts'
import { make, part } from '../model/part.ts'
import { decoded, type Form, forms, guess, type Shown, show } from '../model/payload.ts'
import { messageOf } from './connection.ts'

export class PacketView {
  readonly #inspector = part<HTMLElementTagNameMap['mqtt-packet']>('packet')
  readonly #name = part('packet-name')
  readonly #content = part('content')
  readonly #form = part<HTMLSelectElement>('form')
  readonly #text = part('payload')
  readonly #image = part<HTMLImageElement>('image')
  #packet: CapturedPacket | undefined
  #payload: Uint8Array | undefined
  #address: string | undefined
  #own: readonly OwnDecoder[] = []

  constructor() {
    this.#form.append(...forms.map(form => make('option', { value: form, textContent: form })))
    this.#form.addEventListener('change', () => void this.#show(this.#form.value))
    void loadOwnDecoders(new URL('decoders.js', document.baseURI).href).then(own => {
      this.#own = own
      this.#form.append(...own.map(({ name }) => make('option', { value: name, textContent: name })))
    })
  }

  /** Shows a packet, or none. */
  select(packet: CapturedPacket | undefined): void {
    if (packet === this.#packet) return
    this.#packet = packet
    this.#inspector.packet = packet ? { bytes: packet.bytes } : undefined
    this.#name.textContent = packet
      ? `${packet.kind}, ${packet.direction === 'sent' ? 'from this client to the broker' : 'from the broker to this client'}`
      : 'Select a packet in the picture.'
    if (packet) void this.#dissect(packet)
    this.#payload = payloadOf(packet)
    this.#content.hidden = this.#payload === undefined
    if (!this.#payload) return
    const { topic = '' } = packet ?? {}
    const payload = this.#payload
    this.#form.value = this.#own.find(({ fits }) => fits?.(topic, payload))?.name ?? guess(payload, topic)
    void this.#show(this.#form.value)
  }

  /** The dissector is a part of the simulator, which is loaded for the first packet. */
  async #dissect(packet: CapturedPacket): Promise<void> {
    try {
      const { dissect, load } = await import('wasmqtt/simulator')
      await load()
      if (this.#packet === packet)
        this.#inspector.packet = { bytes: packet.bytes, ...dissect(packet.bytes, packet.version) }
    } catch (error) {
      if (this.#packet === packet) this.#name.textContent = `The fields cannot be told: ${messageOf(error)}`
    }
  }

  /** Returns a payload in one of the forms, of which one's own come first. */
  #decode(payload: Uint8Array, form: string): Promise<Shown> {
    const own = this.#own.find(({ name }) => name === form)
    return own ? decoded(own.name, () => own.decode(payload, this.#packet?.topic ?? '')) : show(payload, form as Form)
  }

  async #show(form: string): Promise<void> {
    const payload = this.#payload
    if (!payload) return
    const shown = await this.#decode(payload, form)
    if (this.#payload !== payload || this.#form.value !== form) return
    if (this.#address) URL.revokeObjectURL(this.#address)
    this.#address = shown.type === 'image' ? URL.createObjectURL(shown.image) : undefined
    this.#image.hidden = shown.type !== 'image'
    this.#text.hidden = shown.type === 'image'
    this.#text.className = shown.type
    this.#text.textContent = shown.type === 'image' ? '' : shown.text
    if (this.#address) this.#image.src = this.#address
    else this.#image.removeAttribute('src')
  }
}

/** Returns the payload of a PUBLISH, which is the end of its packet. */
export const payloadOf = (packet: PacketRecord | undefined): Uint8Array | undefined =>
  packet?.kind === 'PUBLISH' ? packet.bytes.subarray(packet.bytes.length - (packet.payloadBytes ?? 0)) : undefined
