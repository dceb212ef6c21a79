import {
  ClosedError,
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
      return new OptionError('topic', 'topic' in subject ? subject.topic : undefined, message)
    case 'filter':
      return new OptionError('filter', 'filter' in subject ? subject.filter : undefined, message)
    case 'property':
      return new OptionError('properties', undefined, message)
    case 'option':
      return new OptionError('options', undefined, message)
    case 'encode':
      return new OptionError(subject.kind === 'publish' ? 'payload' : 'options', undefined, message)
    case 'store':
      return new MqttError(message)
    case 'ended':
      return new ClosedError(message)
    case 'not-connected':
    case 'queue-full':
    case 'no-packet-id':
    case 'not-supported':
      return requestError(subject, message, { reasonCode })
  }
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

/** Returns the error for the end of a connection; undefined if the caller requested it. */
export function closeError(
  code: string,
  message: string,
  reasonCode: number | undefined,
  rule: string | undefined,
  details: ErrorDetails & { readonly wasConnected: boolean; readonly wasOpen: boolean },
): MqttError | undefined {
  const { wasConnected, wasOpen, ...told } = details
  const { cause } = told
  switch (code) {
    case 'requested':
      return undefined
    case 'options':
      return new OptionError('options', undefined, message)
    case 'refused':
    case 'connect-timeout':
      return new ConnectError(message, { ...told, reasonCode, cause: undefined })
    case 'authentication':
      return wasConnected ? new ConnectionError(message, { cause }) : new ConnectError(message, { cause })
    case 'lost':
      if (wasConnected) return new ConnectionError(message, { cause })
      return new ConnectError(
        `the connection ${wasOpen ? 'closed before the broker answered' : 'could not be opened'}`,
        { cause },
      )
    default:
      return new ConnectionError(message, { ...told, reasonCode, rule, cause: undefined })
  }
}
