import { MqttError } from '../util/errors.js'
import type { Glue } from './interface.js'

/** A loaded module. */
export interface Engine<G extends Glue = Glue> {
  readonly glue: G
  readonly memory: WebAssembly.Memory
}

/** Export of wasm-bindgen's JavaScript that its declarations lack, since bundlers call it. */
interface Setup {
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

/** wasm-bindgen's JavaScript, and what joins it with the module. */
export interface Generated<G> {
  readonly glue: G & Setup
  readonly imports: WebAssembly.Imports
  readonly named: (exports: WebAssembly.Exports) => WebAssembly.Exports
}

/** Exports of the module that the loader uses. */
interface Exports {
  readonly memory: WebAssembly.Memory
  __wbindgen_start(): void
}

/** Loader of one build's module: on first use, and once. */
export class Loader<G extends Glue = Glue> {
  /** The module, once it is loaded. */
  engine: Engine<G> | undefined
  #loading: Promise<Engine<G>> | undefined

  readonly #generated: Generated<G>
  readonly #url: () => URL

  constructor(generated: Generated<G>, url: () => URL) {
    this.#generated = generated
    this.#url = url
  }

  /** Loads the module. Rejects with an MqttError; the next call tries again. */
  load(): Promise<Engine<G>> {
    this.#loading ??= this.#start()
    return this.#loading
  }

  async #start(): Promise<Engine<G>> {
    const url = this.#url()
    const { glue, imports, named } = this.#generated
    try {
      const instance = await WebAssembly.instantiate(await compile(url), imports)
      const exports = named(instance.exports)
      glue.__wbg_set_wasm(exports)
      const { memory, __wbindgen_start } = exports as unknown as Exports
      __wbindgen_start()
      this.engine = { glue, memory }
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
