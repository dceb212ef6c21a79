// The page as `npm start` serves it, from its sources: it runs, and under the same policy.
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { test as built, expect } from './fixtures.ts'
import { packets, publish } from './parts.ts'
import { freePort } from './ports.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const test = built.extend<object, { address: string }>({
  address: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
    async ({}, use) => {
      const server = await createServer({
        root,
        server: { host: '127.0.0.1', port: await freePort(), strictPort: true, open: false },
        clearScreen: false,
        logLevel: 'warn',
      })
      await server.listen()
      await use(server.resolvedUrls?.local[0] ?? '')
      await server.close()
    },
    { scope: 'worker' },
  ],
})

test('the page runs from its sources, and breaks no policy', async ({ app }) => {
  await publish(app).click()
  // Two hops of PUBLISH and PUBACK, after CONNECT and SUBSCRIBE with their answers.
  await expect(packets(app)).toHaveCount(10)
})
