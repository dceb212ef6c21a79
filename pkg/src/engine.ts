import type { Glue } from './core.js'
import { MqttError } from './errors.js'

/** A module that is loaded. */
export interface Engine<G extends Glue = Glue> {
  readonly glue: G
  readonly memory: WebAssembly.Memory
}

/** wasm-bindgen's function that loads the module. */
type Init = (options: { module_or_path: URL | Promise<BufferSource> }) => Promise<object>

/** Loads one build's module, when it is first wanted and once. */
export class Loader<G extends Glue = Glue> {
  /** Once it is loaded. */
  engine: Engine<G> | undefined
  #loading: Promise<Engine<G>> | undefined

  readonly #glue: G
  readonly #init: Init
  readonly #url: () => URL

  constructor(glue: G, init: Init, url: () => URL) {
    this.#glue = glue
    this.#init = init
    this.#url = url
  }

  /** Rejects with an MqttError; the next call tries again. */
  load(): Promise<Engine<G>> {
    this.#loading ??= this.#start()
    return this.#loading
  }

  async #start(): Promise<Engine<G>> {
    const url = this.#url()
    try {
      const exports = await this.#init({ module_or_path: url.protocol === 'file:' ? fromFile(url) : url })
      // The build gives the exports short names, the memory among them.
      const memory = Object.values(exports).find(value => value instanceof WebAssembly.Memory) as WebAssembly.Memory
      this.engine = { glue: this.#glue, memory }
      return this.engine
    } catch (cause) {
      this.#loading = undefined
      throw new MqttError(`the WebAssembly module could not be loaded from ${url}: ${cause}`, { cause })
    }
  }
}

/** In Node, where `fetch` takes no files. Not by an import, which bundlers for the browser would stumble over. */
function fromFile(url: URL): Promise<BufferSource> {
  return process.getBuiltinModule('node:fs/promises').readFile(url)
}
