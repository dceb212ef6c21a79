// Short names for what a WebAssembly module imports and exports: the long ones stand in the module and in its JavaScript, and
// every page would download both.

/** The pass of wasm-opt that gives short names, and prints which. */
export const shortNamesPass = '--minify-imports-and-exports-and-modules'

/**
 * wasm-bindgen's JavaScript with the names that wasm-opt gave.
 *
 * @param {string} glue
 * @param {string} printed what wasm-opt printed: JSON, of imports `[module, name, short]` and exports `[name, short]`
 * @throws {Error} if a name stands nowhere in the JavaScript: wasm-bindgen writes it in another way than this function knows.
 */
export function withShortNames(glue, printed) {
  const { imports, exports } = JSON.parse(printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1))
  let text = glue
  const replace = (name, pattern, replacement) => {
    const before = text
    text = text.replace(pattern, () => replacement)
    if (text === before) throw new Error(`the JavaScript of wasm-bindgen does not name ${name} as it used to`)
  }
  for (const [, name, short] of imports) replace(name, new RegExp(`(?<![\\w$.])${literal(name)}(?=:)`, 'g'), short)
  for (const module of new Set(imports.map(([module]) => module))) {
    replace(module, new RegExp(`"${literal(module)}"(?=: )`, 'g'), '"a"')
  }
  // Some exports are there for others than this JavaScript, which does not name them.
  for (const [name, short] of exports)
    text = text.replace(new RegExp(`\\bwasm\\.${literal(name)}\\b`, 'g'), () => `wasm.${short}`)
  return text
}

function literal(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
