// Writes docs/page.png and docs/page-dark.png: the built page after a message was delivered twice.
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
    viewport: { width: 1360, height: 1100 },
    colorScheme,
    reducedMotion: 'reduce',
  })
  await page.goto(address)
  const press = name => page.getByRole('button', { name }).first().click()
  const says = text => page.locator('#status', { hasText: text }).waitFor()
  await says('Both clients are connected.')
  // Time stands still until the next step, so that no picture depends on the machine.
  await press('Pause')
  await press('Publish at QoS 1')
  await press('Step')
  await says('PUBACK is on its way back')
  await press('Cut the link')
  await press('Play')
  await page.locator('#solved').waitFor()
  await page
    .locator('#diagram')
    .getByRole('option', { name: /dashboard to broker, PUBACK 2$/ })
    .waitFor()
  await press('Show the lost PUBACK')
  await page.evaluate(() => {
    document.activeElement.blur()
    scrollTo(0, 0)
  })
  await page.screenshot({ path, animations: 'disabled' })
  await page.close()
}
