// The inspector against a real Mosquitto.
import { readFileSync } from 'node:fs'
import type { Locator, Page } from '@playwright/test'
import mqtt from 'mqtt'
import sparkplug from 'sparkplug-payload'
import { missing, startMosquitto } from '../../pkg/tests/lib/mosquitto.mjs'
import { test as base, expect } from './fixtures.ts'
import { violations } from './measures.ts'
import { freePort } from './ports.ts'

const test = base.extend<{ broker: string; inspector: Page }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
  broker: async ({}, use) => {
    const mosquitto = await startMosquitto()
    await use(mosquitto.url)
    await mosquitto.stop()
  },
  inspector: async ({ page, address }, use) => {
    await page.goto(`${address}inspector.html`)
    await use(page)
  },
})
test.skip(missing !== false, missing || '')

const status = (page: Page): Locator => page.locator('#status')
const packets = (page: Page): Locator => page.locator('#diagram').getByRole('option')
const count = (page: Page): Locator => page.locator('#count')
const topics = (page: Page): Locator => page.locator('#topics')

async function open(page: Page, url: string): Promise<void> {
  await page.getByLabel('Address of the broker').fill(url)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(status(page)).toHaveText('Connected by MQTT 5.0, with a new session.')
}

async function subscribe(page: Page, filter: string, qos: string): Promise<void> {
  const form = page.getByRole('form', { name: 'Subscriptions' })
  await form.getByLabel('Topic filter').fill(filter)
  await form.getByLabel('QoS').selectOption(qos)
  await form.getByRole('button', { name: 'Subscribe' }).click()
  await expect(page.getByRole('button', { name: `Remove ${filter}` })).toBeVisible()
}

async function publish(page: Page, topic: string, payload: string, qos: string, retain = false): Promise<void> {
  const form = page.getByRole('form', { name: 'Publish' })
  await form.getByLabel('Topic').fill(topic)
  await form.getByLabel('Payload').fill(payload)
  await form.getByLabel('QoS').selectOption(qos)
  await form.getByLabel('Retain').setChecked(retain)
  await form.getByRole('button', { name: 'Publish' }).click()
}

const kinds = async (page: Page): Promise<string[]> =>
  (await packets(page).all()).length === 0
    ? []
    : packets(page).evaluateAll(all =>
        all.map(one => /, ([A-Z]+)/.exec(one.getAttribute('aria-label') ?? '')?.[1] ?? ''),
      )

test('a connection subscribes to nothing by itself', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await expect(count(inspector)).toHaveText('2 packets, 2 of them shown.')
  expect(await kinds(inspector)).toEqual(['CONNECT', 'CONNACK'])
})

test('a message at QoS 2 is shown by its eight packets, fields and payload', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await subscribe(inspector, 'home/#', '2')
  await publish(inspector, 'home/kitchen', '{"celsius":21.5}', '2')
  await expect(inspector.locator('#sent')).toHaveText('The broker has acknowledged home/kitchen.')
  await expect(count(inspector)).toHaveText('12 packets, 12 of them shown.')
  // The broker may send its own PUBLISH before or after the other's PUBREC.
  const seen = await kinds(inspector)
  expect(seen.slice(0, 5)).toEqual(['CONNECT', 'CONNACK', 'SUBSCRIBE', 'SUBACK', 'PUBLISH'])
  expect(seen.slice(4).sort()).toEqual(['PUBLISH', 'PUBREC', 'PUBREL', 'PUBCOMP'].flatMap(kind => [kind, kind]).sort())
  await packets(inspector).nth(4).click()
  await expect(inspector.locator('#packet-name')).toHaveText('PUBLISH, from this client to the broker')
  await expect(inspector.locator('mqtt-packet').getByText('Topic Name')).toBeVisible()
  await expect(inspector.locator('#payload')).toHaveText(/"celsius": 21.5/)
  await inspector.getByLabel('Show as').selectOption('hexadecimal')
  await expect(inspector.locator('#payload')).toHaveText(/^7b 22 63/)
  await inspector.getByLabel('Show as').selectOption('CBOR')
  await expect(inspector.locator('#payload')).toHaveText(/^The payload is not CBOR: /)
})

