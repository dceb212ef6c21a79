import type { Acknowledgement } from '../message/acknowledgement.js'
import type { fromList, PropertyList, UserProperties } from '../message/properties.js'
import type { ConnectError, ConnectionError } from '../util/errors.js'
import type { limitTime } from '../util/limit-time.js'
import type { Validator } from '../util/validate.js'
import type { ClientCore } from '../wasm/interface.js'
import type { thrownError } from '../wasm/to-error.js'
import type { PendingRequests } from './pending-requests.js'

/** A step of enhanced authentication (MQTT 5.0 §4.12). */
export interface AuthenticationStep {
  readonly method: string
  /** The broker's data. Undefined at the beginning, and where the broker sent none. */
  readonly data?: Uint8Array
  /** Beginning with CONNECT or by `reauthenticate()`, or the answer to the broker's AUTH. */
  readonly stage: 'connect' | 'reauthenticate' | 'continue'
  readonly reasonString?: string
  readonly userProperties?: UserProperties
}

/**
 * Function that returns the client's data for a step; undefined for none. If it throws, the
 * connection ends.
 */
export type Authenticator = (step: AuthenticationStep) => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** The broker's answer to `reauthenticate()`. */
export interface Reauthentication extends Acknowledgement {
  /** The broker's last data, such as its proof. */
  readonly authenticationData?: Uint8Array
}

/** Steps that answer no challenge. */
const ANEW = -1
const CONNECT = -2
const GIVE_UP = -3

/** Properties of AUTH. */
interface AuthProperties {
  readonly authenticationData?: Uint8Array
  readonly reasonString?: string
  readonly userProperties?: UserProperties
}

/** Method of enhanced authentication, with the user's function. @internal */
export interface AuthenticationSettings {
  readonly method: string
  readonly authenticate: Authenticator
}

/** Functions and classes of the rest, of which the chunk imports only types. */
interface Tools {
  readonly fromList: typeof fromList
  readonly binary: Validator<Uint8Array>
  readonly thrownError: typeof thrownError
  readonly limitTime: typeof limitTime
  readonly ConnectError: typeof ConnectError
  readonly ConnectionError: typeof ConnectionError
}

/** Enhanced authentication of a client, by the user's function. @internal */
export class Authentication {
  /** Error of the function that ended the connection. */
  error: unknown

  /** The challenge that is to be answered, of this connection. */
  #challenge = 0
  readonly #settings: AuthenticationSettings
  readonly #tools: Tools

  constructor(settings: AuthenticationSettings, tools: Tools) {
    this.#settings = settings
    this.#tools = tools
  }

  /** Sets the data of CONNECT if the attempt goes on. Rejects with a ConnectError. */
  async begin(core: ClientCore, isCurrent: () => boolean): Promise<void> {
    let data: Uint8Array | undefined
    this.#challenge = 0
    try {
      data = await this.#data({ stage: 'connect' })
    } catch (cause) {
      throw new this.#tools.ConnectError(`the authentication data could not be obtained: ${cause}`, { cause })
    }
    if (isCurrent()) core.authenticate(CONNECT, data)
  }

  /** Answers the broker's AUTH, as long as `isCurrent` says that the core is the client's. */
  async answer(core: ClientCore, challenge: number, list: PropertyList, isCurrent: () => boolean): Promise<void> {
    const { authenticationData, reasonString, userProperties } = this.#tools.fromList(list) as AuthProperties
    this.#challenge = challenge
    try {
      const data = await this.#data({
        stage: 'continue',
        ...(authenticationData && { data: authenticationData }),
        ...(reasonString !== undefined && { reasonString }),
        ...(userProperties && { userProperties }),
      })
      if (isCurrent()) core.authenticate(challenge, data)
    } catch (error) {
      // A challenge of an earlier connection needs no answer.
      if (Array.isArray(error) && error[0] === 'not-connected') return
      if (!isCurrent() || this.#challenge !== challenge) return
      this.error = error
      core.authenticate(GIVE_UP)
    }
  }

  /** Authenticates anew. A broker that does not answer within `limit` milliseconds is left. */
  async again(
    core: ClientCore,
    requests: PendingRequests,
    limit: number,
    isCurrent: () => boolean,
  ): Promise<Reauthentication> {
    const data = await this.#data({ stage: 'reauthenticate' })
    if (!isCurrent()) throw new this.#tools.ConnectionError('the connection ended before authentication began anew')
    const subject = { kind: 'authenticate' } as const
    let request: number
    try {
      request = core.authenticate(ANEW, data)
    } catch (error) {
      throw this.#tools.thrownError(error, subject)
    }
    const answered = requests.add(request, subject)
    const stop = this.#tools.limitTime(limit, () => isCurrent() && core.authenticate(GIVE_UP))
    return answered.finally(stop)
  }

  async #data(step: Omit<AuthenticationStep, 'method'>): Promise<Uint8Array | undefined> {
    const { method, authenticate } = this.#settings
    const data: unknown = await authenticate({ method, ...step })
    return data === undefined ? undefined : this.#tools.binary(data, 'authenticate()')
  }
}
