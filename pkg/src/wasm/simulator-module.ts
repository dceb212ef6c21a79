import { generated } from '#glue/simulator'
import type { SimulatorGlue } from './interface.js'
import { Loader } from './loader.js'

/**
 * Loader of the module with the simulator. Its URL is relative to the bundle `dist/simulator.js`.
 */
export const simulatorLoader = new Loader<SimulatorGlue>(generated, () => ({
  url: new URL('./simulator/wasmqtt_bg.wasm', import.meta.url),
}))
