// Accessibility: contrast, names, widths, themes, the policy.
import { readFileSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { arrows, packets, publish, sensor } from './parts.ts'

const widths = [1280, 768, 375]

for (const theme of ['light', 'dark'] as const) {
  for (const width of widths) {
    test(`no accessibility violation, ${theme}, ${width} px`, async ({ app }) => {
      await app.setViewportSize({ width, height: 900 })
      await app.emulateMedia({ colorScheme: theme })
      await publish(sensor(app), { topic: 'home/kitchen/temperature', payload: '21.5', qos: 2 })
      await expect(arrows(app)).toHaveCount(8)
      await arrows(app).first().click()
      await expect(packets(app).getByRole('region', { name: 'Bytes of the packet' })).toBeVisible()
      expect(await violations(app)).toEqual([])
      await sensor(app).getByRole('button', { name: 'Kill the sensor' }).click()
      await expect(sensor(app)).toContainText('gone')
      await app.getByLabel('Broker address').fill('http://wrong')
      await app.getByRole('button', { name: 'Connect', exact: true }).click()
      await expect(app.getByText('Could not connect:')).toBeVisible()
      expect(await violations(app)).toEqual([])
    })
  }
}

for (const width of [1440, ...widths, 320]) {
  test(`nothing is wider than a window of ${width} px`, async ({ app }) => {
    await app.setViewportSize({ width, height: 900 })
    await publish(sensor(app), { topic: `home/${'long'.repeat(40)}`, payload: 'x'.repeat(300), qos: 2 })
    await expect(arrows(app)).toHaveCount(8)
    await arrows(app).first().click()
    const beyond = await app.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(beyond).toBeLessThanOrEqual(0)
  })
}

test('the theme follows the system until the button is pressed, and the choice lasts', async ({ app }) => {
  const ground = () => app.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await app.emulateMedia({ colorScheme: 'light' })
  const light = await ground()
  await app.emulateMedia({ colorScheme: 'dark' })
  const dark = await ground()
  expect(dark).not.toBe(light)
  await app.getByRole('button', { name: /^Dark theme/ }).click()
  await expect(app.getByRole('button', { name: /^Light theme/ })).toBeVisible()
  expect(await ground()).toBe(light)
  await app.reload()
  await expect(app.getByRole('button', { name: /^Light theme/ })).toBeVisible()
  expect(await ground()).toBe(light)
})

test('the built page has the strict policy, a title, a description and no script of its own', async () => {
  const html = readFileSync(new URL('../dist/index.html', import.meta.url), 'utf8')
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1]
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';")
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe-inline')
  expect(policy).not.toContain("'unsafe-eval'")
  expect(html).toMatch(/<title>[^<]+<\/title>/)
  expect(html).toMatch(/name="description"\s+content="[^"]{20,}"/)
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/)
  expect(html).not.toMatch(/\sstyle=|<style/)
})

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

/** Each violation with the elements it is at. */
async function violations(page: Page): Promise<string[]> {
  const result = await new AxeBuilder({ page }).analyze()
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`),
  )
}
