import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callsOf } from '../lib/silent-panics.mjs'

test('calls are found with their callers, of plain and of quoted names', () => {
  const text = `(module
 (func $a (param $0 i32)
  (call $"<u32 as core[12ab]::fmt::Display>::fmt"
   (local.get $0)
  )
 )
 (func $"b::<T>::c"
  (return_call $a
   (call $d)
  )
 )
)`
  assert.deepEqual(callsOf(text), [
    { caller: 'a', callee: '<u32 as core[12ab]::fmt::Display>::fmt' },
    { caller: 'b::<T>::c', callee: 'a' },
    { caller: 'b::<T>::c', callee: 'd' },
  ])
})
