// Measures of a page: violations of accessibility, its width, its size.
import { readFileSync } from 'node:fs'
import { brotliCompressSync } from 'node:zlib'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'

/** Pixels by which the page is wider than its window. */
export const beyond = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/**
 * Each violation with the elements it is at. Under the dark theme only the rules on colours are
 * asked, since no other depends on it.
 */
export async function violations(page: Page): Promise<string[]> {
  // A busy machine takes a minute for a look at a long page.
  test.setTimeout(240_000)
  const axe = new AxeBuilder({ page })
  const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  const result = await (isDark ? axe.withRules(['color-contrast', 'link-in-text-block']) : axe).analyze()
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`),
  )
}

/** Bounds what a built page loads at once: 60 KB of scripts and 12 KB of styles, by brotli. */
export function expectSmall(file: string): void {
  const dist = new URL('../dist/', import.meta.url)
  const html = readFileSync(new URL(file, dist), 'utf8')
  const found = new Set<string>([...html.matchAll(/assets\/[\w.-]+\.(?:js|css)/g)].map(([path]) => path))
  for (const path of found) {
    const text = path.endsWith('.js') ? readFileSync(new URL(path, dist), 'utf8') : ''
    for (const [, name] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) found.add(`assets/${name}`)
  }
  const size = (ending: string) =>
    [...found]
      .filter(path => path.endsWith(ending))
      .reduce((sum, path) => sum + brotliCompressSync(readFileSync(new URL(path, dist))).length, 0)
  expect(size('.js')).toBeGreaterThan(20_000)
  expect(size('.js')).toBeLessThanOrEqual(60_000)
  expect(size('.css')).toBeGreaterThan(1_000)
  expect(size('.css')).toBeLessThanOrEqual(12_000)
}
