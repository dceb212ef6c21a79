/** Events of a transport, as its peer takes them. */
export interface TransportListener {
  /** Bytes came. */
  receive(bytes: Uint8Array): void
  /** A text frame came. */
  text(): void
  /** The transport takes more again. */
  writable(): void
  /** The transport closed or failed. */
  gone(): void
}

/**
 * Byte transport of one peer: a socket or a stream. No method throws, and none calls the listener
 * before it returns.
 */
export interface Transport {
  /**
   * Sets the listener. Until `open()` it hears of the end, and of data that the transport cannot
   * hold back.
   */
  attach(listener: TransportListener): void
  /** Starts reading: the peer has been let in. */
  open(): void
  /** Sends a frame. Returns false if no more may follow until the listener's `writable()`. */
  send(frame: Uint8Array<ArrayBuffer>): boolean
  /** Stops reading. A transport that cannot is bounded by the core. */
  pause(): void
  /** Reads again. */
  resume(): void
  /**
   * Closes after what was sent, also while paused. The time for it is bounded, whatever the other
   * side does.
   */
  close(fault: boolean): void
}
