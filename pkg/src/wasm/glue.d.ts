// wasm-bindgen's JavaScript, joined with its module by `bundleGlue` in build.mjs.

declare module '#glue/client' {
  export const generated: import('./loader.js').Generated<typeof import('#wasm/client')>
}

declare module '#glue/broker' {
  export const generated: import('./loader.js').Generated<typeof import('#wasm/broker')>
}
