import { MqttError } from '../util/errors.js'
import type { Glue } from './interface.js'

/** A module that is loaded. */
export interface Engine<G extends Glue = Glue> {
  readonly glue: G
  readonly memory: WebAssembly.Memory
}

/** wasm-bindgen's function that makes an instance of the module; the build leaves nothing else of it. */
type Init = (options: { module_or_path: WebAssembly.Module }) => Promise<object>

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
      const exports = await this.#init({ module_or_path: await compile(url) })
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

async function compile(url: URL): Promise<WebAssembly.Module> {
  // In Node, where `fetch` takes no files. Bundlers for the browser would stumble over an import, and replace a free
  // `process` by a polyfill.
  if (url.protocol === 'file:') {
    return WebAssembly.compile(await globalThis.process.getBuiltinModule('node:fs/promises').readFile(url))
  }
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`)
  // Of what servers give another type, only the bytes are taken.
  return response.headers.get('Content-Type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer())
}
