// A page of a benchmark in a fresh browser: nothing that one measurement left warms or slows
// another.
import { chromium } from 'playwright-core'
import { findChromium, switches } from '../../scripts/lib/browser.mjs'

/**
 * Returns the result of `run(...args)` of a module of the site, in Chromium. Rejects if it does not
 * end in time.
 */
export async function runInPage(site, name, args, seconds = 30) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: switches })
  try {
    const page = await browser.newPage()
    const failures = []
    page.on('pageerror', error => failures.push(error))
    await page.goto(site.url)
    const result = await Promise.race([
      page.evaluate(([file, ...rest]) => import(file).then(module => module.run(...rest)), [`/${name}.js`, ...args]),
      new Promise((_, reject) =>
        setTimeout(() => reject(new Error(`${name}: no end in ${seconds} s`)), seconds * 1000).unref(),
      ),
    ])
    if (failures.length > 0) throw failures[0]
    return result
  } finally {
    await browser.close()
  }
}
