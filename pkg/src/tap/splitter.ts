// Packets of a byte stream, from any split and any joining over frames [MQTT-6.0.0-2].

/** Most bytes of a Remaining Length (MQTT 5.0 §1.5.5). */
const LENGTH_BYTES = 4

export class PacketSplitter {
  readonly #bytesMax: number
  #header: number[] = []
  /** The packet that has begun, and how much of it is there. */
  #packet: Uint8Array | undefined
  #filled = 0
  /** Bytes still to come of a packet that is too large to be kept. */
  #toSkip = 0
  #skipped = 0
  #isBroken = false

  /** @param bytesMax size of the largest packet that is kept */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Number of packets that were too large. */
  get skipped(): number {
    return this.#skipped
  }

  /** Returns the packets that these bytes complete. Behind a malformed length there are none. */
  feed(data: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = []
    let at = 0
    while (at < data.length && !this.#isBroken) {
      if (this.#toSkip > 0) {
        const step = Math.min(this.#toSkip, data.length - at)
        this.#toSkip -= step
        at += step
        continue
      }
      if (this.#packet) at += this.#fill(this.#packet, data.subarray(at))
      else {
        this.#begin(data[at] ?? 0)
        at += 1
      }
      if (this.#packet && this.#filled === this.#packet.length) {
        packets.push(this.#packet)
        this.#packet = undefined
      }
    }
    return packets
  }

  #fill(packet: Uint8Array, data: Uint8Array): number {
    const part = data.subarray(0, packet.length - this.#filled)
    packet.set(part, this.#filled)
    this.#filled += part.length
    return part.length
  }

  /** Takes one byte of the fixed header, whose last one tells the packet's size. */
  #begin(byte: number): void {
    this.#header.push(byte)
    if (this.#header.length === 1) return
    if (byte >= 0x80) {
      this.#isBroken = this.#header.length > LENGTH_BYTES
      return
    }
    const length = this.#header.slice(1).reduce((sum, part, place) => sum + (part & 0x7f) * 128 ** place, 0)
    if (this.#header.length + length > this.#bytesMax) {
      this.#toSkip = length
      this.#skipped += 1
    } else {
      this.#packet = new Uint8Array(this.#header.length + length)
      this.#packet.set(this.#header)
      this.#filled = this.#header.length
    }
    this.#header = []
  }
}
