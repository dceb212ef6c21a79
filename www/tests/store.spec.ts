// A broker's store in IndexedDB: what a reload leaves, and that two tabs do not share it. A page of
// its own, without the app.
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { test as base, expect, type Page } from '@playwright/test'
import { freePort } from './ports.ts'

const types: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' }

const test = base.extend<object, { address: string }>({
  address: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
    async ({}, use) => {
      const server = createServer((request, response) => {
        const path = new URL(request.url ?? '/', 'http://page').pathname
        if (path === '/')
          return response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>store</title>')
        const file = createReadStream(new URL(`../../pkg/dist${path}`, import.meta.url))
        file.on('error', () => response.writeHead(404).end())
        response.setHeader('Content-Type', types[extname(path)] ?? 'text/plain')
        return file.pipe(response)
      })
      const port = await freePort()
      await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
      await use(`http://127.0.0.1:${port}/`)
      server.closeAllConnections()
      server.close()
    },
    { scope: 'worker' },
  ],
})

/**
 * Makes a broker on the database, and leaves in it a session with messages that wait, and a
 * retained one.
 */
const fill = (page: Page, name: string) =>
  page.evaluate(async name => {
    const { Broker, connect, indexedDb } = await import('/broker.js' as string)
    const broker = new Broker({ store: indexedDb(name) })
    const keeper = await connect(broker, { clientId: 'keeper', cleanStart: false, sessionExpiry: 1000 })
    await keeper.subscribe('kept/#', { qos: 2 }, () => {})
    await keeper.end()
    const sender = await connect(broker)
    await sender.publish('kept/1', 'one', { qos: 1 })
    await sender.publish('kept/2', new Uint8Array(100_000), { qos: 2, retain: true })
    return broker.sessions()[0].queued
  }, name)

/** Returns the contents of the next broker, and the messages that a client of that session gets. */
const look = (page: Page, name: string) =>
  page.evaluate(async name => {
    const { Broker, Client, indexedDb } = await import('/broker.js' as string)
    const broker = new Broker({ store: indexedDb(name) })
    await broker.ready
    const heard: [string, number, number][] = []
    const client = new Client(broker, { clientId: 'keeper', cleanStart: false, sessionExpiry: 1000 })
    const both = new Promise<void>(resolve => {
      client.subscribe(
        'kept/#',
        { qos: 2, retainHandling: 2 },
        (message: { topic: string; qos: number; payload: Uint8Array }) => {
          if (heard.push([message.topic, message.qos, message.payload.length]) === 2) resolve()
        },
      )
    })
    const retained = broker.retained().map(({ topic }: { topic: string }) => topic)
    await both
    await client.end()
    await broker.close()
    return { heard, retained }
  }, name)

test('acknowledged data is there after a reload', async ({ page, address }) => {
  await page.goto(address)
  expect(await fill(page, 'reload')).toBe(2)
  await page.reload()
  expect(await look(page, 'reload')).toEqual({
    heard: [
      ['kept/1', 1, 3],
      ['kept/2', 2, 100_000],
    ],
    retained: ['kept/2'],
  })
})

test('a second tab is refused until the first is gone', async ({ page, context, address }) => {
  await page.goto(address)
  await fill(page, 'tabs')
  const second = await context.newPage()
  await second.goto(address)
  const refused = await second.evaluate(async () => {
    const { Broker, indexedDb } = await import('/broker.js' as string)
    return new Broker({ store: indexedDb('tabs') }).ready.then(
      () => 'it has it',
      (error: Error) => error.message,
    )
  })
  expect(refused).toBe('the store could not be opened: the database "tabs" is in use by another client or broker')
  await page.close()
  expect((await look(second, 'tabs')).retained).toEqual(['kept/2'])
})

test('a batch that cannot be put whole leaves nothing, and the broker is over', async ({ page, address }) => {
  await page.goto(address)
  const failed = await page.evaluate(async () => {
    const { Broker, indexedDb } = await import('/broker.js' as string)
    const broker = new Broker({ store: indexedDb('other') })
    await broker.ready
    const put = IDBObjectStore.prototype.put
    let puts = 0
    IDBObjectStore.prototype.put = function (...args) {
      if (++puts === 2) throw new Error('no second')
      return put.apply(this, args)
    }
    const told = new Promise<string>(resolve => {
      broker.addEventListener('error', (event: Event & { error: Error }) => {
        event.preventDefault()
        resolve(`${event.error.name}: ${event.error.message}`)
      })
    })
    const tries = ['a', 'b', 'c'].map(topic => broker.publish(topic, 'x', { retain: true }).catch(() => 'rejected'))
    await Promise.all(tries)
    IDBObjectStore.prototype.put = put
    await broker.close()
    const records = await new Promise<number>(resolve => {
      const opening = indexedDB.open('other')
      opening.onsuccess = () => {
        const counting = opening.result.transaction('records').objectStore('records').count()
        counting.onsuccess = () => resolve(counting.result)
      }
    })
    return { told: await told, puts, records }
  })
  expect(failed).toEqual({ told: 'StoreError: the store could not be written: no second', puts: 2, records: 0 })
})

test('a database that another page removes ends the broker, and does not wait for it', async ({
  page,
  context,
  address,
}) => {
  await page.goto(address)
  await page.evaluate(async () => {
    const { Broker, indexedDb } = await import('/broker.js' as string)
    const broker = new Broker({ store: indexedDb('to be removed') })
    await broker.ready
    Object.assign(window, { broker })
  })
  const second = await context.newPage()
  await second.goto(address)
  await second.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase('to be removed')
        request.onsuccess = resolve
        request.onerror = reject
      }),
  )
  const told = await page.evaluate(async () => {
    const { broker } = window as unknown as {
      broker: EventTarget & { publish: (...args: unknown[]) => Promise<number> }
    }
    broker.addEventListener('error', event => event.preventDefault())
    return broker.publish('t', 'x', { retain: true }).catch((error: Error) => `${error.name}: ${error.message}`)
  })
  expect(told).toBe(
    'StoreError: the store could not be written: the database "to be removed" was removed or changed by another page',
  )
})
