import { MqttError } from '../util/errors.js'

/**
 * Loads a chunk of the package that only some pages need. Rejects with an MqttError.
 *
 * A chunk imports only types from the rest, so that it is one file.
 */
export function loadPart<T>(loading: Promise<T>): Promise<T> {
  return loading.catch(cause => {
    throw new MqttError(`a part of wasmqtt could not be loaded: ${cause}`, { cause })
  })
}
