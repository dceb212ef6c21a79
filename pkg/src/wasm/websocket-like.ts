import type { UnsharedBytes } from '../util/unshared-bytes.js'

/** The part of a WebSocket that is used. Those of browsers and of the package `ws` have it. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
  /** Sends one binary frame. */
  send(data: UnsharedBytes): void
  close(): void
}
