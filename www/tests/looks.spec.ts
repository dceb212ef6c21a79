// Accessibility and looks: axe, widths, large text, forced colours, themes, the policy.
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { beyond, expectSmall, violations } from './measures.ts'
import { deliverTwice, packets } from './parts.ts'

for (const theme of ['light', 'dark'] as const) {
  test(`no accessibility violation on the first page, ${theme}`, async ({ app }) => {
    await app.emulateMedia({ colorScheme: theme })
    expect(await violations(app)).toEqual([])
    await deliverTwice(app)
    await packets(app).first().click()
    expect(await violations(app)).toEqual([])
    await app.setViewportSize({ width: 375, height: 800 })
    expect(await violations(app)).toEqual([])
  })

  test(`no accessibility violation in the gallery, ${theme}`, async ({ page, address }) => {
    await page.emulateMedia({ colorScheme: theme })
    await page.goto(`${address}gallery.html`)
    await expect(page.locator('mqtt-space-time').first().getByRole('option').first()).toBeVisible()
    expect(await violations(page)).toEqual([])
  })
}

/** Pages of the tutorial: contents, words, each step of an exercise, and the questions. */
const lessons = [
  '#/',
  '#/words',
  '#/wildcards/plus/predict',
  '#/wildcards/plus/run?answer=both&at=460',
  '#/qos/exactly-once/why?entry=20',
  '#/sessions/session/solve',
  '#/will/last-will/why',
  '#/subscriptions/shared/solve',
  '#/operating/sys/run?at=900',
  '#/qos/recall?qos.hop=larger',
]

const lesson = async (page: Page, address: string, hash: string): Promise<void> => {
  await page.goto(`${address}tutorial.html${hash}`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  for (const picture of await page.locator('mqtt-space-time').all())
    await expect(picture.getByRole('option').first()).toBeVisible()
}

for (const theme of ['light', 'dark'] as const) {
  test(`no accessibility violation in the tutorial, ${theme}`, async ({ page, address }) => {
    test.setTimeout(300_000)
    await page.emulateMedia({ colorScheme: theme })
    for (const hash of lessons) {
      await lesson(page, address, hash)
      for (const summary of await page.locator('summary').all()) await summary.click()
      expect(await violations(page), hash).toEqual([])
    }
  })
}

test('nothing of the tutorial is wider than its window, at 320 px, at 1280 px, and with text at 200 %', async ({
  page,
  address,
}) => {
  test.setTimeout(180_000)
  for (const hash of lessons) {
    await page.setViewportSize({ width: 1280, height: 900 })
    await lesson(page, address, hash)
    expect(await beyond(page), `${hash} at 1280 px`).toBeLessThanOrEqual(0)
    await page.setViewportSize({ width: 320, height: 800 })
    await expect.poll(() => beyond(page), `${hash} at 320 px`).toBeLessThanOrEqual(0)
    await page.setViewportSize({ width: 640, height: 800 })
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%'
    })
    await expect.poll(() => beyond(page), `${hash} at 200 %`).toBeLessThanOrEqual(0)
    await page.evaluate(() => {
      document.documentElement.style.fontSize = ''
    })
  }
})

test('the shell of the tutorial is small: 60 KB of scripts and 12 KB of styles, by brotli', () => {
  expectSmall('tutorial.html')
})

test('controls of the tutorial are at least 44 px high', async ({ page, address }) => {
  for (const hash of lessons) {
    await lesson(page, address, hash)
    // A word within a sentence, and a box whose label can be pressed, are no less than their line.
    const controls = page.locator(
      'main :is(button:not(.word), select, input[type="text"], a.button, a.entry, a.stop, summary)',
    )
    const low = await controls.evaluateAll(all =>
      all.flatMap(one => {
        const { height } = one.getBoundingClientRect()
        const isShown = one.getRootNode() === document && height > 0
        return isShown && height < 44 ? [`${one.textContent?.trim()}: ${height} px`] : []
      }),
    )
    expect(low, hash).toEqual([])
  }
})

for (const width of [2560, 1280, 768, 375, 320]) {
  for (const file of ['', 'gallery.html']) {
    test(`nothing of ${file || 'the first page'} is wider than a window of ${width} px`, async ({ page, address }) => {
      await page.setViewportSize({ width, height: 900 })
      await page.goto(address + file)
      await expect(page.locator('mqtt-space-time').first().getByRole('option').first()).toBeVisible()
      expect(await beyond(page)).toBeLessThanOrEqual(0)
    })
  }
}

test('text at 200 % fits a window of 640 px, and the picture grows with it', async ({ app }) => {
  await app.setViewportSize({ width: 640, height: 900 })
  const size = () =>
    app
      .locator('#diagram text.label')
      .first()
      .evaluate(text => text.getBoundingClientRect().height)
  const before = await size()
  await app.evaluate(() => {
    document.documentElement.style.fontSize = '200%'
  })
  await expect.poll(size).toBeGreaterThan(before * 1.6)
  expect(await beyond(app)).toBeLessThanOrEqual(0)
})

test('controls are at least 44 px high', async ({ app }) => {
  for (const control of await app.locator('main').getByRole('button').all()) {
    if (!(await control.isVisible()) || (await control.evaluate(element => element.closest('td, .dump') !== null)))
      continue
    const box = await control.boundingBox()
    const name = await control.textContent()
    if (
      name &&
      !(await control.evaluate(element => (element.getRootNode() as ShadowRoot).host?.localName === 'mqtt-events'))
    )
      expect(box?.height, name).toBeGreaterThanOrEqual(44)
  }
})

test('under forced colours the selected packet differs from the others', async ({ app }) => {
  await app.emulateMedia({ forcedColors: 'active' })
  await packets(app).nth(1).click()
  const stroke = (place: number) =>
    packets(app)
      .nth(place)
      .locator('.halo')
      .evaluate(halo => getComputedStyle(halo).stroke)
  expect(await stroke(1)).not.toBe(await stroke(0))
})

test('the theme follows the system until the button is pressed, and the choice lasts', async ({ app }) => {
  const ground = () => app.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await app.emulateMedia({ colorScheme: 'light' })
  const light = await ground()
  await app.emulateMedia({ colorScheme: 'dark' })
  const dark = await ground()
  expect(dark).not.toBe(light)
  await app.getByRole('button', { name: 'Light theme' }).click()
  expect(await ground()).toBe(light)
  await app.reload()
  await expect(app.getByRole('button', { name: 'Dark theme' })).toBeVisible()
  expect(await ground()).toBe(light)
})

for (const file of ['index.html', 'tutorial.html', 'playground.html', 'inspector.html', 'gallery.html']) {
  test(`${file} as built has the strict policy, a title, a description and no script of its own`, () => {
    const html = readFileSync(new URL(`../dist/${file}`, import.meta.url), 'utf8')
    const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1]
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe-inline')
    expect(policy).not.toContain("'unsafe-eval'")
    expect(html).toMatch(/<title>[^<]+<\/title>/)
    expect(html).toMatch(/name="description"\s+content="[^"]{20,}"/)
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/)
    expect(html).not.toMatch(/\sstyle=|<style/)
  })
}

test('the policy is in force: a script inside the page does not run, and the browser complains', async ({
  app,
  expected,
}) => {
  expected.push(/policy violated: script-src/, /Content Security Policy/)
  const complaint = app.waitForEvent('console', message => message.text().startsWith('policy violated: script-src'))
  const ran = await app.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'globalThis.ran = true'
    document.head.append(script)
    return 'ran' in globalThis
  })
  expect(ran).toBe(false)
  await complaint
})
