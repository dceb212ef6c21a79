import { StoreError } from '../store/store.js'
import { ClosedError, ConnectError, type ConnectPhase, OptionError, Unauthorized } from '../util/errors.js'
import type { WebSocketLike } from '../wasm/websocket-like.js'

/** Returns the error for what an attempt threw. @internal */
export function connectError(error: unknown): Error {
  if (error instanceof ConnectError || error instanceof OptionError || error instanceof StoreError) return error
  return new ConnectError(error instanceof Error ? error.message : String(error), { cause: error })
}

/**
 * True if another attempt would fail alike.
 *
 * The causes are a wrong option, no authorization, a closed broker in the page, or a WebSocket that
 * the page may not open. @internal
 */
export function isFinal(error: Error | undefined): boolean {
  const { cause } = error ?? {}
  const name = (cause as Error | undefined)?.name
  return (
    error instanceof OptionError ||
    cause instanceof Unauthorized ||
    cause instanceof ClosedError ||
    name === 'SecurityError' ||
    name === 'SyntaxError'
  )
}

/** Returns the place at which an attempt stands. @internal */
export function phaseOf(
  socket: WebSocketLike | undefined,
  wasOpen: boolean,
  cause: unknown,
  isLinked: boolean,
): ConnectPhase {
  const { protocol } = (socket ?? {}) as { readonly protocol?: string }
  const lacksProtocol = wasOpen ? protocol === '' : /subprotocol/i.test(String(cause))
  return lacksProtocol ? 'subprotocol' : wasOpen || isLinked ? 'CONNACK' : 'opening'
}
