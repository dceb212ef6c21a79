// The playground: its world by keyboard alone, its addresses, its files, and what it says when
// something is missing.
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { bugs } from '../src/model/playground/scenarios.ts'
import { english } from '../src/texts/en/playground.ts'
import { expect, test } from './fixtures.ts'
import { Learner } from './lesson.ts'

const words = english.page

const open = async (page: Page, address: string, hash = ''): Promise<void> => {
  await page.goto(`${address}playground.html${hash}`)
  await expect(page.locator('main')).toHaveAttribute('aria-busy', 'false')
  await expect(page.locator('.world mqtt-space-time')).toBeVisible()
}
const packets = (page: Page) => page.locator('.world mqtt-space-time').getByRole('option')
/** Rows of the table of all events, of which the picture draws those in sight. */
const events = (page: Page) => page.locator('mqtt-events td button')
const happened = (page: Page, name: RegExp) => events(page).filter({ hasText: name })
const names = (page: Page) => events(page).allTextContents()
const status = (page: Page) => page.locator('.stage > .status')
const client = (page: Page, name: string) => page.getByRole('radio', { name })
const form = (page: Page, name: string) => page.locator(`form[data-form="${name}"]`)
const press = (page: Page, name: string) => page.locator(`button[data-form="${name}"]`)
const counter = (page: Page, name: string) => page.locator(`tr[data-counter="${name}"] td`).allTextContents()
/** The world comes to rest. */
const rest = (page: Page) => expect(page.getByRole('button', { name: 'Play' })).toBeVisible({ timeout: 30_000 })

test('by keyboard alone: a client is added, subscribes, gets a message and is removed', async ({ page, address }) => {
  test.setTimeout(180_000)
  const visitor = new Learner(page)
  await open(page, address)
  await page.locator('main').focus()
  await visitor.use(page.getByText(words.addClient ?? '', { exact: true }))
  await visitor.set(form(page, 'add').getByLabel(words.name ?? ''), 'tablet')
  await visitor.use(form(page, 'add').getByRole('button'))
  await expect(client(page, 'tablet')).toBeChecked()
  await expect(page.locator('.member', { hasText: 'tablet' })).toContainText(words.connected ?? '')
  await rest(page)
  await visitor.set(form(page, 'subscribe').getByLabel(words.filter ?? ''), 'home/+/temperature')
  await visitor.use(form(page, 'subscribe').getByRole('button'))
  await expect(happened(page, /broker to tablet, SUBACK/)).not.toHaveCount(0)
  await rest(page)
  await visitor.choose(client(page, 'sensor'))
  await visitor.set(form(page, 'publish').getByLabel(words.payload ?? ''), '22.5')
  await visitor.use(form(page, 'publish').getByRole('button'))
  await expect(happened(page, /broker to tablet, PUBLISH/)).not.toHaveCount(0, { timeout: 30_000 })
  await rest(page)
  await visitor.choose(client(page, 'tablet'))
  await visitor.use(page.getByRole('button', { name: words.remove ?? '' }))
  await expect(client(page, 'tablet')).toHaveCount(0)
  await expect(status(page)).toContainText('tablet is removed')
  await rest(page)
  expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe('BODY')
})

test('by keyboard alone: links are cut and the broker restarted, and the client comes back', async ({
  page,
  address,
}) => {
  test.setTimeout(180_000)
  const visitor = new Learner(page)
  await open(page, address)
  await page.locator('main').focus()
  await visitor.choose(client(page, 'sensor'))
  await visitor.use(press(page, 'cut-now'))
  await expect(happened(page, /sensor to broker, CONNECT/)).toHaveCount(2, { timeout: 30_000 })
  await rest(page)
  await visitor.use(press(page, 'kill'))
  await expect(page.locator('.member', { hasText: 'sensor' })).toContainText(words.idle ?? '')
  await visitor.use(press(page, 'reload'))
  await expect(page.locator('.member', { hasText: 'sensor' })).toContainText(words.connected ?? '', { timeout: 30_000 })
  await rest(page)
  await visitor.use(page.getByText(words.broker ?? '', { exact: true }))
  await visitor.set(form(page, 'restart').getByLabel(words.state ?? ''), 'written')
  await visitor.use(form(page, 'restart').getByRole('button'))
  // The dashboard finds its session again, and is connected a second time.
  await expect(happened(page, /broker to dashboard, CONNACK/)).toHaveCount(2, { timeout: 30_000 })
  await expect(happened(page, /dashboard to broker, SUBSCRIBE/)).toHaveCount(1)
})