test('payloads of CBOR and of an image are shown', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await subscribe(inspector, 'a/#', '0')
  const publisher = await mqtt.connectAsync(broker)
  await publisher.publishAsync('a/cbor', Buffer.from('a163746f6ef5', 'hex'))
  const png = readFileSync(new URL('../../docs/page.png', import.meta.url))
  await publisher.publishAsync('a/image', png)
  await publisher.endAsync()
  await expect(packets(inspector)).toHaveCount(6)
  await packets(inspector).nth(4).click()
  await inspector.getByLabel('Show as').selectOption('CBOR')
  await expect(inspector.locator('#payload')).toHaveText(/"ton": true/)
  await packets(inspector).nth(5).click()
  await expect(inspector.getByRole('img', { name: 'Payload' })).toBeVisible()
})

test('a payload of Sparkplug B is shown by its metrics', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await subscribe(inspector, 'spBv1.0/#', '0')
  const payload = sparkplug.get('spBv1.0')?.encodePayload({
    timestamp: 1_700_000_000_000,
    seq: 3,
    metrics: [
      { name: 'celsius', type: 'Double', value: 21.5, alias: 7 },
      { name: 'below', type: 'Int32', value: -5 },
      { name: 'open', type: 'Boolean', value: true, timestamp: 1_700_000_000_001 },
      {
        name: 'readings',
        type: 'DataSet',
        value: { numOfColumns: 2, columns: ['at', 'of'], types: ['Int64', 'String'], rows: [[-1, 'hall']] },
      },
      {
        name: 'pump',
        type: 'Template',
        value: { templateRef: 'Pump', isDefinition: false, metrics: [{ name: 'rpm', type: 'UInt16', value: 900 }] },
      },
    ],
  })
  const publisher = await mqtt.connectAsync(broker)
  await publisher.publishAsync('spBv1.0/plant/DDATA/edge/hall', Buffer.from(payload ?? []))
  await publisher.endAsync()
  await expect(packets(inspector)).toHaveCount(5)
  await packets(inspector).nth(4).click()
  await expect(inspector.getByLabel('Show as')).toHaveValue('Sparkplug B')
  const shown = inspector.locator('#payload')
  await expect(shown).toHaveText(/"timestamp": "2023-11-14T22:13:20.000Z"/)
  const { metrics, seq } = JSON.parse((await shown.textContent()) ?? '')
  expect(seq).toBe(3)
  expect(metrics).toMatchObject([
    { name: 'celsius', alias: 7, datatype: 'Double', double: 21.5 },
    { name: 'below', datatype: 'Int32', int: -5 },
    { name: 'open', datatype: 'Boolean', boolean: true, timestamp: '2023-11-14T22:13:20.001Z' },
    { dataset: { columns: ['at', 'of'], types: ['Int64', 'String'], rows: [{ elements: [{}, { string: 'hall' }] }] } },
    { template: { template_ref: 'Pump', metrics: [{ name: 'rpm', int: 900 }] } },
  ])
})

test('decoders of a file beside the page are forms of a payload, and may be the first', async ({
  page,
  inspector,
  broker,
}) => {
  await page.route('**/decoders.js', route =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `export const decoders = [
        { name: 'Celsius', fits: topic => topic.endsWith('/celsius'), decode: bytes => ({ celsius: bytes[0] / 2 }) },
        { name: 'Broken', decode: () => { throw new Error('too short') } },
        'none',
      ]`,
    }),
  )
  await inspector.reload()
  await open(inspector, broker)
  await expect(inspector.getByLabel('Show as').locator('option').last()).toHaveText('Broken')
  await publish(inspector, 'hall/celsius', '+', '0')
  await expect(packets(inspector)).toHaveCount(3)
  await packets(inspector).nth(2).click()
  await expect(inspector.locator('#payload')).toHaveText(/"celsius": 21.5/)
  await inspector.getByLabel('Show as').selectOption('Broken')
  await expect(inspector.locator('#payload')).toHaveText('The payload is not Broken: too short')
})

/** Lets a test send bytes to the page as if they came from the broker. */
async function spliced(page: Page): Promise<{ send: (bytes: Buffer) => void }> {
  const splice = { send: (_: Buffer) => {} }
  await page.routeWebSocket(/.*/, socket => {
    socket.connectToServer()
    splice.send = bytes => socket.send(bytes)
  })
  return splice
}

