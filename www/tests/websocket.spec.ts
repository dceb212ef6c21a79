// A browser's WebSocket: the look-alike of the broker beside it, case by case, and `wss:` to the
// command line.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test as base, expect } from '@playwright/test'

const dist = fileURLToPath(new URL('../../pkg/dist/', import.meta.url))
const lib = fileURLToPath(new URL('../../pkg/tests/lib/', import.meta.url))
const { makeAuthority } = await import(join(lib, 'certificates.mjs'))

interface Fixtures {
  /** Address of a site on the loopback, with the package and the cases. */
  site: string
  /** Starts the command line, and returns the addresses on which it listens. */
  start: (...args: string[]) => Promise<string[]>
}

const kinds: Readonly<Record<string, string>> = {
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
}

const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
  site: async ({}, use) => {
    const server = createServer(({ url = '/' }, response) => {
      const [, folder, path = ''] = /^\/(dist|lib)\/([\w/.-]+)$/.exec(url) ?? []
      if (!folder)
        return void response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>cases</title>')
      const type = kinds[path.split('.').at(-1) ?? '']
      response
        .setHeader('Content-Type', type ?? 'text/plain')
        .end(readFileSync(join(folder === 'dist' ? dist : lib, path)))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    server.closeAllConnections()
    server.close()
  },

  // biome-ignore lint/correctness/noEmptyPattern: see above.
  start: async ({}, use) => {
    const started: ChildProcess[] = []
    await use(async (...args) => {
      const broker = spawn(process.execPath, [join(dist, 'cli.js'), 'broker', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      started.push(broker)
      const [line] = await once(broker.stdout.setEncoding('utf8'), 'data')
      return line.trim().split(' ').slice(3)
    })
    for (const broker of started) broker.kill('SIGKILL')
  },
})

test('the look-alike of the broker is a WebSocket to the letter', async ({ page, site, start }) => {
  const [address = ''] = await start('--ws', '0', '--log', 'silent')
  await page.goto(site)
  const [real, own] = await page.evaluate(async url => {
    const [{ cases, results }, { Broker }] = await Promise.all([
      import(`${location.origin}/lib/websocket-cases.mjs`),
      import(`${location.origin}/dist/broker.js`),
    ])
    const broker = new Broker()
    const found = [
      await results(cases, (to = url, protocols: string | string[] = 'mqtt') => new WebSocket(to, protocols)),
      await results(cases, (to = url, protocols: string | string[] = 'mqtt') => broker.socket(to, protocols)),
    ]
    broker.close()
    return found
  }, address)
  // A case that fails has a text.
  expect(Object.values(real).filter(result => typeof result === 'string')).toEqual([])
  for (const name of Object.keys(real)) expect.soft(own[name], name).toEqual(real[name])
})

test.describe('over TLS', () => {
  test.use({ ignoreHTTPSErrors: true })

  test('a page connects by wss:, and one of another site is refused', async ({ page, site, start }) => {
    const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-tls-'))
    try {
      const { cert, key } = makeAuthority('authority').issue('localhost')
      const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
      writeFileSync(certFile, cert)
      writeFileSync(keyFile, key)
      const [address = ''] = await start('--wss', '0', '--cert', certFile, '--key', keyFile, '--log', 'silent')
      const exchange = async (url: string) => {
        const { connect } = await import(`${location.origin}/dist/index.js`)
        try {
          const client = await connect(url)
          const messages = client.messages('a')
          await client.publish('a', 'secret', { qos: 1 })
          const { value } = await messages.next()
          await client.end()
          return value.text()
        } catch (error) {
          return (error as Error).name
        }
      }
      await page.goto(site)
      expect(await page.evaluate(exchange, address)).toBe('secret')
      // The same files, by a name that is not of the loopback.
      await page.route('http://app.example/**', async route => {
        const response = await route.fetch({ url: route.request().url().replace('http://app.example/', site) })
        await route.fulfill({ response })
      })
      await page.goto('http://app.example/')
      expect(await page.evaluate(exchange, address)).toBe('ConnectError')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
