// A WebSocket as a page has it, which cannot be paused.

/** The least that looks like a page's WebSocket. */
export class FakeWebSocket extends EventTarget {
  binaryType = 'blob'
  readyState = 1
  received = () => {}

  send(bytes) {
    this.received(Buffer.from(bytes))
  }

  close() {
    this.readyState = 2
  }

  give(bytes) {
    this.dispatchEvent(new MessageEvent('message', { data: Uint8Array.from(bytes).buffer }))
  }
}
