import type { Acknowledgement } from '../message/acknowledgement.js'
import { fromList, type PropertyList, type UserProperties } from '../message/properties.js'
import { ConnectError, ConnectionError } from '../util/errors.js'
import { binary } from '../util/validate.js'
import type { ClientCore } from '../wasm/interface.js'
import { thrownError } from '../wasm/to-error.js'
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

/** Calls the module, whose errors are lists. */
function begun(call: () => number): number {
  try {
    return call()
  } catch (error) {
    throw thrownError(error, { kind: 'authenticate' })
  }
}

/** Enhanced authentication of a client, by the user's function. @internal */
export class Authentication {
  /** Error of the function that ended the connection. */
  error: unknown

  readonly method: string
  /** The challenge that is to be answered, of this connection. */
  #challenge = 0
  readonly #authenticate: Authenticator

  constructor(method: string, authenticate: Authenticator) {
    this.method = method
    this.#authenticate = authenticate
  }

  /** Sets the data of CONNECT if the attempt goes on. Rejects with a ConnectError. */
  async begin(core: ClientCore, isCurrent: () => boolean): Promise<void> {
    let data: Uint8Array | undefined
    this.#challenge = 0
    try {
      data = await this.#data({ stage: 'connect' })
    } catch (cause) {
      throw new ConnectError(`the authentication data could not be obtained: ${cause}`, { cause })
    }
    if (isCurrent()) core.authenticate(CONNECT, data)
  }

  /** Answers the broker's AUTH, as long as `isCurrent` says that the core is the client's. */
  async answer(core: ClientCore, challenge: number, list: PropertyList, isCurrent: () => boolean): Promise<void> {
    const { authenticationData, reasonString, userProperties } = fromList(list) as AuthProperties
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
    if (!isCurrent()) throw new ConnectionError('the connection ended before authentication began anew')
    const answered = requests.add(
      begun(() => core.authenticate(ANEW, data)),
      { kind: 'authenticate' },
    )
    const timer = setTimeout(() => isCurrent() && core.authenticate(GIVE_UP), limit)
    return answered.finally(() => clearTimeout(timer))
  }

  async #data(step: Omit<AuthenticationStep, 'method'>): Promise<Uint8Array | undefined> {
    const data: unknown = await this.#authenticate({ method: this.method, ...step })
    return data === undefined ? undefined : binary(data, 'authenticate()')
  }
}
