// Holds the layers to their imports: model, elements, pages import downwards only.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'

const src = fileURLToPath(new URL('../src', import.meta.url))

interface Import {
  readonly file: string
  readonly layer: string
  readonly from: string
  /** `lit`, `wasmqtt/broker`, or the layer that a relative import leads to. */
  readonly target: string
  readonly typeOnly: boolean
}

/** Allowed imports of each layer: by value, and by type alone. */
const allowed: Record<string, { values: RegExp; types: RegExp }> = {
  model: { values: /^(model|wasmqtt\/broker)$/, types: /^$/ },
  elements: { values: /^(elements|lit)$/, types: /^model$/ },
  pages: { values: /^(model|elements|pages|lit)$/, types: /^$/ },
  '.': { values: /^pages$/, types: /^$/ },
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8')
  const layer = layerOf(file)
  const line = /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
  return [...text.matchAll(line)].map(([, type, named, dynamic]) => {
    const from = named ?? dynamic ?? ''
    return { file, layer, from, target: targetOf(file, from), typeOnly: type !== undefined }
  })
}

const layerOf = (file: string): string => (file.includes(sep) ? (file.split(sep)[0] ?? '.') : '.')

function targetOf(file: string, from: string): string {
  if (from.startsWith('.')) return layerOf(relative(src, join(src, dirname(file), from)))
  return from === 'lit' || from.startsWith('lit/') ? 'lit' : from
}

const problem = ({ layer, target, typeOnly }: Import): boolean => {
  const rule = allowed[layer]
  return !rule || !(rule.values.test(target) || (typeOnly && rule.types.test(target)))
}

test('every layer imports only from itself and the layers below it', () => {
  const imports = files.flatMap(importsOf)
  expect(imports.length).toBeGreaterThan(50)
  const wrong = imports.filter(problem).map(({ file, from, typeOnly }) => `${file}: ${typeOnly ? 'type ' : ''}${from}`)
  expect(wrong).toEqual([])
})

test('the rules find what they forbid', () => {
  const row = (layer: string, target: string, typeOnly = false) =>
    problem({ file: '', from: '', layer, target, typeOnly })
  expect(row('model', 'elements')).toBe(true)
  expect(row('model', 'pages', true)).toBe(true)
  expect(row('model', 'lit')).toBe(true)
  expect(row('elements', 'model')).toBe(true)
  expect(row('elements', 'model', true)).toBe(false)
  expect(row('elements', 'wasmqtt/broker', true)).toBe(true)
  expect(row('elements', 'pages')).toBe(true)
  expect(row('pages', 'wasmqtt/broker', true)).toBe(true)
  expect(row('pages', 'model')).toBe(false)
})

test('the model knows no document', () => {
  const dom = /\b(document|window|customElements|HTMLElement|requestAnimationFrame|matchMedia|localStorage)\b/
  const model = files.filter(file => layerOf(file) === 'model')
  expect(model.length).toBeGreaterThan(5)
  const wrong = model.filter(file =>
    dom.test(readFileSync(join(src, file), 'utf8').replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '')),
  )
  expect(wrong).toEqual([])
})

test('a file is one noun, of 250 lines at most', () => {
  const long = files.filter(file => readFileSync(join(src, file), 'utf8').split('\n').length > 251)
  expect(long).toEqual([])
})
