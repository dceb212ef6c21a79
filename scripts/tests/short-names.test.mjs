import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withShortNames } from '../lib/short-names.mjs'

const glue = `
function free() { wasm.__wbg_thing_free(ptr, 0); wasm.thing_freeze(); }
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_now_39e6: function() { return Date.now(); },
        __wbg_now_39e60: function() { return 1; },
    };
    return { __proto__: null, "./wasmqtt_bg.js": import0 };
}
`
const printed = names => `a line before\n${JSON.stringify(names)}\n`

test('imports, exports and the module get the names that wasm-opt gave, and nothing else does', () => {
  const short = withShortNames(
    glue,
    printed({
      imports: [
        ['./wasmqtt_bg.js', '__wbg_now_39e6', '$'],
        ['./wasmqtt_bg.js', '__wbg_now_39e60', 'A'],
      ],
      exports: [
        ['__wbg_thing_free', 'B'],
        ['thing_freeze', 'C'],
        ['unused', 'D'],
      ],
    }),
  )
  assert.match(short, /wasm\.B\(ptr, 0\); wasm\.C\(\);/)
  assert.match(short, /\$: function\(\) \{ return Date\.now/)
  assert.match(short, /A: function\(\) \{ return 1/)
  assert.match(short, /"a": import0/)
  assert.doesNotMatch(short, /39e6|wasmqtt_bg/)
})

test('an import that the JavaScript does not have is an error that names it', () => {
  const names = { imports: [['./wasmqtt_bg.js', '__wbg_gone', 'A']], exports: [] }
  assert.throws(() => withShortNames(glue, printed(names)), /__wbg_gone/)
})
