// wasm-bindgen's JavaScript, joined with its module by `bundleGlue` in build.mjs.

// The module lacks functions of the full one, which only clients of that one call.
declare module '#glue/client' {
  export const generated: import('./loader.js').Generated<typeof import('#wasm/client-full')>
}

declare module '#glue/client-full' {
  export const generated: import('./loader.js').Generated<typeof import('#wasm/client-full')>
}

declare module '#glue/broker' {
  export const generated: import('./loader.js').Generated<typeof import('#wasm/broker')>
}

declare module '#glue/simulator' {
  export const generated: import('./loader.js').Generated<typeof import('#wasm/simulator')>
}

// The modules for the inline entries, as raw DEFLATE data in base64, by `inlineModules` there.

declare module '#module/client-full' {
  export const deflated: string
  /** Bytes of the module. */
  export const size: number
}

declare module '#module/broker' {
  export const deflated: string
  /** Bytes of the module. */
  export const size: number
}
