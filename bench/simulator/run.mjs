// Measures a simulated world, natively and in Chromium: `npm run bench -- simulator`.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { withPage } from '../lib/page.mjs'
import { serve } from '../lib/site.mjs'
import { print } from '../lib/table.mjs'

/** Messages of QoS 1 to two subscribers. Each takes six packets. */
const MESSAGES = 16_667
const ROUNDS = 200
const MEASURED = ['events', 'trace', 'dissection']

const { status } = spawnSync('cargo', ['bench', '--quiet', '--bench', 'simulator'], { stdio: 'inherit' })
process.exitCode = status ?? 1

const folder = fileURLToPath(new URL('.', import.meta.url))
const site = await serve({ world: `export { ${MEASURED} } from './world.js'` }, folder)
const call = (page, name, count) =>
  page.evaluate(([name, count]) => import('/world.js').then(module => module[name](count)), [name, count])
try {
  const rate = await withPage(site.url, ({ page }) => call(page, 'events', MESSAGES))
  const bytes = await withPage(site.url, async ({ page, measure }) => {
    await call(page, 'trace', 0)
    const { bytes } = await measure()
    await call(page, 'trace', MESSAGES)
    return (await measure()).bytes - bytes
  })
  const microseconds = await withPage(site.url, ({ page }) => call(page, 'dissection', ROUNDS))
  console.log()
  print([
    ['in a page', 'figure', 'goal'],
    ['events a second, of three clients', Math.round(rate).toLocaleString('en'), '≥ 100,000'],
    ['MB with a trace of 100,000 packets', (bytes / 1e6).toFixed(1), '≤ 60'],
    ['µs of the dissection of 1 KB', microseconds.toFixed(1), '≤ 50'],
  ])
} finally {
  site.close()
}
