import { bool, fields, optionError, type Validator } from '../util/validate.js'

/** Place of the WebAssembly module for `load()`: at most one of `module`, `url` and `bytes`. */
export interface ModuleSource {
  /**
   * True for the module of clients with `store` or `authenticate`, `wasmqtt/client-full.wasm`.
   * Default false. The inline entries and `wasmqtt/broker` have one module for all.
   */
  readonly full?: boolean
  /** Compiled module, a `WebAssembly.Module`, as some bundlers import a `.wasm` file. */
  readonly module?: object
  /** URL of the `.wasm` file. In Node also a `file:` URL. */
  readonly url?: string | URL
  /** Content of the `.wasm` file. */
  readonly bytes?: ArrayBuffer | ArrayBufferView
}

const isA = (value: unknown, name: string) => Object.prototype.toString.call(value) === `[object ${name}]`

const url: Validator<string | URL> = (value, name) => {
  if ((typeof value === 'string' && value) || value instanceof URL) return value
  throw optionError(name, value, 'it must be the URL of the .wasm file, as a string or URL')
}

const sourceFields = fields({
  full: bool,
  module: (value, name): object => {
    // By name, so that a module of another realm counts too.
    if (isA(value, 'WebAssembly.Module')) return value as object
    throw optionError(name, value, 'it must be a WebAssembly.Module')
  },
  url,
  bytes: (value, name): ArrayBuffer | ArrayBufferView => {
    if (ArrayBuffer.isView(value) || isA(value, 'ArrayBuffer')) return value as ArrayBuffer
    throw optionError(name, value, 'it must be an ArrayBuffer or a view of one, such as a Uint8Array')
  },
})

/** Checks the argument of `load()`. The source is undefined if it names none. */
export function readSource(given: unknown): { full: boolean; source: ModuleSource | undefined } {
  const { full = false, ...source } = sourceFields(given, 'source')
  const names = Object.keys(source)
  if (names.length > 1) throw optionError('source', given, `it must have one of ${names.join(' and ')}`)
  return { full, source: names.length > 0 ? source : undefined }
}
