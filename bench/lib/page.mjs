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

/**
 * Returns the result of an action with a page in a fresh Chromium: `page` of Playwright,
 * `measure()` of its memory and listeners after a collection, and `tasks()`, the seconds of its
 * main thread.
 */
export async function withPage(url, action, seconds = 300) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: switches })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(seconds * 1000)
    const failures = []
    page.on('pageerror', error => failures.push(error))
    await page.addInitScript(keepMemories)
    await page.goto(url)
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const metric = async name => (await session.send('Performance.getMetrics')).metrics.find(m => m.name === name).value
    const measure = async () => {
      // Twice, since finalizers of the first free more.
      for (let time = 0; time < 2; time++) await session.send('HeapProfiler.collectGarbage')
      const wasm = await page.evaluate(() => globalThis.wasmBytes())
      return { bytes: (await metric('JSHeapUsedSize')) + wasm, listeners: await metric('JSEventListeners') }
    }
    const late = new Promise((_, reject) =>
      setTimeout(() => reject(new Error(`no end in ${seconds} s`)), seconds * 1000).unref(),
    )
    const result = await Promise.race([action({ page, measure, tasks: () => metric('TaskDuration') }), late])
    if (failures.length > 0) throw failures[0]
    return result
  } finally {
    await browser.close()
  }
}

/** Runs in the page: makes the memories of its modules known. */
function keepMemories() {
  const memories = []
  const keep = ({ instance = undefined, exports = instance?.exports }) => {
    for (const value of Object.values(exports ?? {})) if (value instanceof WebAssembly.Memory) memories.push(value)
  }
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name]
    WebAssembly[name] = (...args) =>
      original.apply(WebAssembly, args).then(result => {
        keep(result)
        return result
      })
  }
  globalThis.wasmBytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
}
