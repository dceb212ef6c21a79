import type { Port } from './peer.js'

/** A socket of whatever kind, as a port uses it. Nothing of it throws, or calls back at once. */
export interface Wire {
  /** Tells the port of the socket's end from now on, and of what comes if that cannot wait. */
  attach(port: Port): void
  /** The peer is let in: tells the port of all that comes. */
  open(): void
  /** Sends a frame. Gives whether more may follow; if not, the port is told once it may. */
  send(frame: Uint8Array<ArrayBuffer>): boolean
  /** Tells the port of nothing more, if that can be; a transport that cannot is bounded by the core. */
  pause(): void
  /** Tells it again. */
  resume(): void
  /** Closes behind what was sent, paused or not, after a bounded time whatever the other side does. */
  close(fault: boolean): void
}
