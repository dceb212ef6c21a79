import { type PropertyList, toList, type UserProperties } from '../message/properties.js'
import { disconnectCode, fields, integer, optionError, text, uint32, userProperties } from '../util/validate.js'
import { only5 } from './options.js'

/** Options of `end()`. */
export interface EndOptions {
  /**
   * Reason code of DISCONNECT, one that a client may send (MQTT 5.0 §3.14.2.1). With 4 the broker
   * publishes the will. Default 0. MQTT 3.1.1 carries none.
   */
  readonly reasonCode?: number
  /** Reason for a person who reads the broker's log. 5.0 only. */
  readonly reasonString?: string
  /** User properties of DISCONNECT. 5.0 only. */
  readonly userProperties?: UserProperties
  /**
   * Session expiry interval in seconds, in place of the one of CONNECT. Not allowed above 0 where
   * that was 0 [MQTT-3.14.2-2]. 5.0 only.
   */
  readonly sessionExpiry?: number
  /** Time limit for the transport to close, in milliseconds. Default 5000. */
  readonly timeout?: number
}

const endFields = fields({
  reasonCode: disconnectCode('0x00, 0x04, 0x80-0x83, 0x90, 0x93-0x99'),
  reasonString: text,
  userProperties,
  sessionExpiry: uint32,
  timeout: integer(0, 2_147_483_647),
})

/** Checks the options of `end()`. @internal */
export function readEnd(
  options: EndOptions | undefined,
  version: 4 | 5,
  asked: number,
): [reasonCode: number, properties: PropertyList, timeout: number] {
  const { reasonCode = 0, timeout = 5000, sessionExpiry, ...rest } = endFields(options, 'options')
  if (version === 4) only5({ sessionExpiry, ...rest })
  if (sessionExpiry && !asked) {
    throw optionError('sessionExpiry', sessionExpiry, 'it must be 0, since the client connected with 0')
  }
  return [reasonCode, toList({ sessionExpiryInterval: sessionExpiry, ...rest }), timeout]
}
