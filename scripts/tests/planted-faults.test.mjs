// The planted faults against the sources. A renamed field fails here, and not only in `npm test`.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inRoot } from '../lib/paths.mjs'
import { plantedFaults } from '../lib/planted-faults.mjs'

test('the text that a planted fault replaces stands once in its file', () => {
  assert.ok(plantedFaults.length >= 30)
  for (const { name, file, from } of plantedFaults) {
    const places = readFileSync(inRoot(file), 'utf8').split(from).length - 1
    assert.equal(places, 1, `${name}: ${file} has ${places} places with\n${from}`)
  }
})
