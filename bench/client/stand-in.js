// A stand-in for WebSocket inside the page: a broker of a few lines, so that only the client's own
// work is timed.

/** Answers as a broker would, and lets the benchmark deliver frames and count packets. */
export class StandIn extends EventTarget {
  static CONNECTING = 0
  static OPEN = 1
  static CLOSING = 2
  static CLOSED = 3

  /** The socket that was made last. */
  static latest

  CONNECTING = 0
  OPEN = 1
  CLOSING = 2
  CLOSED = 3
  readyState = 0
  bufferedAmount = 0
  binaryType = 'blob'
  extensions = ''
  protocol = 'mqtt'
  onopen = null
  onmessage = null
  onclose = null
  onerror = null

  /** How many PUBLISH and PUBACK packets the client has sent. */
  published = 0
  acknowledged = 0
  #v5 = false
  #unanswered = []
  #channel = new MessageChannel()

  constructor(url) {
    super()
    this.url = String(url)
    StandIn.latest = this
    this.#channel.port1.onmessage = () => this.#answer()
    queueMicrotask(() => {
      this.readyState = 1
      this.#fire('open', new Event('open'))
    })
  }

  send(data) {
    const bytes =
      data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    for (let at = 0; at < bytes.length; ) {
      let length = 0
      let header = at + 1
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[header++]
        length |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      this.#packet(bytes, at, header)
      at = header + length
    }
  }

  close() {
    if (this.readyState === 3) return
    this.readyState = 3
    // A port that listens would keep this socket.
    this.#channel.port1.close()
    this.#fire('close', new CloseEvent('close', { code: 1000, wasClean: true }))
  }

  /** A frame from the broker. */
  deliver(buffer) {
    this.#fire('message', new MessageEvent('message', { data: buffer }))
  }

  #packet(bytes, at, body) {
    switch (bytes[at] >> 4) {
      case 1:
        this.#v5 = bytes[body + 6] === 5
        this.#later(this.#v5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0])
        break
      case 3:
        this.published += 1
        if (bytes[at] & 6) this.#acknowledge(bytes, body)
        break
      case 4:
        this.acknowledged += 1
        break
      case 8:
        this.#later(
          this.#v5 ? [0x90, 4, bytes[body], bytes[body + 1], 0, 1] : [0x90, 3, bytes[body], bytes[body + 1], 1],
        )
        break
      case 12:
        this.#later([0xd0, 0])
        break
    }
  }

  /** The acknowledgements of a turn come back in one frame of a later one. */
  #acknowledge(bytes, body) {
    const id = body + 2 + ((bytes[body] << 8) | bytes[body + 1])
    if (this.#unanswered.length === 0) this.#channel.port2.postMessage(0)
    this.#unanswered.push(0x40, 2, bytes[id], bytes[id + 1])
  }

  #answer() {
    const frame = new Uint8Array(this.#unanswered).buffer
    this.#unanswered = []
    this.deliver(frame)
  }

  #later(packet) {
    queueMicrotask(() => this.deliver(new Uint8Array(packet).buffer))
  }

  #fire(name, event) {
    this[`on${name}`]?.(event)
    this.dispatchEvent(event)
  }
}
