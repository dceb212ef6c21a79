import { LoadError, type MqttError } from '../util/errors.js'
import { compile } from './compile.js'
import type { Glue } from './interface.js'
import { type ModuleSource, readSource } from './module-source.js'
import { moduleError } from './to-error.js'

/** A loaded module. */
export interface Engine<G extends object = Glue> {
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
  /** Number of exports, since short names are those of other modules too. */
  readonly count: number
}

/** Loader of one build's module: on first use, and once. */
export class Loader<G extends object = Glue> {
  /** The module, once it is loaded. */
  engine: Engine<G> | undefined
  #loading: Promise<Engine<G>> | undefined

  readonly #generated: Generated<G>
  /** Source of the module; a function for the one that the package brings. */
  #source: ModuleSource | (() => ModuleSource)
  /** Loads the loader of the full module, if that is another one. */
  readonly #loadFull: (() => Promise<Loader<G>>) | undefined
  #full: Promise<Loader<G>> | undefined

  constructor(generated: Generated<G>, source: () => ModuleSource, loadFull?: () => Promise<Loader<G>>) {
    this.#generated = generated
    this.#source = source
    this.#loadFull = loadFull
  }

  /**
   * Returns the loader of the full module, which has what only some clients need. Rejects with an
   * MqttError; the next call tries again.
   */
  full(): Promise<Loader<G>> {
    if (!this.#loadFull) return Promise.resolve(this)
    this.#full ??= this.#loadFull().catch(error => {
      this.#full = undefined
      throw error
    })
    return this.#full
  }

  /**
   * Loads the module, or the full one if the source says so, from the given source if one is named.
   * A source that comes later than the module is not used.
   *
   * Rejects with a LoadError; the next call tries again. Rejects with an OptionError if the source
   * is wrong.
   */
  async load(given?: unknown): Promise<Engine<G>> {
    const { full, source } = readSource(given)
    const loader = full ? await this.full() : this
    if (loader !== this) return loader.load(source)
    if (source) this.#source = source
    this.#loading ??= this.#start()
    return this.#loading
  }

  async #start(): Promise<Engine<G>> {
    const source = this.#source
    let from = ''
    try {
      const named = typeof source === 'function' ? source() : source
      if (named.url) from = ` from ${named.url}`
      this.engine = await this.#instantiate(await compile(named))
      return this.engine
    } catch (cause) {
      // It may have been named after the start.
      if (this.#source !== source) return this.#start()
      this.#loading = undefined
      throw new LoadError(`the WebAssembly module could not be loaded${from}: ${cause}; ${await fix(cause)}`, { cause })
    }
  }

  async #instantiate(module: WebAssembly.Module): Promise<Engine<G>> {
    const { glue, imports, names } = this.#generated
    const instance = await WebAssembly.instantiate(module, imports)
    if (Object.keys(instance.exports).length !== names.count) {
      throw new Error('it is the module of another entry or version of wasmqtt')
    }
    const onFailure = new Set<OnFailure>()
    const exports = guard(instance.exports, names, onFailure)
    glue.__wbg_set_wasm(exports)
    const start = exports[names.start] as () => void
    start()
    return { glue, memory: exports[names.memory] as WebAssembly.Memory, onFailure }
  }
}

/** Returns the fix for a module that could not be loaded. */
async function fix(cause: unknown): Promise<string> {
  try {
    const { fixFor } = await import('./lazy-fixes.js')
    return fixFor(cause)
  } catch {
    return 'nor could another part of wasmqtt, so look whether the network and the server are there'
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