test('the visitor is the network: the order of what happens is chosen, by keyboard', async ({ page, address }) => {
  const visitor = new Learner(page)
  await open(page, address)
  await page.locator('main').focus()
  await visitor.use(page.getByRole('button', { name: words.takeOver ?? '' }))
  await expect(status(page)).toHaveText(words.isNetwork ?? '')
  for (const name of ['sensor', 'dashboard']) {
    await visitor.choose(client(page, name))
    await visitor.use(form(page, 'publish').getByRole('button'))
  }
  const pending = page.locator('.pending').getByRole('button')
  await expect(pending.filter({ hasText: 'PUBLISH of' })).toHaveCount(2)
  // The later one first.
  await visitor.use(pending.filter({ hasText: 'PUBLISH of dashboard' }))
  await expect(pending.filter({ hasText: 'PUBLISH of dashboard' })).toHaveCount(0)
  await expect(pending.filter({ hasText: 'PUBLISH of sensor' })).toHaveCount(1)
  await expect(page).toHaveURL(/run=[\w-]+/)
  await visitor.use(page.getByRole('button', { name: words.handBack ?? '' }))
  await rest(page)
  await expect(happened(page, /broker to sensor, PUBACK/)).toHaveCount(1)
})

test('the same run stands side by side at each quality of service', async ({ page, address }) => {
  await open(page, address, '#/bad-link')
  await page.getByText(words.comparison ?? '', { exact: true }).click()
  expect(await counter(page, 'lost')).toEqual(['2', '0', '0'])
  expect(await counter(page, 'duplicate')).toEqual(['0', '1', '0'])
  expect(await counter(page, 'delivered')).toEqual(['1', '3', '3'])
  const lanes = page.locator('.variants mqtt-space-time')
  await expect(lanes).toHaveCount(3)
  await expect(lanes.first().getByRole('option').first()).toBeVisible()
  // It follows what is done.
  await client(page, 'sensor').check()
  await form(page, 'publish').getByRole('button').click()
  await expect.poll(() => counter(page, 'published'), { timeout: 30_000 }).toEqual(['4', '4', '4'])
})

test('bytes that are written by hand are sent, whatever they are', async ({ page, address }) => {
  await open(page, address, '#/empty')
  await form(page, 'add')
    .getByLabel(words.name ?? '')
    .fill('raw')
  await form(page, 'add')
    .getByLabel(words.version ?? '')
    .selectOption('raw')
  await form(page, 'add').getByRole('button').click()
  await expect(page.locator('.member', { hasText: 'raw' })).toContainText(words.isOpen ?? '')
  await form(page, 'send').getByRole('button').click()
  await expect(happened(page, /broker to raw, CONNACK/)).not.toHaveCount(0)
  await rest(page)
  // The bytes of a packet can be taken, and typed over.
  await happened(page, /raw to broker, CONNECT/).evaluate((button: HTMLElement) => button.click())
  await page.getByRole('button', { name: 'Put its bytes into the form of raw' }).click()
  const bytes = form(page, 'send').getByLabel(words.bytesHex ?? '')
  await expect(bytes).toHaveValue(/^10 0f 00 04 4d/)
  await page.locator('mqtt-packet [data-at="0"]').first().focus()
  await page.keyboard.press('f')
  await expect(bytes).toHaveValue(/^0f 0f 00 04 4d/)
  await form(page, 'send')
    .getByLabel(words.bytesHex ?? '')
    .fill('f0 00')
  await form(page, 'send').getByRole('button').click()
  await expect(page.locator('.member', { hasText: 'raw' })).toContainText(words.closed ?? '', { timeout: 30_000 })
  await form(page, 'send').getByRole('button').click()
  await expect(status(page)).toContainText('That is refused')
})

test('the story of a bug points at the trace, and the bug can be mended', async ({ page, address }) => {
  for (const { id } of bugs.slice(0, 3)) {
    await open(page, address, `#/${id}`)
    const points = page.locator('.points').getByRole('button')
    await expect(points).not.toHaveCount(0)
    await points.first().click()
    await expect(page).toHaveURL(/entry=\d+/)
    await page.getByRole('link', { name: words.showMended ?? '' }).click()
    await expect(page.locator('.story')).toContainText(words.mended ?? '')
    await expect(page.getByRole('heading', { name: english.scenarios[id]?.title ?? '' })).toBeFocused()
  }
})

