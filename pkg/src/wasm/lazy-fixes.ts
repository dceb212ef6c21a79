// Chunk that is loaded where the module could not be.

/** Returns the fix for a module that could not be loaded. */
export function fixFor(cause: unknown): string {
  if (!globalThis.WebAssembly) {
    return 'this platform has no WebAssembly, so that wasmqtt cannot run; React Native is one, and is not supported'
  }
  if (/unsafe-eval|CSP|Content.Security/i.test(String(cause))) {
    return "the Content-Security-Policy needs 'wasm-unsafe-eval' in script-src"
  }
  return "let the bundler emit the file (Vite: optimizeDeps: { exclude: ['wasmqtt'] }; esbuild, Rollup: copy it beside the bundle), or name its place by load({ url }), with full: true for clients with store or authenticate, or import wasmqtt/inline or wasmqtt/broker/inline, which contain it"
}
