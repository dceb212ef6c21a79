import { fromList, type PropertyList, type UserProperties } from './properties.js'

/** The broker's answer to a request. */
export interface Acknowledgement {
  /**
   * Reason code of success: 0; of PUBACK and PUBREC also 0x10, no matching subscribers. At QoS 0
   * there is no answer, and it is 0.
   */
  readonly reasonCode: number
  readonly reasonString?: string
  readonly userProperties?: UserProperties
}

/** The usual answer. @internal */
export const accepted: Acknowledgement = Object.freeze({ reasonCode: 0 })

/** Returns the answer with these properties. @internal */
export function acknowledgement(reasonCode: number, properties: PropertyList | undefined): Acknowledgement {
  if (reasonCode === 0 && properties === undefined) return accepted
  return Object.freeze({ reasonCode, ...fromList(properties ?? []) })
}
