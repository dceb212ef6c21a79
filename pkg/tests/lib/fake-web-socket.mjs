// A WebSocket as a page has it, which cannot be paused.

/** The least that looks like a page's WebSocket. */
export class FakeWebSocket extends EventTarget {
  binaryType = 'blob'
  readyState = 1
  received = () => {}
  closedWith

  send(bytes) {
    this.received(Buffer.from(bytes))
  }

  /** As in a page, which may send few codes of RFC 6455. */
  close(code = 1000, reason = '') {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException('code', 'InvalidAccessError')
    if (Buffer.byteLength(reason) > 123) throw new DOMException('reason', 'SyntaxError')
    if (this.readyState > 1) return
    this.readyState = 2
    this.closedWith = code
    this.dispatchEvent(new Event('closing'))
  }

  give(bytes) {
    this.dispatchEvent(new MessageEvent('message', { data: Uint8Array.from(bytes).buffer }))
  }
}
