import { MqttError } from '../util/errors.js'
import type { Glue } from './interface.js'

/** A loaded module. */
export interface Engine<G extends Glue = Glue> {
  readonly glue: G
  readonly memory: WebAssembly.Memory
}

/** Function by wasm-bindgen that instantiates the module. */
type Init = (options: { module_or_path: WebAssembly.Module }) => Promise<object>

/** Loader of one build's module: on first use, and once. */
export class Loader<G extends Glue = Glue> {
  /** The module, once it is loaded. */
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

  /** Loads the module. Rejects with an MqttError; the next call tries again. */
  load(): Promise<Engine<G>> {
    this.#loading ??= this.#start()
    return this.#loading
  }

  async #start(): Promise<Engine<G>> {
    const url = this.#url()
    try {
      const exports = await this.#init({ module_or_path: await compile(url) })
      // The build shortens the names of exports, the memory's too.
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
  // In Node, whose `fetch` takes no files. A bundler for browsers would stumble over an import, and
  // would replace a free `process` by a polyfill.
  if (url.protocol === 'file:') {
    return WebAssembly.compile(await globalThis.process.getBuiltinModule('node:fs/promises').readFile(url))
  }
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`)
  // With another content type only the bytes are used.
  return response.headers.get('Content-Type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer())
}
