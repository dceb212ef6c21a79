// wasm-bindgen's JavaScript for bundlers, as one object of all its exports: the imports of the
// module, too. `bundleGlue` in build.mjs makes these modules.

declare module '#glue/client' {
  export const glue: typeof import('#wasm/client')
}

declare module '#glue/broker' {
  export const glue: typeof import('#wasm/broker')
}
