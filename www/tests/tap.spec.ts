// The tap in a page with a strict policy: real clients against a real Mosquitto.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from '@playwright/test'
import { test as base, expect } from '@playwright/test'
import { missing, startMosquitto } from '../../pkg/tests/lib/mosquitto.mjs'

const dist = fileURLToPath(new URL('../../pkg/dist/', import.meta.url))
const { resolve } = createRequire(new URL('../../pkg/package.json', import.meta.url))
const types: Record<string, string> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Scripts of a page's own: one line is the tap's, and the others are those of any page. */
const own = (line: string) => `
  import { tap } from '/wasmqtt/tap.js'
  globalThis.shown = tap(WebSocket).show()
  ${line}
`

const clients: Record<string, (url: string) => string> = {
  'MQTT.js': url => `
    import mqtt from '/mqtt.js'
    const client = await mqtt.connectAsync('${url}', { clientId: 'dash', username: 'ann', password: 'sesame' })
    const arrived = new Promise(resolve => client.once('message', resolve))
    await client.subscribeAsync('home/#', { qos: 2 })
    await client.publishAsync('home/kitchen', 'warm', { qos: 2 })
    await arrived
    await client.endAsync()`,
  Paho: url => `
    const { port } = new URL('${url}')
    const client = new Paho.Client('127.0.0.1', Number(port), '/', 'dash')
    await new Promise((onSuccess, onFailure) => client.connect({ userName: 'ann', password: 'sesame', onSuccess, onFailure }))
    await new Promise(onSuccess => client.subscribe('home/#', { qos: 2, onSuccess }))
    const arrived = new Promise(resolve => { client.onMessageArrived = resolve })
    client.send('home/kitchen', 'warm', 2)
    await arrived
    client.disconnect()`,
  wasmqtt: url => `
    import { connect } from '/wasmqtt/index.js'
    const client = await connect('${url}', { clientId: 'dash', credentials: { username: 'ann', password: 'sesame' } })
    let arrive
    const arrived = new Promise(resolve => { arrive = resolve })
    await client.subscribe('home/#', { qos: 2 }, arrive)
    await client.publish('home/kitchen', 'warm', { qos: 2 })
    await arrived
    await client.end()`,
}

/** Files of a page: the package, and the other clients as their packages have them. */
const fileOf = (path: string): string | undefined => {
  if (path.startsWith('/wasmqtt/')) return join(dist, path.slice('/wasmqtt/'.length))
  if (path === '/mqtt.js') return join(dirname(resolve('mqtt/package.json')), 'dist', 'mqtt.esm.js')
  return path === '/paho.js' ? resolve('paho-mqtt') : undefined
}

const test = base.extend<{ broker: string; open: (script: string) => Promise<string[]> }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
  broker: async ({}, use) => {
    const mosquitto = await startMosquitto()
    await use(mosquitto.url)
    await mosquitto.stop()
  },

  open: async ({ page }, use) => {
    let script = ''
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self' ws:"
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><title>own</title><script src="/paho.js"></script><script type="module" src="/own.js"></script><body></body>`
    const server = createServer(({ url = '/' }, response) => {
      if (url === '/') return void response.setHeader('Content-Type', 'text/html').end(html)
      const file = fileOf(url)
      if (url !== '/own.js' && !file) return void response.writeHead(404).end()
      response.setHeader('Content-Type', types[extname(url)] ?? 'text/plain')
      return void response.end(file ? readFileSync(file) : script)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await use(async given => {
      const complaints: string[] = []
      page.on('pageerror', error => complaints.push(String(error)))
      script = given
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      return complaints
    })
    server.closeAllConnections()
    server.close()
  },
})
test.skip(missing !== false, missing || '')

const packets = (page: Page): Locator => page.locator('mqtt-space-time').getByRole('option')
const kinds = (page: Page): Promise<string[]> =>
  packets(page).evaluateAll(all => all.map(one => /, ([A-Z]+)/.exec(one.getAttribute('aria-label') ?? '')?.[1] ?? ''))

for (const [name, script] of Object.entries(clients)) {
  test(`one line shows the packets of ${name}, and no password`, async ({ page, broker, open }) => {
    const complaints = await open(own(script(broker)))
    await expect.poll(async () => (await kinds(page)).at(-1), complaints.join()).toBe('DISCONNECT')
    const seen = await kinds(page)
    expect(seen.slice(0, 5)).toEqual(['CONNECT', 'CONNACK', 'SUBSCRIBE', 'SUBACK', 'PUBLISH'])
    expect(seen.filter(kind => kind === 'PUBLISH')).toHaveLength(2)
    expect(seen).toContain('PUBREC')
    await expect(packets(page).first()).toHaveAccessibleName(/dash to broker, CONNECT$/)
    await packets(page).first().click()
    const packet = page.locator('mqtt-packet')
    await expect(packet.getByText('******', { exact: true })).toBeVisible()
    await expect(packet.getByText('ann', { exact: true }).first()).toBeVisible()
    await expect(page.getByText('sesame')).toHaveCount(0)
    await expect(page.locator('mqtt-events').getByRole('button', { name: /dash to broker, SUBSCRIBE/ })).toBeVisible()
    expect(complaints).toEqual([])
  })
}
