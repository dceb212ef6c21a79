// What a module says when it panics, taken out. A panic traps (src/wasm/mod.rs), so nobody reads it, but Rust's core library
// composes the text before it hands it over, and rustc cannot know that it is for nothing.

/** The functions, by the names that rustc gives them: they end in a panic, or only write what it says. */
const silenced = [
  /^core\[\w+\]::panicking::/,
  /^core\[\w+\]::cell::panic_/,
  /^core\[\w+\]::slice::index::slice_index_fail$/,
  /^core\[\w+\]::result::unwrap_failed$/,
  /::assert_failed$/,
  /len_mismatch_fail$/,
  /\bcore\[\w+\]::fmt::/,
  // What js-sys would run futures with, of which the module has none.
  /^js_sys::futures::/,
]

/**
 * The module, whose functions of those names trap as soon as they are called.
 *
 * @param {Uint8Array} wasm with its section of names
 * @throws {Error} if there are no functions of one of those names: then rustc names them in another way than this list does.
 */
export async function withSilentPanics(wasm) {
  const { default: binaryen } = await import('binaryen')
  const module = binaryen.readBinary(wasm)
  const unseen = new Set(silenced)
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const handle = module.getFunctionByIndex(index)
    const { name, module: importedFrom } = binaryen.getFunctionInfo(handle)
    const pattern = silenced.find(pattern => pattern.test(name))
    if (importedFrom || !pattern) continue
    binaryen.Function(handle).setBody(module.unreachable())
    unseen.delete(pattern)
  }
  if (unseen.size > 0) throw new Error(`the module has no function of a name like ${[...unseen].join(' or ')}`)
  const silent = module.emitBinary()
  module.dispose()
  return silent
}
