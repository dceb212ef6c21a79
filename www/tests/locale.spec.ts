// Text catalogues: no text stands outside of them, and pages read from right to left fit too.
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { english } from '../src/texts/en/index.ts'
import { accented } from '../src/texts/pseudo.ts'
import { expect, test } from './fixtures.ts'
import { beyond } from './measures.ts'

/** Routes of the tutorial, one of each kind. */
const routes = [
  '#/',
  '#/words',
  '#/wildcards/plus/predict',
  '#/qos/exactly-once/run',
  '#/qos/exactly-once/why?entry=20',
  '#/sessions/session/solve',
  '#/will/last-will/solve',
  '#/qos/recall?qos.hop=larger',
  '#/nowhere',
]

async function open(page: Page, address: string, locale: string, hash: string): Promise<void> {
  await page.goto(`${address}tutorial.html?locale=${locale}${hash}`)
  await expect(page.locator('html')).toHaveAttribute('lang', locale === 'pseudo' ? 'en-XA' : 'ar-XB')
  await expect(page.locator('main h1')).toBeVisible()
  await expect(page.locator('main')).toHaveAttribute('aria-busy', 'false')
}

test('an accented text keeps code, values, and its words of the glossary', () => {
  expect(accented('a [[broker]] or `code`')).toMatch(/^á \[\[brókér\]\] ór `code` ·+$/)
  expect(accented('{count} of')).toBe('{count} óf')
})

test('no text of the tutorial stands outside of its catalogue', async ({ page, address }) => {
  for (const hash of routes) {
    await open(page, address, 'pseudo', hash)
    for (const summary of await page.locator('summary').all()) await summary.click()
    const { plain, count } = await page.evaluate(textsWithoutAccents)
    expect(count, hash).toBeGreaterThan(8)
    expect(plain, hash).toEqual([])
  }
})

test("the frame's first words are those of the catalogue", () => {
  const html = readFileSync(new URL('../tutorial.html', import.meta.url), 'utf8')
  const found = [...html.matchAll(/data-text="(\w+)"[^>]*>([^<]+)</g)].map(([, name, text]) => [name, text])
  expect(found.length).toBeGreaterThan(5)
  for (const [name = '', text] of found) expect(english.page[name], name).toBe(text)
})

for (const width of [1280, 320]) {
  test(`nothing is wider than a window of ${width} px from right to left`, async ({ page, address }) => {
    await page.setViewportSize({ width, height: 900 })
    for (const hash of routes) {
      await open(page, address, 'pseudo-rtl', hash)
      await expect.poll(() => beyond(page), hash).toBeLessThanOrEqual(0)
    }
    for (const file of ['', 'playground.html', 'inspector.html', 'gallery.html']) {
      await page.goto(address + file)
      await page.evaluate(() => {
        document.documentElement.dir = 'rtl'
      })
      await expect.poll(() => beyond(page), file).toBeLessThanOrEqual(0)
    }
  })
}

/** Texts, names and hints that have a word in small letters, and no accent. It runs in the page. */
function textsWithoutAccents(): { plain: string[]; count: number } {
  // Code is the same in each language, as are the name of the project and of the world's clients.
  const others = 'code, script, style, .brand, [translate="no"]'
  const found: string[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node.textContent?.trim() && !node.parentElement?.closest(others)) found.push(node.textContent.trim())
  for (const element of document.body.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
      const text = element.getAttribute(name)
      if (text) found.push(text)
    }
  const plain = found.filter(text => /[a-z]{3,}/.test(text) && !/[áçéíñóšúýž]/.test(text))
  return { plain, count: found.length }
}
