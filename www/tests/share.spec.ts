// One connection that five real pages share, against a broker of the test. Pages of their own,
// without the app.
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { test as base, expect, type Page } from '@playwright/test'
import { Broker, type Client, connect } from 'wasmqtt/broker'
import { WebSocketServer } from 'ws'

const types: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** A broker, and a server of the pages. */
interface Served {
  broker: Broker
  url: string
  address: string
  /** Number of sockets that the broker has accepted. */
  sockets: number
}

const test = base.extend<{ served: Served; pages: Page[] }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
  served: async ({}, use) => {
    const broker = new Broker({ queue: { messages: 1_000_000, bytes: 1 << 28 } })
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://page').pathname
      if (path === '/') return response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>tab</title>')
      const file = createReadStream(new URL(`../../pkg/dist${path}`, import.meta.url))
      file.on('error', () => response.writeHead(404).end())
      response.setHeader('Content-Type', types[extname(path)] ?? 'text/plain')
      return file.pipe(response)
    })
    const sockets = new WebSocketServer({ server, handleProtocols: () => 'mqtt' })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const served = { broker, url: `ws://${host}/`, address: `http://${host}/`, sockets: 0 }
    sockets.on('connection', socket => {
      served.sockets++
      broker.accept(socket)
    })
    await use(served)
    for (const socket of sockets.clients) socket.terminate()
    await broker.close()
    server.closeAllConnections()
    server.close()
  },

  pages: async ({ context, served }, use) => {
    const pages: Page[] = []
    for (let index = 0; index < 5; index++) pages.push(await open(await context.newPage(), served))
    await use(pages)
  },
})

/** Client of a page, and what it has seen. */
interface Tab {
  client: Client
  /** Messages, as `topic text`. */
  heard: string[]
  /** Outcomes of what was published: the error's name, or empty. */
  outcomes: Promise<string>[]
  isStopped: boolean
  statuses: { phase: string; share?: string; resumed?: boolean; at: number }[]
}

declare const tab: Tab

/** Opens a page with a client that shares its connection. */
async function open(page: Page, { address, url }: Served): Promise<Page> {
  await page.goto(address)
  await page.evaluate(async url => {
    const { Client } = await import('/index.js' as string)
    const client: Client = new Client(url, { share: 'five' })
    const made: Tab = { client, heard: [], outcomes: [], isStopped: false, statuses: [] }
    Object.assign(globalThis, { tab: made })
    client.addEventListener('status', ({ status }) => made.statuses.push({ ...status, at: Date.now() } as never))
    await client.ready
  }, url)
  return page
}

const roles = (pages: readonly Page[]) => Promise.all(pages.map(page => page.evaluate(() => tab.client.status.share)))

const subscribe = (page: Page, filter: string, qos: 0 | 1 | 2) =>
  page.evaluate(
    async ({ filter, qos }) => {
      await tab.client.subscribe(filter, { qos }, message => {
        tab.heard.push(`${message.topic} ${message.text()}`)
      })
    },
    { filter, qos },
  )

/** Number of pairs of messages of a page that may be without an answer. */
const WINDOW = 4

/** Publishes messages at QoS 1 and 2 as fast as they are answered, until it is stopped. */
const publishing = (page: Page, name: string) =>
  page.evaluate(
    async ({ name, WINDOW }) => {
      for (let sent = 0; !tab.isStopped; sent++) {
        for (const qos of [1, 2] as const) {
          const published = tab.client.publish(`out/${qos}/${name}`, String(sent), { qos })
          tab.outcomes.push(
            published.then(
              () => '',
              (error: Error) => error.name,
            ),
          )
        }
        await tab.outcomes.at(-2 * WINDOW)
      }
    },
    { name, WINDOW },
  )

const stop = (page: Page) =>
  page.evaluate(() => {
    tab.isStopped = true
    return Promise.all(tab.outcomes)
  })

/** Resolves with the time at which the page was connected again, on the clock of this machine. */
const again = (page: Page, since: number) =>
  page.evaluate(async since => {
    const found = () => tab.statuses.find(({ phase, at }) => phase === 'connected' && at >= since)
    while (!found()) await new Promise(resolve => tab.client.addEventListener('status', resolve, { once: true }))
    return found()
  }, since)