test('the lane of a client without code tells that its link has ended', async ({ page, address }) => {
  await open(page, address, '#/two-tabs')
  // Tab 1 is thrown out three times, tab 2 twice.
  await expect(page.locator('.world mqtt-space-time .lane.offline')).toHaveCount(5)
  await open(page, address, '#/two-tabs/mended')
  await expect(page.locator('.world mqtt-space-time .lane.connected')).not.toHaveCount(0)
  await expect(page.locator('.world mqtt-space-time .lane.offline')).toHaveCount(0)
})

test('a scenario begins anew in a world with other options, which its address has', async ({ page, address }) => {
  await open(page, address, '#/overflow')
  const received = () => happened(page, /dashboard receives/)
  await expect(received()).toHaveCount(3)
  await page.getByText(words.broker ?? '', { exact: true }).click()
  await form(page, 'another')
    .getByLabel(words.queue ?? '')
    .fill('5')
  await form(page, 'another').getByRole('button').click()
  await expect(status(page)).toHaveText(words.remade ?? '')
  await expect(received()).toHaveCount(5)
  await page.reload()
  await expect(received()).toHaveCount(5)
  await page.getByText(words.broker ?? '', { exact: true }).click()
  await form(page, 'another')
    .getByLabel(words.seed ?? '')
    .fill('0.5')
  await form(page, 'another').getByRole('button').click()
  await expect(status(page)).toContainText('That is refused: seed is 0.5')
})

test('the address opens the same run at the same moment', async ({ page, address }) => {
  await open(page, address)
  await client(page, 'sensor').check()
  await form(page, 'publish').getByRole('button').click()
  await expect(happened(page, /broker to dashboard, PUBLISH/)).not.toHaveCount(0, { timeout: 30_000 })
  await rest(page)
  await press(page, 'cut-now').click()
  await rest(page)
  await packets(page).last().click()
  const before = await names(page)
  const shared = await page.getByLabel(words.address ?? '').inputValue()
  expect(shared).toBe(page.url())
  await page.goto('about:blank')
  await page.goto(shared)
  await expect.poll(() => names(page)).toEqual(before)
  await expect(packets(page).and(page.getByRole('option', { selected: true }))).toHaveCount(1)
  await page.getByRole('slider', { name: 'Time' }).fill('250')
  await expect(page).toHaveURL(/at=250/)
  await page.reload()
  await expect(page.getByRole('slider', { name: 'Time' })).toHaveAttribute('aria-valuetext', '0.250 s')
})

test('acting in the past makes a branch, and the old one stays', async ({ page, address }) => {
  await open(page, address)
  await client(page, 'sensor').check()
  await form(page, 'publish').getByRole('button').click()
  await expect(happened(page, /sensor to broker, PUBLISH/)).not.toHaveCount(0)
  await rest(page)
  await page.getByRole('slider', { name: 'Time' }).fill('500')
  await expect(status(page)).toHaveText(words.past ?? '')
  await form(page, 'publish')
    .getByLabel(words.topic ?? '')
    .fill('other')
  await form(page, 'publish').getByRole('button').click()
  await expect(happened(page, /sensor to broker, PUBLISH.*topic other/)).not.toHaveCount(0)
  await page.getByLabel('Branch').selectOption({ label: 'main' })
  await expect(happened(page, /sensor to broker, PUBLISH.*topic home/)).not.toHaveCount(0)
  await expect(happened(page, /topic other/)).toHaveCount(0)
})

/** Presses a button that saves a file, and returns its content. */
async function saved(page: Page, ending: string): Promise<Buffer> {
  const download = page.waitForEvent('download')
  await page.locator(`[data-save="${ending}"]`).click()
  const file = await download
  expect(file.suggestedFilename()).toBe(`mqtt-no-dup.${ending}`)
  return readFile(await file.path())
}

test('a run is saved in each form, and each can be read', async ({ page, address }) => {
  await open(page, address, '#/no-dup')
  const json = JSON.parse((await saved(page, 'json')).toString())
  expect(json.trace.entries.length).toBeGreaterThan(20)
  expect(json.link).toMatch(/^[\w-]+$/)
  const pcapng = await saved(page, 'pcapng')
  // The section header block, and its mark of byte order.
  expect(pcapng.readUInt32LE(0)).toBe(0x0a0d0d0a)
  expect(pcapng.readUInt32LE(8)).toBe(0x1a2b3c4d)
  expect((await saved(page, 'mmd')).toString()).toMatch(/^sequenceDiagram\n[\s\S]+PUBLISH/)
  const svg = (await saved(page, 'svg')).toString()
  const root = await page.evaluate(
    text => new DOMParser().parseFromString(text, 'image/svg+xml').documentElement.nodeName,
    svg,
  )
  expect(root).toBe('svg')
  await expect(status(page)).toContainText('mqtt-no-dup.svg is saved')
})

