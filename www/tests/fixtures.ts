// Fixtures of the page's tests: the built page served, and a page that must log no error.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test as base, expect, type Page } from '@playwright/test'
import { preview } from 'vite'
import { freePort } from './ports.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Fixtures {
  /** The first page, both of its clients connected. Ends with a failure if it complained. */
  app: Page
  /** Complaints of the browser that a test expects. */
  expected: RegExp[]
}

export const test = base.extend<Fixtures, { address: string }>({
  address: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
    async ({}, use) => {
      if (!existsSync(new URL('../dist/index.html', import.meta.url)))
        throw new Error('run `npm run build -w www` first')
      const server = await preview({
        root,
        logLevel: 'warn',
        preview: { host: '127.0.0.1', port: await freePort(), strictPort: true, open: false },
      })
      await use(server.resolvedUrls?.local[0] ?? '')
      await server.close()
    },
    { scope: 'worker' },
  ],

  // The configuration blocks service workers, and Playwright says so.
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  expected: async ({}, use) => use([/^Service Worker registration blocked by Playwright$/]),

  app: async ({ page, address, expected }, use) => {
    const complaints: string[] = []
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', error => complaints.push(String(error)))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', event => {
        console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI}`)
      })
    })
    await page.goto(address)
    await expect(page.getByRole('status').first()).toHaveText(/Both clients are connected/)
    await use(page)
    expect(complaints.filter(text => !expected.some(pattern => pattern.test(text)))).toEqual([])
  },
})

export { expect }