/** A client apart: it counts what the pages publish, and publishes for them. */
async function counter(served: Served) {
  const client = await connect(served.broker)
  const counts = new Map<string, number>()
  await client.subscribe('out/#', { qos: 2 }, message => {
    const name = `${message.topic} ${message.text()}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  })
  let sent = 0
  const outcomes: Promise<unknown>[] = []
  const timer = setInterval(() => {
    const text = String(sent++)
    for (const qos of [1, 2] as const) outcomes.push(client.publish(`in/${qos}`, text, { qos }))
  }, 20)
  return {
    counts,
    async stop() {
      clearInterval(timer)
      await Promise.all(outcomes)
      return sent
    },
    end: () => client.end(),
  }
}

/**
 * Runs traffic both ways while the leader goes, and checks that nothing is lost. `go` returns the
 * time at which the leader was gone.
 */
async function lose(served: Served, pages: readonly Page[], go: (leader: Page) => Promise<number>) {
  const [leader, ...others] = pages as [Page, Page, Page, Page, Page]
  for (const page of others) await subscribe(page, 'in/#', 2)
  const outside = await counter(served)
  const loops = others.map((page, index) => publishing(page, String(index)))
  await expect.poll(() => outside.counts.size).toBeGreaterThan(100)
  const began = Date.now()
  const went = await go(leader)
  const found = await Promise.all(others.map(page => again(page, began)))
  const since = outside.counts.size
  await expect.poll(() => outside.counts.size).toBeGreaterThan(since + 20)
  const outcomes = await Promise.all(others.map(stop))
  await Promise.all(loops)
  const sent = await outside.stop()
  const heard = () => Promise.all(others.map(page => page.evaluate(() => new Set(tab.heard).size)))
  await expect.poll(heard).toEqual(others.map(() => sent * 2))
  check(outside.counts, outcomes)
  await outside.end()
  return { others, took: Math.max(...found.map(status => (status?.at ?? Number.NaN) - went)), outcomes }
}

/** Holds what was published against what came: once at QoS 2, and at least once at QoS 1. */
function check(counts: ReadonlyMap<string, number>, outcomes: readonly string[][]) {
  for (const [index, names] of outcomes.entries()) {
    for (const [place, name] of names.entries()) {
      const qos = (place % 2) + 1
      const topic = `out/${qos}/${index} ${Math.floor(place / 2)}`
      const count = counts.get(topic) ?? 0
      if (qos === 2) expect(count, topic).toBeLessThan(2)
      // A message that is indeterminate may have come or not; at QoS 1 none is.
      if (name === '') expect(count, topic).toBeGreaterThan(0)
      else expect([qos, name], topic).toEqual([2, 'IndeterminateError'])
    }
  }
}

test('five pages are one socket, and each gets what it has subscribed to', async ({ served, pages }) => {
  expect(await roles(pages)).toEqual(['leader', 'follower', 'follower', 'follower', 'follower'])
  expect(served.sockets).toBe(1)
  for (const [index, page] of pages.entries()) {
    await subscribe(page, `own/${index}`, 1)
    await subscribe(page, 'all', 2)
  }
  await pages[2]?.evaluate(async () => {
    for (let index = 0; index < 5; index++) await tab.client.publish(`own/${index}`, 'x', { qos: 1 })
    await tab.client.publish('all', 'y', { qos: 2 })
  })
  for (const [index, page] of pages.entries()) {
    await expect.poll(() => page.evaluate(() => tab.heard)).toEqual([`own/${index} x`, 'all y'])
  }
  expect(served.broker.clients()).toHaveLength(1)
  await pages[1]?.evaluate(() => tab.client.end())
  expect(await pages[3]?.evaluate(async () => (await tab.client.publish('all', 'z', { qos: 1 })).reasonCode)).toBe(0)
  expect(served.sockets).toBe(1)
})

test('the leader is closed: another takes over within a second', async ({ served, pages }) => {
  const { took, others } = await lose(served, pages, async leader => {
    await leader.close()
    return Date.now()
  })
  expect(took).toBeLessThan(1000)
  expect((await roles(others)).filter(role => role === 'leader')).toHaveLength(1)
  expect(served.sockets).toBe(2)
})

test('the leader crashes: another takes over, once the browser has seen it', async ({ served, pages }) => {
  const { took, others } = await lose(served, pages, async leader => {
    const crashed = leader.waitForEvent('crash')
    leader.goto('chrome://crash').catch(() => {})
    await crashed
    return Date.now()
  })
  // The browser takes longer to see a crash than a close.
  expect(took).toBeLessThan(2000)
  expect((await roles(others)).filter(role => role === 'leader')).toHaveLength(1)
})

test('the leader ends: what is in flight is settled, and another takes over', async ({ served, pages }) => {
  const { took, outcomes } = await lose(served, pages, async leader => {
    await leader.evaluate(() => tab.client.end())
    return Date.now()
  })
  expect(took).toBeLessThan(1000)
  expect(outcomes.flat().filter(name => name !== '')).toEqual([])
})

test('a leader that is busy too long loses its place, and sees it when it wakes', async ({ served, pages }) => {
  const { others } = await lose(served, pages, async leader => {
    const went = Date.now()
    leader
      .evaluate(() => {
        const until = performance.now() + 8000
        while (performance.now() < until);
      })
      .catch(() => {})
    return went
  })
  const [leader] = pages as [Page]
  expect(await again(leader, Date.now() - 500)).toMatchObject({ share: 'follower', resumed: true })
  expect((await roles([leader, ...others])).filter(role => role === 'leader')).toHaveLength(1)
  expect(await leader.evaluate(async () => (await tab.client.publish('x', '', { qos: 1 })).reasonCode)).toBe(0x10)
})

test('a leader that is to be frozen hands over, and follows when it is resumed', async ({ served, pages }) => {
  const [leader] = pages as [Page]
  const { took } = await lose(served, pages, async () => {
    const went = Date.now()
    // Chromium freezes no visible page, so the event and the stop are made here.
    await leader.evaluate(() => {
      document.dispatchEvent(new Event('freeze'))
      setTimeout(() => {
        const until = performance.now() + 3000
        while (performance.now() < until);
      })
    })
    return went
  })
  expect(took).toBeLessThan(1500)
  await expect
    .poll(() => leader.evaluate(() => tab.client.status))
    .toMatchObject({ phase: 'connected', share: 'follower' })
})

test('without Web Locks each page has a connection, and its status says so', async ({ served, context }) => {
  await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'locks'))
  const pages = [await open(await context.newPage(), served), await open(await context.newPage(), served)]
  expect(await roles(pages)).toEqual(['alone', 'alone'])
  expect(served.sockets).toBe(2)
})
