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
  const { buffer, byteOffset } = ArrayBuffer.isView(given) ? given : { buffer: given, byteOffset: 0 }
  // Engines do not take a DataView.
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, given.byteLength)
  const text = new TextDecoder().decode(bytes.subarray(0, 99))
  if (text.startsWith('\0asm')) return WebAssembly.compile(bytes)
  throw new Error(`it is ${/^\s*</.test(text) ? 'a page of HTML' : 'no WebAssembly'}${type && ` (${type})`}`)
}

/** Returns the fix for a module that could not be loaded. */
export function fixFor(cause: unknown): string {
  if (!globalThis.WebAssembly) {
    return 'this platform has no WebAssembly, so that wasmqtt cannot run; React Native is one, and is not supported'
  }
  if (/unsafe-eval|CSP|Content.Security/i.test(String(cause))) {
    return "the Content-Security-Policy needs 'wasm-unsafe-eval' in script-src"
  }
  return "let the bundler emit the file (Vite: optimizeDeps: { exclude: ['wasmqtt'] }; esbuild, Rollup: copy it beside the bundle), or name its place by load({ url }), or import wasmqtt/inline or wasmqtt/broker/inline, which contain it"
}
