/** What a broker takes a client by: a WebSocket of the package `ws` or of a page, or a stream of Node. */
export type AcceptedSocket = NodeStreamLike | WsLike | PageWebSocketLike

/** A stream of Node, such as a socket of `net` or `tls`: what is used of it. */
export interface NodeStreamLike {
  on(event: string, listener: (...args: never[]) => void): unknown
  write(bytes: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
  pause(): unknown
  resume(): unknown
  readonly writableLength?: number | undefined
  setNoDelay?(noDelay: boolean): unknown
}

/** A WebSocket as pages have it: what is used of it. */
export interface PageWebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount?: number
  addEventListener(type: string, listener: (event: Event) => void): void
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number): void
}

/** A WebSocket of the package `ws`: what is used of it. */
export interface WsLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  on(event: string, listener: (...args: never[]) => void): unknown
  /** Some older ones have neither. */
  pause?(): void
  resume?(): void
  send(data: Uint8Array<ArrayBuffer>, sent: () => void): void
  close(code?: number): void
  terminate(): void
}
