import type { QoS } from '../message/message.js'
import { MqttError } from '../util/errors.js'
import type { Secrets } from './credentials.js'

/** Yes; no; or no for this reason: a reason code of MQTT from 0x80 on, 0x87 (not authorized) where the packet has no such one. */
export type Verdict = boolean | number

/** Who wants to connect. */
export interface ConnectRequest {
  /** Empty if the client asks for one. */
  readonly clientId: string
  readonly username?: string | undefined
  readonly password?: Uint8Array | undefined
  readonly version: 4 | 5
}

/** A step of enhanced authentication (MQTT 5.0 §4.12). */
export interface EnhancedRequest extends ConnectRequest {
  readonly version: 5
  /** The same for the whole connection. */
  readonly method: string
  /** What the client says, in CONNECT or in AUTH. */
  readonly data?: Uint8Array | undefined
  /** It is connected, and authenticates again (MQTT 5.0 §4.12.1); there is no password then. */
  readonly again: boolean
  /** The hook's own: the same object with each step of one exchange, empty with the first. */
  readonly state: Record<string, unknown>
}

/** What comes of a step of enhanced authentication, and what the client is told with it. */
export interface EnhancedStep {
  /** True: the client is let in. False: it is asked this, and answers in the next step. */
  readonly complete: boolean
  /** Text is UTF-8. At most 65,535 bytes. */
  readonly data?: string | Uint8Array
}

/** What a client wants to do. */
export interface AuthorizeRequest {
  /** Empty with the will of a client whose identifier is still to be assigned. */
  readonly clientId: string
  readonly username?: string | undefined
  /** With `publish` also the will of a client, when it connects. */
  readonly action: 'publish' | 'subscribe' | 'receive'
  /** With `subscribe` the topic filter, with `$share/…` before it if it is shared. */
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
}

/** Says who may connect. */
export type Authenticate = (request: ConnectRequest) => Verdict | PromiseLike<Verdict>
/** Says what comes of a step of enhanced authentication. */
export type AuthenticateEnhanced = (
  request: EnhancedRequest,
) => Verdict | EnhancedStep | PromiseLike<Verdict | EnhancedStep>
/** Says who may do what. */
export type Authorize = (request: AuthorizeRequest) => Verdict | PromiseLike<Verdict>

/** A broker's hooks, and the users that are asked for before them. @internal */
export interface Hooks {
  readonly users?: Secrets | undefined
  readonly authenticate?: Authenticate | undefined
  readonly authenticateEnhanced?: AuthenticateEnhanced | undefined
  readonly authorize?: Authorize | undefined
}

/** A hook threw, rejected, or gave what is no answer; what was asked is refused with 0x80. `cause` is what was thrown. */
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

/** What the broker cannot tell its caller: a HookError, or a StoreError. Unless `preventDefault()` is called, it is reported as uncaught. */
export class BrokerErrorEvent extends Event {
  constructor(readonly error: MqttError) {
    super('error', { cancelable: true })
  }
}
