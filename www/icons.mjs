// Writes the icons of public/ as PNG, from public/favicon.svg.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { findChromium, switches } from '../scripts/lib/browser.mjs'

const folder = fileURLToPath(new URL('public/', import.meta.url))
const drawing = readFileSync(`${folder}favicon.svg`, 'utf8')
const executablePath = findChromium()
const browser = await chromium.launch({ args: switches, ...(executablePath ? { executablePath } : {}) })
try {
  const page = await browser.newPage()
  for (const [name, size, isMasked] of [
    ['icon-180.png', 180, true],
    ['icon-192.png', 192, false],
    ['icon-512.png', 512, false],
    ['icon-maskable-512.png', 512, true],
  ]) {
    await page.setViewportSize({ width: size, height: size })
    // A mask may cut off all but the inner four fifths, so the ground goes to the edges there.
    const svg = isMasked
      ? drawing
          .replace('viewBox="0 0 32 32"', 'viewBox="-4 -4 40 40"')
          .replace(/<rect [^>]+>/, '<rect x="-4" y="-4" width="40" height="40" fill="#4338ca" />')
      : drawing
    await page.setContent(`<style>body { margin: 0 } svg { display: block; width: 100vw; height: 100vh }</style>${svg}`)
    await page.screenshot({ path: `${folder}${name}`, omitBackground: !isMasked })
    console.log(`public/${name}`)
  }
} finally {
  await browser.close()
}
