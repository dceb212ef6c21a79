import { ClosedError, ConnectError, OptionError, Unauthorized } from '../util/errors.js'

/** Returns the error for what an attempt threw. @internal */
export function connectError(error: unknown): Error {
  if (error instanceof ConnectError || error instanceof OptionError) return error
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
