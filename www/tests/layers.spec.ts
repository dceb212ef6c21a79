// Allowed imports of each side. The elements draw plain data and know no module. The page's data
// knows no code of theirs.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Imports of the files of a folder, as `type` or `value` and the path. */
function importsOf(folder: string): { file: string; isType: boolean; path: string }[] {
  const files = readdirSync(join(root, folder), { encoding: 'utf8', recursive: true }).filter(name =>
    name.endsWith('.ts'),
  )
  return files.flatMap(file => {
    const text = readFileSync(join(root, folder, file), 'utf8')
    return [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)].map(
      ([, type, path]) => ({
        file,
        isType: type !== undefined,
        path: path ?? '',
      }),
    )
  })
}

test('the elements import Lit and each other alone', () => {
  const imports = importsOf('pkg/src/elements')
  expect(imports.length).toBeGreaterThan(20)
  expect(imports.filter(({ path }) => !/^(lit|lit\/.+|\.\/[\w-]+\.js)$/.test(path))).toEqual([])
})

test("the page's data takes the types of the elements, and none of their code", () => {
  const imports = importsOf('www/src/model')
  expect(imports.length).toBeGreaterThan(5)
  expect(imports.filter(({ path, isType }) => path === 'wasmqtt/elements' && !isType)).toEqual([])
})
