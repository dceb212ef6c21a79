import {
  ClosedError,
  ConnectError,
  ConnectionError,
  MqttError,
  OptionError,
  PublishError,
  SubscribeError,
} from '../util/errors.js'
import type { Failure } from './interface.js'

/** What a call was about, for the error that it ends in. */
export type Subject =
  | { readonly kind: 'publish'; readonly topic: string }
  | { readonly kind: 'subscribe'; readonly filter: string }
  | { readonly kind: 'explain'; readonly filter: string; readonly topic: string }
  | { readonly kind: 'options' }

/** The typed error for what a call of the module threw; errors that are typed already stay as they are. */
export function thrownError(thrown: unknown, subject: Subject): unknown {
  if (thrown instanceof MqttError) return thrown
  if (!Array.isArray(thrown)) {
    return new MqttError('the WebAssembly module failed; reload the page', { cause: thrown })
  }
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

/** A request that did not end well. */
export function requestError(
  subject: Subject,
  message: string,
  details: { readonly reasonCode?: number | undefined; readonly cause?: unknown },
): MqttError {
  return subject.kind === 'subscribe'
    ? new SubscribeError(subject.filter, message, details)
    : new PublishError(message, details)
}

/** Why a connection ended; undefined if the caller wanted it. */
export function closeError(
  code: string,
  message: string,
  reasonCode: number | undefined,
  rule: string | undefined,
  details: { readonly wasConnected: boolean; readonly wasOpen: boolean; readonly cause: unknown },
): MqttError | undefined {
  const { wasConnected, wasOpen, cause } = details
  switch (code) {
    case 'requested':
      return undefined
    case 'options':
      return new OptionError('options', undefined, message)
    case 'refused':
    case 'connect-timeout':
      return new ConnectError(message, { reasonCode })
    case 'lost':
      if (wasConnected) return new ConnectionError(message, { cause })
      return new ConnectError(
        `the connection ${wasOpen ? 'closed before the broker answered' : 'could not be opened'}`,
        { cause },
      )
    default:
      return new ConnectionError(message, { reasonCode, rule })
  }
}
