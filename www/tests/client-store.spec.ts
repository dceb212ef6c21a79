// A client's store in IndexedDB: real reloads, crashes and tabs, and storage that is refused or
// full. The broker is in this process, so that it outlives the page.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test as base, expect, type Page } from '@playwright/test'

const dist = fileURLToPath(new URL('../../pkg/dist/', import.meta.url))
const { Broker } = await import(join(dist, 'broker.js'))
const { WebSocketServer } = createRequire(join(dist, '../package.json'))('ws')

interface Site {
  /** Address of a page with the package, whose path `/mqtt` is the broker's WebSocket. */
  readonly address: string
  /** Messages that the broker has distributed. */
  readonly distributed: string[]
  publish(topic: string, payload: string): Promise<unknown>
}

const kinds: Readonly<Record<string, string>> = { js: 'text/javascript', wasm: 'application/wasm' }

const test = base.extend<{ site: Site }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
  site: async ({}, use) => {
    const server = createServer(({ url = '/' }, response) => {
      const [, path] = /^\/dist\/([\w/.-]+)$/.exec(url) ?? []
      if (!path) return void response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>store</title>')
      response.setHeader('Content-Type', kinds[path.split('.').at(-1) ?? ''] ?? 'text/plain')
      return void response.end(readFileSync(join(dist, path)))
    })
    const broker = new Broker()
    const distributed: string[] = []
    await broker.subscribe('up/#', (message: { text(): string }) => void distributed.push(message.text()))
    const sockets = new WebSocketServer({ server, handleProtocols: () => 'mqtt' })
    sockets.on('connection', (socket: unknown) => broker.accept(socket))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await use({
      address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      distributed,
      publish: (topic, payload) => broker.publish(topic, payload, { qos: 2 }),
    })
    await broker.close()
    sockets.close()
    server.closeAllConnections()
    server.close()
  },
})

/** The page's window, once it has a client. */
interface Opened {
  readonly mqtt: { readonly status: { readonly store?: string } }
  readonly notices: string[]
}

/**
 * Opens a client on the store `kept`, which notes what it hears in the page's local storage.
 * Returns where its session is, or its error.
 */
const open = (page: Page, name = 'kept') =>
  page.evaluate(async name => {
    const { connect, indexedDb } = await import('/dist/index.js' as string)
    const page = window as unknown as Record<string, unknown>
    try {
      const mqtt = await connect('/mqtt', { store: indexedDb(name) })
      page.mqtt = mqtt
      page.notices = []
      mqtt.addEventListener('notice', ({ notice }: Event & { notice: { kind: string } }) => {
        ;(page.notices as string[]).push(notice.kind)
      })
      await mqtt.subscribe('down/#', { qos: 2 }, (message: { text(): string }) => {
        localStorage.heard = `${localStorage.heard ?? ''}${message.text()} `
      })
      return mqtt.status.store as string
    } catch (error) {
      return String(error)
    }
  }, name)

/** Publishes without waiting for the broker's answer. */
const publish = (page: Page, ...payloads: string[]) =>
  page.evaluate(payloads => {
    const { mqtt } = window as unknown as { mqtt: { publish(...args: unknown[]): Promise<unknown> } }
    for (const payload of payloads) mqtt.publish('up/t', payload, { qos: 2 }).catch(() => {})
  }, payloads)

const heard = (page: Page) => page.evaluate(() => ((localStorage.heard as string | undefined) ?? '').trim())

/** Resolves when nothing is queued or in flight. */
const idle = (page: Page) =>
  expect
    .poll(() =>
      page.evaluate(
        () => (window as unknown as { mqtt: { queue: { messages: number; inFlight: number } } }).mqtt.queue,
      ),
    )
    .toEqual({ messages: 0, bytes: 0, inFlight: 0 })

/** First bytes of packets, without their flags. */
const types = { PUBREC: 5, PUBREL: 6, PUBCOMP: 7 }

/** The packets of a frame, which may hold several; none of these tests sends one over 127 bytes. */
function packets(frame: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let start = 0; start < frame.length; ) {
    const end = start + 2 + frame.readUInt8(start + 1)
    found.push(frame.subarray(start, end))
    start = end
  }
  return found
}

for (const [type, to] of [
  ['PUBREC', 'page'],
  ['PUBCOMP', 'page'],
  ['PUBREL', 'page'],
  ['PUBREC', 'broker'],
  ['PUBREL', 'broker'],
  ['PUBCOMP', 'broker'],
] as const) {
  test(`a reload before ${type} has reached the ${to} repeats and loses nothing`, async ({ page, site }) => {
    let lost = 0
    let isLosing = true
    await page.routeWebSocket(/mqtt/, socket => {
      const server = socket.connectToServer()
      const relay = (frame: string | Buffer, direction: string, send: (packet: Buffer) => void) => {
        for (const packet of packets(frame as Buffer)) {
          if (isLosing && direction === to && packet.readUInt8(0) >> 4 === types[type]) lost++
          else send(packet)
        }
      }
      socket.onMessage(frame => relay(frame, 'broker', packet => server.send(packet)))
      server.onMessage(frame => relay(frame, 'page', packet => socket.send(packet)))
    })
    await page.goto(site.address)
    expect(await open(page)).toBe('durable')
    await publish(page, 'one')
    await site.publish('down/t', 'two')
    await expect.poll(() => lost).toBeGreaterThan(0)
    await expect.poll(() => heard(page)).toBe('two')
    isLosing = false
    await page.reload()
    expect(await open(page)).toBe('durable')
    await publish(page, 'three')
    await idle(page)
    await site.publish('down/t', 'four')
    await expect.poll(() => heard(page)).toBe('two four')
    expect(site.distributed).toEqual(['one', 'three'])
  })
}

