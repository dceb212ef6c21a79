import { MqttError } from '../util/errors.js'
import type { Glue } from './interface.js'
import { moduleError } from './to-error.js'

/** A loaded module. */
export interface Engine<G extends Glue = Glue> {
  readonly glue: G
  readonly memory: WebAssembly.Memory
  /** Listeners for the failure of the module: its clients and brokers, which it ends. */
  readonly onFailure: Set<OnFailure>
}

type OnFailure = (error: MqttError) => void

/** Export of wasm-bindgen's JavaScript that its declarations lack, since bundlers call it. */
interface Setup {
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

/** wasm-bindgen's JavaScript, and what joins it with the module. */
export interface Generated<G> {
  readonly glue: G & Setup
  readonly imports: WebAssembly.Imports
  readonly names: Names
}

/** Names of exports of the module that the loader uses. */
interface Names {
  readonly memory: string
  readonly start: string
  /** Callbacks of the browser. */
  readonly closures: readonly string[]
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
    const { glue, imports, names } = this.#generated
    try {
      const instance = await WebAssembly.instantiate(await compile(url), imports)
      const onFailure = new Set<OnFailure>()
      const exports = guard(instance.exports, names, onFailure)
      glue.__wbg_set_wasm(exports)
      const memory = exports[names.memory] as WebAssembly.Memory
      const start = exports[names.start] as () => void
      start()
      this.engine = { glue, memory, onFailure }
      return this.engine
    } catch (cause) {
      this.#loading = undefined
      throw new MqttError(`the WebAssembly module could not be loaded from ${url}: ${cause}`, { cause })
    }
  }
}

/**
 * Frees a core in a task of its own, since the module may be on the stack, or have a microtask
 * queued.
 */
export function freeLater(core: { free(): void } | undefined): void {
  setTimeout(() => {
    try {
      core?.free()
    } catch {
      // The module has failed, which was reported then.
    }
  })
}

/**
 * Guards the module's exports against a panic or trap, which leaves the module's state broken. It
 * ends all clients and brokers of the module, whoever has called: the face or the browser.
 *
 * A call by the face then throws the same MqttError. A callback of the browser (event, timer,
 * promise) has no caller to tell.
 */
function guard(exports: WebAssembly.Exports, { closures }: Names, onFailure: Set<OnFailure>): WebAssembly.Exports {
  const guarded = { ...exports }
  for (const [name, call] of Object.entries(exports)) {
    if (typeof call !== 'function') continue
    const isCallback = closures.includes(name)
    guarded[name] = (...given: unknown[]) => {
      try {
        return call(...given)
      } catch (thrown) {
        if (!isCallback && !(thrown instanceof WebAssembly.RuntimeError)) throw thrown
        const error = moduleError(thrown)
        for (const listener of onFailure) listener(error)
        if (!isCallback) throw error
        // Some closures return `[error, isError]`.
        return []
      }
    }
  }
  return guarded
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
