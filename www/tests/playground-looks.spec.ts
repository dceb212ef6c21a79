// Accessibility and looks of the playground: axe, widths, large text, sizes.
import type { Page } from '@playwright/test'
import { english } from '../src/texts/en/playground.ts'
import { expect, test } from './fixtures.ts'
import { beyond, expectSmall, violations } from './measures.ts'

const words = english.page

/** Opens a scenario with all that can be unfolded, and a packet that is selected. */
async function openAll(page: Page, address: string, scenario: string): Promise<void> {
  await page.goto(`${address}playground.html#/${scenario}?entry=2`)
  await expect(page.locator('main')).toHaveAttribute('aria-busy', 'false')
  const summaries = page.locator('main details:not([open]) > summary')
  while ((await summaries.count()) > 0) await summaries.first().click()
  await expect(page.locator('.variants mqtt-space-time').last().getByRole('option').first()).toBeVisible()
  await page.getByRole('button', { name: words.takeOver ?? '' }).click()
  await expect(page.locator('.stage > .status')).toHaveText(words.isNetwork ?? '')
}

for (const theme of ['light', 'dark'] as const) {
  test(`no accessibility violation in the playground, ${theme}`, async ({ page, address }) => {
    test.setTimeout(120_000)
    await page.emulateMedia({ colorScheme: theme })
    for (const scenario of ['bad-link', 'two-tabs']) {
      await openAll(page, address, scenario)
      expect(await violations(page), scenario).toEqual([])
    }
  })
}

test('nothing of the playground is wider than its window, at 320 px, at 2560 px, and with text at 200 %', async ({
  page,
  address,
}) => {
  test.setTimeout(120_000)
  for (const scenario of ['fan-out', 'stale-alias']) {
    await page.setViewportSize({ width: 1280, height: 900 })
    await openAll(page, address, scenario)
    for (const width of [2560, 1280, 768, 320]) {
      await page.setViewportSize({ width, height: 800 })
      await expect.poll(() => beyond(page), `${scenario} at ${width} px`).toBeLessThanOrEqual(0)
    }
    await page.setViewportSize({ width: 640, height: 800 })
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%'
    })
    await expect.poll(() => beyond(page), `${scenario} at 200 %`).toBeLessThanOrEqual(0)
    await page.evaluate(() => {
      document.documentElement.style.fontSize = ''
    })
  }
})

test('controls of the playground are at least 44 px high', async ({ page, address }) => {
  await openAll(page, address, 'bad-link')
  const controls = page.locator(
    'main :is(button:not(.word), select, input:not([type="checkbox"], [type="radio"]), label.check, label.member, a.button, summary)',
  )
  const small = await controls.evaluateAll(all =>
    all
      .filter(one => one.getRootNode() === document && one.getClientRects().length > 0)
      .filter(one => one.getBoundingClientRect().height < 44)
      .map(one => `${one.localName} ${one.textContent}`),
  )
  expect(await controls.count()).toBeGreaterThan(30)
  expect(small).toEqual([])
})

test('the shell of the playground is small: 60 KB of scripts and 12 KB of styles, by brotli', () => {
  expectSmall('playground.html')
})