test('reloads in the middle of a flow both ways lose and repeat nothing', async ({ page, site }) => {
  await page.goto(site.address)
  const sent: string[] = []
  const told: string[] = []
  for (let round = 0; round < 6; round++) {
    expect(await open(page)).toBe('durable')
    const numbers = Array.from({ length: 40 }, (_, number) => `${round}-${number}`)
    sent.push(...numbers)
    told.push(...numbers)
    await publish(page, ...numbers)
    for (const number of numbers) site.publish('down/t', number)
    await page.reload()
  }
  expect(await open(page)).toBe('durable')
  await idle(page)
  await expect.poll(() => heard(page)).toContain(told.at(-1) as string)
  expect((await heard(page)).split(' ')).toEqual(told)
  expect(site.distributed).toEqual(sent)
})

test('what was published offline survives the crash of the page', async ({ page, context, site }) => {
  await page.goto(site.address)
  await page.evaluate(async () => {
    const { Client, indexedDb } = await import('/dist/index.js' as string)
    // A socket that never opens.
    const mqtt = new Client('ws://127.0.0.1:9', {
      store: indexedDb('kept'),
      createWebSocket: () => new Promise(() => {}),
    })
    for (const payload of ['a', 'b']) mqtt.publish('up/t', payload, { qos: 2 }).catch(() => {})
    Object.assign(window, { mqtt })
  })
  await expect.poll(() => page.evaluate(() => (window as unknown as Opened).mqtt.status.store)).toBe('durable')
  const records = () =>
    page.evaluate(
      () =>
        new Promise<number>(resolve => {
          const opening = indexedDB.open('kept')
          opening.onsuccess = () => {
            const database = opening.result
            const counting = database.transaction('records').objectStore('records').count()
            counting.onsuccess = () => {
              database.close()
              resolve(counting.result)
            }
          }
        }),
    )
  // The format, the identity, and the messages.
  await expect.poll(records).toBe(4)
  const crashed = page.waitForEvent('crash')
  page.goto('chrome://crash').catch(() => {})
  await crashed
  const next = await context.newPage()
  await next.goto(site.address)
  expect(await open(next)).toBe('durable')
  await expect.poll(() => site.distributed).toEqual(['a', 'b'])
})

test('a second tab is refused until the first is gone', async ({ page, context, site }) => {
  await page.goto(site.address)
  expect(await open(page)).toBe('durable')
  const second = await context.newPage()
  await second.goto(site.address)
  expect(await open(second)).toBe(
    'StoreError: the store could not be opened: the database "kept" is in use by another client or broker',
  )
  await page.close()
  expect(await open(second)).toBe('durable')
  // The end of a client frees it too.
  await second.evaluate(() => (window as unknown as { mqtt: { end(): Promise<void> } }).mqtt.end())
  const third = await context.newPage()
  await third.goto(site.address)
  expect(await open(third)).toBe('durable')
})

test('storage that is refused leaves the session in memory', async ({ page, site }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('the user denied permission', 'SecurityError')
    }
  })
  await page.goto(site.address)
  expect(await open(page)).toBe('memory')
  await publish(page, 'x')
  await expect.poll(() => site.distributed).toEqual(['x'])
})

test('storage that is full leaves the session in memory, by a notice', async ({ page, site }) => {
  await page.goto(site.address)
  expect(await open(page)).toBe('durable')
  // Chromium has no quota for the tests to set.
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('the quota is exceeded', 'QuotaExceededError')
    }
  })
  await publish(page, 'x')
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { notices: string[] }).notices))
    .toEqual(['store-failed'])
  await publish(page, 'y')
  await expect.poll(() => site.distributed).toEqual(['x', 'y'])
  // The records of the store are void, so nothing is sent again.
  await page.reload()
  expect(await open(page)).toBe('durable')
  await publish(page, 'z')
  await expect.poll(() => site.distributed.length).toBe(3)
})

test('a database that another page removes leaves the session in memory', async ({ page, context, site }) => {
  await page.goto(site.address)
  expect(await open(page)).toBe('durable')
  const second = await context.newPage()
  await second.goto(site.address)
  await second.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase('kept')
        request.onsuccess = resolve
        request.onerror = reject
      }),
  )
  await publish(page, 'x')
  await expect.poll(() => site.distributed).toEqual(['x'])
  expect(await page.evaluate(() => (window as unknown as { notices: string[] }).notices)).toEqual(['store-failed'])
})
