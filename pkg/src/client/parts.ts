import { fromList } from '../message/properties.js'
import { ConnectError, ConnectionError, PublishError, SubscribeError } from '../util/errors.js'
import { binary } from '../util/validate.js'
import { loadPart } from '../wasm/lazy-part.js'
import { thrownError } from '../wasm/to-error.js'
import type { Authentication } from './authentication.js'
import type { LimitChecks } from './limit-checks.js'
import type { Settings } from './options.js'

/** Parts of the package that only some options need. @internal */
export interface Parts {
  readonly authentication?: Authentication
  readonly limits?: LimitChecks
}

/** Loads the parts that the options need. Rejects with an MqttError. @internal */
export async function loadParts({ authentication, limits }: Settings): Promise<Parts> {
  const parts: { -readonly [K in keyof Parts]: Parts[K] } = {}
  if (authentication) {
    const { Authentication } = await loadPart(import('./lazy-authentication.js'))
    const tools = { fromList, binary, thrownError, ConnectError, ConnectionError }
    parts.authentication = new Authentication(authentication, tools)
  }
  if (Object.keys(limits).length > 0) {
    const { LimitChecks } = await loadPart(import('./lazy-limits.js'))
    parts.limits = new LimitChecks(limits, { PublishError, SubscribeError })
  }
  return parts
}
