// A bare client of MQTT 3.1.1 over any stream of bytes. It takes as little time as possible, so
// that the broker is measured. It checks no more than that the answers come.

const none = new Uint8Array(0)

export class BareClient {
  /**
   * Called as `(bytes, start, end, first)` for each PUBLISH: its body, and the first byte of its
   * header.
   */
  onPublish = () => {}
  /** Called with the packet identifier of each PUBACK and PUBCOMP. */
  onAcknowledged = () => {}
  /** Called when all packets of a chunk were handled. */
  onChunk = () => {}
  isEnded = false
  #stream
  #rest = none
  #answers = []
  #answered = undefined

  constructor(stream) {
    this.#stream = stream
    stream.on('data', chunk => this.#receive(chunk))
    stream.on('error', error => console.error(String(error)))
  }

  async connect(clientId) {
    const id = Buffer.from(clientId)
    // The longest keep alive, since rumqttd refuses to go without one.
    const body = [0, 4, ...Buffer.from('MQTT'), 4, 2, 0xff, 0xff, id.length >> 8, id.length & 0xff, ...id]
    const code = await this.#ask([0x10, body.length, ...body])
    if (code !== 0) throw new Error(`CONNACK ${code}`)
  }

  async subscribe(filter, qos) {
    const name = Buffer.from(filter)
    const body = [0, 1, name.length >> 8, name.length & 0xff, ...name, qos]
    const code = await this.#ask([0x82, body.length, ...body])
    if (code !== qos) throw new Error(`SUBACK ${code}`)
  }

  send(bytes) {
    this.#stream.write(bytes)
  }

  end() {
    this.isEnded = true
    this.#stream.end(Buffer.from([0xe0, 0]))
  }

  /** CONNACK's or SUBACK's code. */
  #ask(packet) {
    return new Promise(resolve => {
      this.#answered = resolve
      this.send(Buffer.from(packet))
    })
  }

  #receive(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at + 2 <= bytes.length) {
      let body = at + 1
      let length = 0
      for (let shift = 0; body < bytes.length; shift += 7) {
        const byte = bytes[body++]
        length |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      // Half a length ends with a byte that promises another.
      const end = body + length
      if (bytes[body - 1] >= 0x80 || end > bytes.length) break
      this.#packet(bytes, at, body, end)
      at = end
    }
    this.#rest = bytes.subarray(at)
    if (this.#answers.length > 0) {
      this.send(Buffer.from(this.#answers))
      this.#answers = []
    }
    this.onChunk()
  }

  #packet(bytes, at, body, end) {
    const first = bytes[at]
    switch (first >> 4) {
      case 3:
        if ((first & 6) !== 0) {
          const id = body + 2 + ((bytes[body] << 8) | bytes[body + 1])
          this.#answers.push((first & 2) !== 0 ? 0x40 : 0x50, 2, bytes[id], bytes[id + 1])
        }
        this.onPublish(bytes, body, end, first)
        break
      case 4:
      case 7:
        this.onAcknowledged((bytes[body] << 8) | bytes[body + 1])
        break
      case 5:
        this.#answers.push(0x62, 2, bytes[body], bytes[body + 1])
        break
      case 6:
        this.#answers.push(0x70, 2, bytes[body], bytes[body + 1])
        break
      case 2:
      case 9:
        this.#answered(bytes[end - 1])
        break
    }
  }
}
