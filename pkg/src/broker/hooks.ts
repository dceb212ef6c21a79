import type { QoS } from '../message/message.js'
import { MqttError } from '../util/errors.js'
import type { Secrets } from './credentials.js'

/**
 * Verdict of a hook: yes, no, or a reason code from 0x80 on. A code that the packet cannot carry
 * becomes 0x87 (not authorized).
 */
export type Verdict = boolean | number

/** A client that wants to connect. */
export interface ConnectRequest {
  /** Client identifier; empty if the client asks for one. */
  readonly clientId: string
  readonly username?: string | undefined
  readonly password?: Uint8Array | undefined
  readonly version: 4 | 5
}

/** A step of enhanced authentication (MQTT 5.0 §4.12). */
export interface EnhancedRequest extends ConnectRequest {
  readonly version: 5
  /** Authentication method, the same for the whole connection. */
  readonly method: string
  /** Authentication data of the client, in CONNECT or AUTH. */
  readonly data?: Uint8Array | undefined
  /**
   * True if a connected client authenticates again (MQTT 5.0 §4.12.1). There is no password then.
   */
  readonly again: boolean
  /** State of the hook's own: one object for all steps of an exchange, empty at the first. */
  readonly state: Record<string, unknown>
}

/** Result of a step of enhanced authentication, with data for the client. */
export interface EnhancedStep {
  /** True to let the client in; false to ask it for another step. */
  readonly complete: boolean
  /** Authentication data, at most 65,535 bytes. Text is UTF-8. */
  readonly data?: string | Uint8Array
}

/** An action of a client on a topic. */
export interface AuthorizeRequest {
  /** Client identifier; empty for the will of a client whose identifier is still to be assigned. */
  readonly clientId: string
  readonly username?: string | undefined
  /** Action. A will, at CONNECT, is a `publish`. */
  readonly action: 'publish' | 'subscribe' | 'receive'
  /** Topic. For `subscribe` the topic filter, with `$share/…` before it if it is shared. */
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
}

/** Hook that decides whether a client may connect. */
export type Authenticate = (request: ConnectRequest) => Verdict | PromiseLike<Verdict>
/** Hook that answers a step of enhanced authentication. */
export type AuthenticateEnhanced = (
  request: EnhancedRequest,
) => Verdict | EnhancedStep | PromiseLike<Verdict | EnhancedStep>
/** Hook that decides whether a client may act on a topic. */
export type Authorize = (request: AuthorizeRequest) => Verdict | PromiseLike<Verdict>

/** Hooks of a broker, and its users, who are checked before them. @internal */
export interface Hooks {
  readonly users?: Secrets | undefined
  readonly authenticate?: Authenticate | undefined
  readonly authenticateEnhanced?: AuthenticateEnhanced | undefined
  readonly authorize?: Authorize | undefined
}

/**
 * A hook that threw, rejected, or returned no verdict. The request is refused with 0x80. `cause` is
 * the thrown value.
 */
export class HookError extends MqttError {
  readonly hook: 'authenticate' | 'authenticateEnhanced' | 'authorize'

  constructor(hook: HookError['hook'], message: string, cause?: unknown) {
    super(message, { reasonCode: 0x80, cause })
    this.hook = hook
  }

  override get name(): string {
    return 'HookError'
  }
}

/**
 * Event for a failure that has no caller: a HookError, a StoreError, or the MqttError of a failed
 * module. Without `preventDefault()` it is reported as uncaught.
 */
export class BrokerErrorEvent extends Event {
  constructor(readonly error: MqttError) {
    super('error', { cancelable: true })
  }
}
