// What a module says when it panics, taken out. A panic traps (src/wasm/mod.rs), so nobody reads it, but Rust's core library
// composes the text before it hands it over, and rustc cannot know that it is for nothing.

// The functions, by the names that rustc gives them.

/** They end in a panic, whoever calls them. */
const panics = [
  /^core\[\w+\]::panicking::/,
  /^core\[\w+\]::cell::panic_/,
  /^core\[\w+\]::slice::index::slice_index_fail$/,
  /^core\[\w+\]::result::unwrap_failed$/,
  /::assert_failed$/,
  /len_mismatch_fail$/,
]

/** They write what a panic says, or run futures, of which the module has none: nobody but a panic and js-sys may call them. */
const unused = [/\bcore\[\w+\]::fmt::/, /^js_sys::futures::/]

/** By which core::fmt writes numbers, two digits at a time. */
const digits = Buffer.from(Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0')).join(''))

/**
 * The module, whose functions of those names trap as soon as they are called.
 *
 * @param {Uint8Array} wasm with its section of names
 * @throws {Error} if there are no functions of one of those names: then rustc names them in another way than this list does.
 *   And if one that should be unused is called: then something of ours writes by `format!`, `to_string` or `{}`.
 */
export async function withSilentPanics(wasm) {
  const { default: binaryen } = await import('binaryen')
  const module = binaryen.readBinary(wasm)
  const silenced = [...panics, ...unused]
  const calls = callsOf(module.emitText()).filter(({ caller, callee }) => {
    return unused.some(pattern => pattern.test(callee)) && !silenced.some(pattern => pattern.test(caller))
  })
  if (calls.length > 0) {
    const list = calls.map(({ caller, callee }) => `  ${caller} calls ${callee}`).join('\n')
    throw new Error(`the module writes texts by core::fmt; use src/text.rs instead:\n${list}`)
  }
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
  const at = Buffer.from(silent).indexOf(digits)
  if (at === -1) throw new Error('the module has no table of digits as core::fmt used to have it')
  return silent.fill(0, at, at + digits.length)
}

/**
 * Which function calls which, by their names.
 *
 * @param {string} text of a module, as binaryen writes it
 */
export function callsOf(text) {
  const calls = []
  let caller = ''
  for (const [, kind, quoted, plain] of text.matchAll(/\((func|call|return_call) \$(?:"([^"]*)"|([^\s()"]+))/g)) {
    if (kind === 'func') caller = quoted ?? plain
    else calls.push({ caller, callee: quoted ?? plain })
  }
  return calls
}
