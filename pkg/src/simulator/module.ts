import { MqttError, OptionError } from '../util/errors.js'
import type { SimulatorGlue } from '../wasm/interface.js'
import { simulatorLoader } from '../wasm/simulator-module.js'
import { moduleError } from '../wasm/to-error.js'

/** Returns the module's exports. Throws before `await load()`. */
export function glue(): SimulatorGlue {
  const { engine } = simulatorLoader
  if (!engine) throw new MqttError('the WebAssembly module is not loaded; await load() first')
  return engine.glue
}

/** Calls the module, and throws the typed error of a failure. */
export function call<T>(run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    throw typed(thrown)
  }
}

/** Returns the typed error for an error of the module. Others pass unchanged. */
export function typed(thrown: unknown): unknown {
  if (!Array.isArray(thrown)) return thrown instanceof Error ? thrown : moduleError(thrown)
  const [code, message] = thrown as [string, string]
  return code === 'simulator' ? new MqttError(message) : new OptionError(code, undefined, message)
}
