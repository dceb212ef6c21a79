// A class of WebSockets that reports the frames of MQTT, both ways, and behaves as its base does.

/** Receiver of one connection's frames. */
export interface SocketWatcher {
  opening(): void
  sent(bytes: Uint8Array): void
  received(bytes: Uint8Array): void
  closed(wasClean: boolean): void
}

/** The global class, or one like it. */
export type WebSocketClass = typeof WebSocket

/** Returns the class. Sockets whose subprotocol is not MQTT's are left alone. */
export function tapped(Base: WebSocketClass, watch: () => SocketWatcher): WebSocketClass {
  return class extends Base {
    readonly #report: ((data: unknown, isSent: boolean) => void) | undefined

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      if (!isMqtt(protocols)) return
      const watcher = watch()
      watcher.opening()
      this.#report = reporter(watcher)
      // Behind the socket's creation no listener of its owner can be earlier, so a packet is noted
      // before it is answered.
      this.addEventListener('message', ({ data }) => this.#report?.(data, false))
      this.addEventListener('close', ({ wasClean }) => watcher.closed(wasClean))
    }

    override send(data: Parameters<WebSocket['send']>[0]): void {
      const isOpen = this.readyState === Base.OPEN
      super.send(data)
      // Data behind the closing is dropped by the socket.
      if (isOpen) this.#report?.(data, true)
    }
  }
}

/** A client offers the subprotocol `mqtt` [MQTT-6.0.0-3]; `mqttv3.1` is that of MQTT 3.1. */
function isMqtt(protocols: string | string[] = []): boolean {
  return [protocols].flat().some(protocol => /^mqtt/i.test(protocol))
}

/** Returns the function that hands frames on in their order, although a Blob is read later. */
function reporter(watcher: SocketWatcher): (data: unknown, isSent: boolean) => void {
  let reading: Promise<void> | undefined
  return (data, isSent) => {
    const hand = (bytes: Uint8Array) => (isSent ? watcher.sent(bytes) : watcher.received(bytes))
    const bytes = bytesOf(data)
    if (bytes && !reading) hand(bytes)
    else if (bytes || data instanceof Blob) {
      const copy = bytes?.slice()
      const next = (reading ?? Promise.resolve()).then(async () => {
        hand(copy ?? new Uint8Array(await (data as Blob).arrayBuffer()))
        if (reading === next) reading = undefined
      })
      reading = next
    }
  }
}

/** Returns the bytes of a binary frame; MQTT has no other frames [MQTT-6.0.0-1]. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined
}
