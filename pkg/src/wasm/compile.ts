import { bytesOf } from '../util/bytes.js'
import type { ModuleSource } from './module-source.js'

/** Compiles the module of a source. Throws an error that says why it cannot. */
export async function compile({ module, url, bytes }: ModuleSource): Promise<WebAssembly.Module> {
  if (module) return module as WebAssembly.Module
  if (bytes) return compileBytes(bytes, '')
  // In Node, whose `fetch` takes no files. A bundler for browsers would stumble over an import, and
  // would replace a free `process` by a polyfill.
  const files = /^file:/.test(String(url)) && globalThis.process?.getBuiltinModule?.('fs/promises')
  if (files) return compileBytes(await files.readFile(new URL(String(url))), '')
  const response = await fetch(String(url))
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`)
  const type = response.headers.get('Content-Type') ?? ''
  // With another content type only the bytes are used.
  return type === 'application/wasm' && WebAssembly.compileStreaming
    ? WebAssembly.compileStreaming(response)
    : compileBytes(await response.arrayBuffer(), type)
}

function compileBytes(given: ArrayBuffer | ArrayBufferView, type: string): Promise<WebAssembly.Module> {
  // Engines do not take a DataView.
  const bytes = bytesOf(given) as Uint8Array<ArrayBuffer>
  const text = new TextDecoder().decode(bytes.subarray(0, 99))
  if (text.startsWith('\0asm')) return WebAssembly.compile(bytes)
  throw new Error(`it is ${/^\s*</.test(text) ? 'a page of HTML' : 'no WebAssembly'}${type && ` (${type})`}`)
}