test('the guarantees are watched, and a broken one shows its packet', async ({ inspector, broker }) => {
  const splice = await spliced(inspector)
  const monitors = inspector.locator('mqtt-monitors').getByRole('listitem')
  await open(inspector, broker)
  await expect(monitors).toHaveCount(6)
  await expect(monitors.filter({ hasText: ': holds' })).toHaveCount(6)
  await subscribe(inspector, 'home/#', '1')
  splice.send(Buffer.from('300600036f757400', 'hex'))
  const broken = monitors.filter({ hasText: ': broken' })
  await expect(broken).toHaveText(/a message on out, to which the client has no subscription/)
  await expect(monitors.filter({ hasText: ': holds' })).toHaveCount(5)
  await broken.getByRole('button', { name: 'Show where' }).click()
  await expect(inspector.locator('#packet-name')).toHaveText('PUBLISH, from the broker to this client')
  await expect(packets(inspector).and(inspector.locator('[aria-selected="true"]'))).toHaveCount(1)
})

test('under a flood the latest message of a topic stands for all, as long as the user wants', async ({
  inspector,
  broker,
}) => {
  const splice = await spliced(inspector)
  await open(inspector, broker)
  await subscribe(inspector, 'a', '0')
  // Of 200 in one frame at least a hundred come within one span of time.
  splice.send(Buffer.concat(Array.from({ length: 200 }, () => Buffer.from('30050001610078', 'hex'))))
  await expect(count(inspector)).toHaveText(/^204 packets, (?:[5-9]|\d\d|10\d) of them shown\.$/)
  await expect(packets(inspector).nth(4)).toHaveAccessibleName(/PUBLISH, QoS 0, ×\d+, topic a/)
  await inspector.getByLabel('Conflate floods').uncheck()
  await expect(count(inspector)).toHaveText('204 packets, 204 of them shown.')
})

test('what is inferred about the broker is marked so', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await expect(inspector.locator('#diagram').getByText('broker (inferred)')).toBeVisible()
  await publish(inspector, 'home/door', 'open', '1', true)
  await expect(topics(inspector).getByText('retained (inferred)')).toBeVisible()
  await subscribe(inspector, 'home/#', '0')
  await expect(topics(inspector).getByText('retained', { exact: true })).toBeVisible()
})

test('retained messages are told in the tree of topics, and can be removed', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await publish(inspector, 'home/door', 'open', '1', true)
  await publish(inspector, 'home/light', 'on', '0')
  await expect(topics(inspector).getByText('retained')).toHaveCount(1)
  await topics(inspector).getByRole('button', { name: 'Remove the retained message of home/door' }).click()
  await expect(topics(inspector).getByText('retained')).toHaveCount(0)
  await subscribe(inspector, 'home/#', '0')
  // A broker sends retained messages after SUBACK; the answer to a later packet comes after them.
  await publish(inspector, 'other', '', '1')
  await expect(inspector.locator('#sent')).toHaveText('The broker has acknowledged other.')
  expect((await kinds(inspector)).filter(kind => kind === 'PUBLISH')).toHaveLength(4)
})

test('a flood is bounded, what was dropped is told, and the page stays alive', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await subscribe(inspector, 'flood/#', '0')
  const publisher = await mqtt.connectAsync(broker)
  const before = Date.now()
  for (let i = 0; i < 6_000; i += 1) publisher.publish(`flood/${i % 3_000}`, String(i))
  await publisher.publishAsync('flood/last', 'the last', { qos: 1 })
  await publisher.endAsync()
  await expect(
    topics(inspector)
      .locator('..')
      .getByText(/more topics than are shown/),
  ).toBeVisible()
  await inspector.getByRole('searchbox').fill('the last')
  await expect(packets(inspector)).toHaveCount(1)
  await expect(count(inspector)).toHaveText(/^6005 packets, 1 of them shown\. The oldest \d+ are no longer kept\.$/)
  test.info().annotations.push({ type: 'milliseconds', description: String(Date.now() - before) })
})

