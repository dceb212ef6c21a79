/** A WebSocket, or what looks like one: what is used of it. Those of the browser and of the package `ws` fit. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
  /** Sends one binary frame. */
  send(data: Uint8Array<ArrayBuffer>): void
  close(): void
}
