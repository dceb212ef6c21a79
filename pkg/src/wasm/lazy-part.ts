import { MqttError } from '../util/errors.js'

/**
 * A part of the package that only some pages need, and that is loaded by those. It imports nothing of the rest but types, so
 * that it is one file. Rejects with an MqttError.
 */
export function loadPart<T>(loading: Promise<T>): Promise<T> {
  return loading.catch(cause => {
    throw new MqttError(`a part of wasmqtt could not be loaded: ${cause}`, { cause })
  })
}
