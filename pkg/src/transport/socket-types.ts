import type { UnsharedBytes } from '../util/unshared-bytes.js'

/**
 * A socket that a broker accepts: a WebSocket of the package `ws` or of a page, or a stream of
 * Node.
 */
export type AcceptedSocket = NodeStreamLike | WsLike | PageWebSocketLike

/** The part of a Node stream that is used, such as a socket of `net` or `tls`. */
export interface NodeStreamLike {
  on(event: string, listener: (...args: never[]) => void): unknown
  write(bytes: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
  pause(): unknown
  resume(): unknown
  removeAllListeners?(event: string): unknown
  readonly readableEnded?: boolean
  readonly writableObjectMode?: boolean
  readonly writableLength?: number | undefined
  setNoDelay?(noDelay: boolean): unknown
}

/** The part of a page's WebSocket that is used. */
export interface PageWebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount?: number
  addEventListener(type: string, listener: (event: Event) => void): void
  send(data: UnsharedBytes): void
  close(code?: number): void
}

/** The part of a WebSocket of the package `ws` that is used. */
export interface WsLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  on(event: string, listener: (...args: never[]) => void): unknown
  /** Older versions have neither. */
  pause?(): void
  resume?(): void
  send(data: UnsharedBytes, sent: () => void): void
  close(code?: number): void
  terminate(): void
}
