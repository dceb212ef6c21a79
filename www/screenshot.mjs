// Writes docs/page.png and docs/page-dark.png: the built page after one message at QoS 2.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { preview } from 'vite'
import { findChromium, switches } from '../scripts/lib/browser.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const docs = fileURLToPath(new URL('../docs/', import.meta.url))
mkdirSync(docs, { recursive: true })

const server = await preview({ root, logLevel: 'warn', preview: { host: '127.0.0.1', open: false } })
const executablePath = findChromium()
const browser = await chromium.launch({ args: switches, ...(executablePath ? { executablePath } : {}) })
try {
  for (const [colorScheme, name] of [
    ['light', 'page.png'],
    ['dark', 'page-dark.png'],
  ]) {
    const path = `${docs}${name}`
    await picture(server.resolvedUrls.local[0], colorScheme, path)
    console.log(`docs/${name}`)
  }
} finally {
  await browser.close()
  await server.close()
}

async function picture(address, colorScheme, path) {
  const page = await browser.newPage({
    viewport: { width: 1360, height: 1040 },
    colorScheme,
    reducedMotion: 'reduce',
  })
  await page.goto(address)
  await page.getByText('Both clients are connected.').waitFor()
  await page.getByRole('region', { name: 'Sensor' }).getByRole('button', { name: 'Publish' }).click()
  const arrows = page.locator('mqtt-ladder').getByRole('option')
  await arrows.nth(7).waitFor()
  await arrows.first().click()
  await page.getByRole('region', { name: 'Bytes of the packet' }).waitFor()
  await page.screenshot({ path, animations: 'disabled' })
  await page.close()
}
