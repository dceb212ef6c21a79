// Scenes of the elements, compared with pictures. They are compared where the fonts are those of
// the pictures, and skipped elsewhere. `npx playwright test scenes --update-snapshots=all` takes
// them anew.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from './fixtures.ts'

const fontsFile = fileURLToPath(new URL('./scenes/fonts.json', import.meta.url))

const scenes = [
  { name: 'flows', tag: 'mqtt-space-time', caption: 'The three qualities', theme: 'light' },
  { name: 'twice', tag: 'mqtt-space-time', caption: 'A message sent twice', theme: 'light' },
  { name: 'twice-dark', tag: 'mqtt-space-time', caption: 'A message sent twice', theme: 'dark' },
  { name: 'under-way', tag: 'mqtt-space-time', caption: 'A moment at which', theme: 'light' },
  { name: 'will', tag: 'mqtt-space-time', caption: 'A will that fires', theme: 'dark' },
  { name: 'connect', tag: 'mqtt-packet', caption: 'CONNECT, editable', theme: 'light' },
  { name: 'malformed', tag: 'mqtt-packet', caption: 'A malformed packet', theme: 'dark' },
  { name: 'trie', tag: 'mqtt-topic-trie', caption: 'After two levels', theme: 'light' },
  { name: 'session', tag: 'mqtt-session', caption: 'Both sides', theme: 'light' },
  { name: 'cancelled', tag: 'mqtt-will', caption: 'cancelled', theme: 'light' },
  { name: 'transport', tag: 'mqtt-transport', caption: 'Playing, with branches', theme: 'light' },
  { name: 'monitors', tag: 'mqtt-monitors', caption: 'Each state', theme: 'dark' },
] as const

for (const { name, tag, caption, theme } of scenes) {
  test(`the scene ${name} looks as before`, async ({ page, address }, info) => {
    await page.emulateMedia({ colorScheme: theme })
    await page.goto(`${address}gallery.html`)
    const figure = page.locator('figure', { has: page.locator('figcaption', { hasText: caption }) })
    const element = figure.locator(tag).first()
    await element.scrollIntoViewIfNeeded()
    await expect(element).toBeVisible()
    const fonts = await page.evaluate(() => {
      const context = document.createElement('canvas').getContext('2d')
      if (!context) return []
      return ['system-ui', 'ui-monospace, monospace', 'serif'].map(family => {
        context.font = `100px ${family}`
        return context.measureText('PUBACK 7, §3.4: → ✓ 0xff').width
      })
    })
    if (info.config.updateSnapshots === 'all') writeFileSync(fontsFile, `${JSON.stringify(fonts)}\n`)
    const known = existsSync(fontsFile) ? (JSON.parse(readFileSync(fontsFile, 'utf8')) as number[]) : []
    test.skip(String(known) !== String(fonts), 'the fonts of this machine are others than those of the pictures')
    await expect(element).toHaveScreenshot(`${name}.png`, { maxDiffPixelRatio: 0.01 })
  })
}
