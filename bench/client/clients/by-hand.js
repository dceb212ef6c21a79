// The yardstick: a client written by hand for one page, MQTT 3.1.1 and no more. It parses in place,
// returns payloads as views, sends a frame a packet, and checks little. It decodes ASCII topics in
// a loop, which is faster than TextDecoder at this length.

export async function connect(url, Socket, onMessage) {
  const socket = new Socket(url, ['mqtt'])
  socket.binaryType = 'arraybuffer'
  const client = new ByHand(socket, onMessage)
  await client.connected
  return client
}

class ByHand {
  #socket
  #onMessage
  #encoder = new TextEncoder()
  #decoder = new TextDecoder()
  #waiting = new Map()
  #nextId = 1
  #accepted

  constructor(socket, onMessage) {
    this.#socket = socket
    this.#onMessage = onMessage
    this.connected = new Promise(resolve => {
      this.#accepted = resolve
    })
    socket.onopen = () => socket.send(new Uint8Array([0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 2, 109, 101]))
    socket.onmessage = event => this.#receive(new Uint8Array(event.data))
  }

  publish(topic, payload) {
    this.#socket.send(this.#encode(topic, payload, 0))
  }

  publishAcknowledged(topic, payload) {
    const id = this.#nextId
    this.#nextId = id === 65_535 ? 1 : id + 1
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      this.#socket.send(this.#encode(topic, payload, id))
    })
  }

  #receive(bytes) {
    let at = 0
    while (at < bytes.length) {
      const first = bytes[at++]
      let length = 0
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]
        length |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      const end = at + length
      switch (first >> 4) {
        case 2:
          this.#accepted()
          break
        case 3:
          this.#publish(bytes, at, end, first)
          break
        case 4: {
          const id = (bytes[at] << 8) | bytes[at + 1]
          this.#waiting.get(id)?.()
          this.#waiting.delete(id)
          break
        }
      }
      at = end
    }
  }

  #publish(bytes, start, end, first) {
    let at = start + 2
    const topicEnd = at + ((bytes[start] << 8) | bytes[start + 1])
    const topic = this.#text(bytes, at, topicEnd)
    at = topicEnd
    const qos = (first >> 1) & 3
    let id = 0
    if (qos > 0) {
      id = (bytes[at] << 8) | bytes[at + 1]
      at += 2
    }
    this.#onMessage({ topic, payload: bytes.subarray(at, end), qos, retain: (first & 1) === 1 })
    if (qos === 1) this.#socket.send(new Uint8Array([0x40, 2, id >> 8, id & 0xff]))
  }

  #text(bytes, start, end) {
    let text = ''
    for (let at = start; at < end; at++) {
      if (bytes[at] > 0x7f) return this.#decoder.decode(bytes.subarray(start, end))
      text += String.fromCharCode(bytes[at])
    }
    return text
  }

  #encode(topic, payload, id) {
    const name = this.#encoder.encode(topic)
    const remaining = 2 + name.length + (id > 0 ? 2 : 0) + payload.length
    const lengthBytes = remaining < 0x80 ? 1 : remaining < 0x4000 ? 2 : remaining < 0x20_0000 ? 3 : 4
    const packet = new Uint8Array(1 + lengthBytes + remaining)
    let at = 0
    packet[at++] = id > 0 ? 0x32 : 0x30
    for (let rest = remaining; ; ) {
      const byte = rest & 0x7f
      rest >>= 7
      packet[at++] = rest > 0 ? byte | 0x80 : byte
      if (rest === 0) break
    }
    packet[at++] = name.length >> 8
    packet[at++] = name.length & 0xff
    packet.set(name, at)
    at += name.length
    if (id > 0) {
      packet[at++] = id >> 8
      packet[at++] = id & 0xff
    }
    packet.set(payload, at)
    return packet
  }
}
