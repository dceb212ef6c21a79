import {
  ClosedError,
  type ConnectDetails,
  ConnectError,
  ConnectionError,
  type ErrorDetails,
  IndeterminateError,
  MqttError,
  OptionError,
  PublishError,
  SubscribeError,
  TimeoutError,
} from '../util/errors.js'
import type { Failure } from './interface.js'

/** Subject of a call, for its error. */
export type Subject =
  | { readonly kind: 'publish'; readonly topic: string }
  | { readonly kind: 'subscribe'; readonly filter: string; readonly filters?: readonly string[] }
  | { readonly kind: 'explain'; readonly filter: string; readonly topic: string }
  | { readonly kind: 'authenticate' }
  | { readonly kind: 'options' }

/** Returns the error of a module that cannot be called any more. */
export function moduleError(thrown: unknown): MqttError {
  // A panic throws a RuntimeError with its place and message.
  return new MqttError(`the WebAssembly module failed; reload the page: ${thrown}`, { cause: thrown })
}

/** Returns the typed error for an error of the module. Typed errors pass unchanged. */
export function thrownError(thrown: unknown, subject: Subject): unknown {
  if (thrown instanceof MqttError) return thrown
  if (!Array.isArray(thrown)) return moduleError(thrown)
  const [code, message, reasonCode] = thrown as unknown as Failure
  switch (code) {
    case 'topic':
    case 'filter':
      return new OptionError(code, (subject as Readonly<Record<string, unknown>>)[code], message)
    case 'property':
      return new OptionError('properties', undefined, message)
    case 'option':
    case 'encode':
      return new OptionError(
        code === 'encode' && subject.kind === 'publish' ? 'payload' : 'options',
        undefined,
        message,
      )
    case 'store':
      return new MqttError(message)
    case 'ended':
      return new ClosedError(message)
    default:
      return requestError(subject, message, { reasonCode })
  }
}

/**
 * As `thrownError`, for a call whose arguments run code of the caller, such as a getter. An error
 * of theirs passes unchanged.
 */
export function callError(thrown: unknown, subject: () => Subject): unknown {
  return Array.isArray(thrown) ? thrownError(thrown, subject()) : thrown
}

/** Returns the error for a failed request. */
export function requestError(subject: Subject, message: string, details: ErrorDetails): MqttError {
  if (subject.kind === 'authenticate') return new ConnectionError(message, details)
  return subject.kind === 'subscribe'
    ? new SubscribeError(subject.filter, message, details)
    : new PublishError(message, details)
}

/** Returns the error for a request that failed with this code of the module. */
export function failedError(
  code: string,
  subject: Subject,
  message: string,
  details: Parameters<typeof requestError>[2],
): MqttError {
  if (/lost|unanswered/.test(code)) return new IndeterminateError(message, details)
  if (code === 'timed-out') return new TimeoutError(message, details)
  return requestError(subject, message, details)
}

/** Facts about an attempt or a connection that ended. */
export interface EndDetails extends ConnectDetails {
  readonly wasConnected: boolean
  /** Error that kept the host from opening a transport. */
  readonly failure: Error | undefined
}

/** Returns the error for the end of a connection; undefined if the caller requested it. */
export function closeError(
  code: string,
  message: string,
  reasonCode: number | undefined,
  rule: string | undefined,
  { wasConnected, failure, ...details }: EndDetails,
): Error | undefined {
  const { phase, url, closeCode, cause } = details
  const at = url === undefined ? '' : ` (${phase}, ${url}${closeCode === undefined ? '' : `, close code ${closeCode}`})`
  switch (code) {
    case 'requested':
      return undefined
    case 'options':
      return new OptionError('options', undefined, message)
    case 'open':
      return failure ?? new ConnectError(message, details)
    case 'refused':
      return new ConnectError(message, { ...details, reasonCode, cause: undefined })
    case 'authentication':
      return wasConnected
        ? new ConnectionError(message, { cause: failure })
        : new ConnectError(message, { ...details, cause: failure })
    case 'connect-timeout':
      return new ConnectError(phase === 'opening' ? `the connection was not opened in time${at}` : message, details)
    case 'lost':
      if (wasConnected) return new ConnectionError(message, { cause })
      return new ConnectError(
        phase === 'opening'
          ? `the connection could not be opened${at}${cause ? '' : suspects(url)}`
          : `the connection closed before the broker answered${at}`,
        details,
      )
    default:
      return new ConnectionError(message, { ...details, reasonCode, rule, cause: undefined })
  }
}

/** Returns the usual causes of a failure that a browser does not explain. */
function suspects(url = ''): string {
  const { location, navigator } = globalThis
  if (navigator?.onLine === false) return ': the device is offline'
  if (location?.protocol === 'https:' && url.startsWith('ws:')) return ': a page from https: may open only wss: URLs'
  const tls = url.startsWith('wss:') ? 'a certificate that is not trusted, ' : ''
  const policy = location ? ', or a Content-Security-Policy without it in connect-src' : ''
  return `: the usual causes are a server that cannot be reached, ${tls}a wrong port or path, a port that speaks MQTT without WebSocket or lacks the subprotocol mqtt${policy}`
}