test('find, pings, pause, clear and save', async ({ inspector, broker }) => {
  await open(inspector, broker)
  await publish(inspector, 'a/b', 'one', '1')
  await expect(packets(inspector)).toHaveCount(4)
  await inspector.getByRole('searchbox').fill('puback')
  await expect(packets(inspector)).toHaveCount(1)
  await inspector.getByRole('searchbox').fill('')
  await inspector.getByRole('button', { name: 'Pause' }).click()
  await publish(inspector, 'a/b', 'two', '1')
  await expect(count(inspector)).toHaveText('6 packets, 4 of them shown, paused.')
  await inspector.getByRole('button', { name: 'Go on' }).click()
  await expect(packets(inspector)).toHaveCount(6)
  const download = inspector.waitForEvent('download')
  await inspector.getByRole('button', { name: 'Save as JSON' }).click()
  const trace = JSON.parse(readFileSync(await (await download).path(), 'utf8'))
  expect(trace.entries.filter(({ type }: { type: string }) => type === 'packet')).toHaveLength(6)
  await inspector.getByRole('button', { name: 'Clear' }).click()
  await expect(count(inspector)).toHaveText('No packet yet.')
})

test('the address of the page keeps the broker and the filters, and no secret', async ({ inspector, broker }) => {
  await inspector.getByLabel('User name').fill('ann')
  await inspector.getByLabel('Password').fill('sesame')
  await open(inspector, broker)
  await subscribe(inspector, 'a/+', '1')
  const url = inspector.url()
  expect(url).not.toMatch(/ann|sesame/)
  expect(await inspector.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).toBe('{}')
  await inspector.reload()
  await expect(inspector.getByLabel('Address of the broker')).toHaveValue(new URL(broker).href)
  await expect(inspector.getByLabel('Password')).toHaveValue('')
  await inspector.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect.poll(() => kinds(inspector)).toEqual(['CONNECT', 'CONNACK', 'SUBSCRIBE', 'SUBACK'])
})

test('what is wrong is told: the address, an unreachable broker, a filter, a topic', async ({ inspector, broker }) => {
  await inspector.getByLabel('Address of the broker').fill('https://broker.example')
  await inspector.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(status(inspector)).toHaveText(/ws:|wss:/)
  await inspector.getByLabel('Address of the broker').fill(`ws://127.0.0.1:${await freePort()}`)
  await inspector.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(status(inspector)).toHaveText(/cannot be reached.*The next attempt is in \d+ s\./)
  await inspector.getByRole('button', { name: 'Disconnect' }).click()
  await expect(status(inspector)).toHaveText(/^Disconnected/)
  await open(inspector, broker)
  await inspector.getByLabel('Topic filter').fill('a/#/b')
  await inspector.getByRole('button', { name: 'Subscribe' }).click()
  await expect(inspector.getByRole('alert')).toHaveText(/a\/#\/b/)
  await publish(inspector, 'a/+', '', '0')
  await expect(inspector.locator('#sent')).toHaveText(/a\/\+/)
})

test('a connection that is lost is told, and made again', async ({ inspector, broker, page }) => {
  let cut = () => {}
  await page.routeWebSocket(/.*/, socket => {
    const server = socket.connectToServer()
    cut = () => {
      void server.close()
      void socket.close({ code: 1011 })
    }
  })
  await open(inspector, broker)
  cut()
  await expect.poll(() => kinds(inspector)).toEqual(['CONNECT', 'CONNACK', 'CONNECT', 'CONNACK'])
  await expect(status(inspector)).toHaveText(/^Connected/)
})

for (const theme of ['light', 'dark'] as const) {
  test(`no accessibility violation, ${theme}`, async ({ inspector, broker }) => {
    await inspector.emulateMedia({ colorScheme: theme })
    await open(inspector, broker)
    await subscribe(inspector, 'home/#', '1')
    await publish(inspector, 'home/kitchen', 'warm', '1', true)
    await expect(topics(inspector).getByText('retained')).toBeVisible()
    await packets(inspector).nth(4).click()
    await expect(inspector.locator('mqtt-packet').getByText('Topic Name')).toBeVisible()
    expect(await violations(inspector)).toEqual([])
  })
}

for (const [width, size] of [
  [1280, '100%'],
  [640, '200%'],
  [320, '100%'],
] as const) {
  test(`nothing is wider than a window of ${width} px with text at ${size}`, async ({ inspector, broker }) => {
    await inspector.setViewportSize({ width, height: 900 })
    await inspector.evaluate(fontSize => {
      document.documentElement.style.fontSize = fontSize
    }, size)
    await open(inspector, broker)
    await publish(inspector, 'a-long-topic-without-any-level-that-could-be-broken/and-another-one', 'x', '1', true)
    await expect(topics(inspector).getByText('retained')).toBeVisible()
    expect(
      await inspector.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    ).toBeLessThanOrEqual(0)
  })
}
