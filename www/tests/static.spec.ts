// The built pages below any path of a static host, installed, and without a network.
import { readdirSync, readFileSync } from 'node:fs'
import { test as base, expect, type Page } from '@playwright/test'
import { type Site, serve } from './site.ts'

const dist = new URL('../dist/', import.meta.url)
const pages = readdirSync(dist).filter(name => name.endsWith('.html'))

const test = base.extend<{ site: Site }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
  site: async ({}, use) => {
    const site = await serve('/a/b/')
    await use(site)
    await site.stop()
  },
})

/** Waits for what each page shows once its scripts and its module are there. */
async function shown(page: Page, name: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  if (name === 'index.html') await expect(page.getByRole('status').first()).toHaveText(/Both clients are connected/)
  if (name === 'gallery.html')
    await expect(page.locator('mqtt-space-time').first().getByRole('option').first()).toBeVisible()
}

test('there are the pages', () => {
  expect(pages.toSorted()).toEqual(
    expect.arrayContaining(['gallery.html', 'index.html', 'inspector.html', 'tutorial.html']),
  )
})

test('each page opens below a path without a failing request, and its links stay there', async ({ page, site }) => {
  const failed: string[] = []
  page.on('requestfailed', request => failed.push(`${request.url()} ${request.failure()?.errorText}`))
  page.on('pageerror', error => failed.push(String(error)))
  for (const name of pages) {
    await page.goto(site.address + (name === 'index.html' ? '' : name))
    await shown(page, name)
    const links = await page.locator('a[href]').evaluateAll(all => all.map(link => (link as HTMLAnchorElement).href))
    expect(links.length, name).toBeGreaterThan(1)
    const own = links.filter(link => new URL(link).origin === new URL(site.address).origin)
    expect(
      own.filter(link => !link.startsWith(site.address)),
      name,
    ).toEqual([])
    for (const link of new Set(own.map(link => link.split('#')[0] ?? '')))
      expect((await page.request.get(link)).status(), link).toBe(200)
  }
  // A world of the tutorial, whose module is found by its own address.
  await page.goto(`${site.address}tutorial.html#/qos/exactly-once/run`)
  await expect(page.locator('mqtt-space-time').first().getByRole('option').first()).toBeVisible()
  expect(failed).toEqual([])
  expect(site.missing).toEqual([])
})

test('the manifest names icons of the sizes that it tells', () => {
  const manifest = JSON.parse(readFileSync(new URL('manifest.webmanifest', dist), 'utf8'))
  expect(manifest).toMatchObject({ start_url: './', scope: './', display: 'standalone' })
  const sizes = manifest.icons.filter(({ type }: { type: string }) => type === 'image/png')
  expect(sizes).toHaveLength(3)
  for (const { src, sizes: text } of sizes) {
    const png = readFileSync(new URL(src, dist))
    // Width and height stand in the first chunk.
    expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, src).toBe(text)
  }
})

test.describe('with its service worker', () => {
  test.use({ serviceWorkers: 'allow' })

  test('each page works without a network, from the second visit on', async ({ page, site, context }) => {
    const violations: string[] = []
    page.on('console', message => {
      if (/policy violated|Content Security Policy/.test(message.text())) violations.push(message.text())
    })
    await page.goto(site.address)
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
    await context.setOffline(true)
    await site.stop()
    for (const name of pages) {
      await page.goto(site.address + (name === 'index.html' ? '' : name))
      await shown(page, name)
    }
    await page.goto(`${site.address}tutorial.html?from=link#/qos/exactly-once/run`)
    await expect(page.locator('mqtt-space-time').first().getByRole('option').first()).toBeVisible()
    await page.reload()
    await expect(page.locator('mqtt-space-time').first().getByRole('option').first()).toBeVisible()
    expect(violations).toEqual([])
  })
})