test('a run is saved as a test, which passes in Node, and fails for another run', async ({ page, address }) => {
  await open(page, address, '#/no-dup')
  const text = (await saved(page, 'test.mjs')).toString()
  expect(text).toContain("assert.deepEqual(received(world, 'dashboard'), ['home/kitchen/temperature: 21', ")
  // Beside the page's own tests, from where the package is found.
  const run = async (content: string): Promise<string> => {
    const file = fileURLToPath(new URL(`saved-${process.pid}.mjs`, import.meta.url))
    await writeFile(file, content)
    try {
      const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', file])
      return stdout
    } catch (error) {
      return String((error as { stdout?: unknown }).stdout)
    } finally {
      await rm(file)
    }
  }
  expect(await run(text)).toMatch(/^# pass 1$/m)
  expect(await run(text.replace('temperature: 21', 'temperature: 22'))).toMatch(/^# fail 1$/m)
})

test('the address is copied, or selected where that is not allowed', async ({ page, address, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(page, address, '#/ghost')
  await page.getByRole('button', { name: words.copy ?? '' }).click()
  await expect(status(page)).toHaveText(words.copied ?? '')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url())
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined })
  })
  await page.getByRole('button', { name: words.copy ?? '' }).click()
  await expect(status(page)).toHaveText(words.notCopied ?? '')
  await expect(page.getByLabel(words.address ?? '')).toBeFocused()
})

test('a link that is broken, or of another version, says so, and the scenario begins anew', async ({
  page,
  address,
}) => {
  await open(page, address, '#/home?run=broken')
  await expect(status(page)).toContainText('could not be opened: the link is damaged')
  await expect(happened(page, /dashboard to broker, SUBSCRIBE/)).not.toHaveCount(0)
  await form(page, 'publish').getByRole('button').click()
  await expect(happened(page, /PUBLISH/)).not.toHaveCount(0)
  await expect(status(page)).toHaveText(words.ready ?? '')
})

test('a scenario that is not there says so, and another can be opened', async ({ page, address }) => {
  await open(page, address, '#/nowhere')
  await expect(status(page)).toContainText('There is no scenario “nowhere”')
  await page.getByLabel(words.scenario ?? '').selectOption('ghost')
  await page.getByRole('button', { name: words.open ?? '', exact: true }).click()
  await expect(page.getByRole('heading', { name: english.scenarios.ghost?.title ?? '' })).toBeFocused()
  await expect(page).toHaveURL(/#\/ghost$/)
})

test('what is refused is told in words, and the world stays', async ({ page, address }) => {
  await open(page, address)
  await form(page, 'subscribe')
    .getByLabel(words.filter ?? '')
    .fill('home/kit+/temperature')
  const before = await names(page)
  await form(page, 'subscribe').getByRole('button').click()
  await expect(status(page)).toContainText('That is refused')
  expect(await names(page)).toEqual(before)
})

test('a client that is removed is seen again when its name is asked for', async ({ page, address }) => {
  await open(page, address)
  await client(page, 'sensor').check()
  await page.getByRole('button', { name: words.remove ?? '' }).click()
  await expect(client(page, 'sensor')).toHaveCount(0)
  await page.getByText(words.addClient ?? '', { exact: true }).click()
  await form(page, 'add')
    .getByLabel(words.name ?? '')
    .fill('sensor')
  await form(page, 'add').getByRole('button').click()
  await expect(status(page)).toContainText('That is refused')
  await expect(client(page, 'sensor')).toBeChecked()
  await press(page, 'reload').click()
  await expect(page.locator('.member', { hasText: 'sensor' })).toContainText(words.connected ?? '', { timeout: 30_000 })
})

test('before the module is there a recording stands, and without it that is told', async ({ page, address }) => {
  const held: (() => void)[] = []
  await page.route('**/*.wasm', route => {
    held.push(() => void route.continue())
  })
  await page.goto(`${address}playground.html`)
  await expect(status(page)).toHaveText(words.loading ?? '')
  await expect(packets(page)).toHaveCount(6)
  await expect(page.locator('form[data-form]')).toHaveCount(0)
  await expect.poll(() => held.length).toBeGreaterThan(0)
  for (const go of held) go()
  await expect(form(page, 'publish')).toBeVisible()
  await page.unroute('**/*.wasm')
  await page.route('**/*.wasm', route => route.abort())
  await page.reload()
  await expect(status(page)).toContainText('The world could not be started')
})
