// The first page: the challenge, by mouse and by keyboard, and what it shows before the module is
// there.
import type { Locator } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { counts, cut, deliverTwice, diagram, packets, pause, play, publish, status, step, transport } from './parts.ts'

test('a message whose PUBACK is lost arrives twice', async ({ app }) => {
  await deliverTwice(app)
  expect(await counts(app)).toBe('2 sent, 2 received')
  await expect(packets(app).filter({ has: app.locator('.cross') })).toHaveCount(1)
  await app.getByRole('button', { name: 'Show the lost PUBACK' }).click()
  await expect(diagram(app).getByRole('option', { selected: true })).toHaveAccessibleName(
    /broker to sensor, PUBACK \d+, lost: link cut$/,
  )
  await app.getByRole('button', { name: 'Show the second sending' }).click()
  await expect(diagram(app).getByRole('option', { selected: true })).toHaveAccessibleName(
    /sensor to broker, PUBLISH \d+, QoS 1, DUP/,
  )
})

test('a link that is cut before the message is there delivers it once, and the page says why', async ({ app }) => {
  await pause(app)
  await publish(app).click()
  await cut(app).click()
  await expect(status(app)).toContainText('Too early')
  await play(app)
  await expect.poll(() => counts(app), { timeout: 60_000 }).toBe('2 sent, 1 received')
  await expect(app.locator('#solved')).toBeHidden()
})

test('a link that is left alone delivers once', async ({ app }) => {
  await publish(app).click()
  await expect(status(app)).toContainText('Once:', { timeout: 60_000 })
  expect(await counts(app)).toBe('1 sent, 1 received')
})

test('the same at QoS 2 arrives once', async ({ app }) => {
  await deliverTwice(app)
  await pause(app)
  await app.getByRole('button', { name: 'Try it at QoS 2' }).click()
  await expect(status(app)).toContainText('QoS 2 takes four packets')
  await expect(async () => {
    await step(app)
    await expect(packets(app).filter({ hasText: 'PUBREC' }).first()).toBeVisible({ timeout: 100 })
  }).toPass()
  await cut(app).click()
  await play(app)
  await expect(status(app)).toContainText('Exactly once', { timeout: 60_000 })
  await expect(app.locator('#received')).toHaveText('1')
})

test('the challenge is solved by keyboard alone, and the focus is never lost', async ({ app }) => {
  const press = async (key: string) => {
    await app.keyboard.press(key)
    expect(await app.evaluate(() => document.activeElement?.tagName), `after ${key}`).not.toBe('BODY')
  }
  const tabTo = async (target: Locator, key = 'Tab') => {
    const isFocused = () => target.evaluate(element => element.matches(':focus'))
    for (let i = 0; i < 20 && !(await isFocused()); i += 1) await press(key)
    await expect(target).toBeFocused()
  }
  const clock = (name: string) => transport(app).getByRole('button', { name })
  await tabTo(clock('Pause'))
  await press('Enter')
  await tabTo(publish(app), 'Shift+Tab')
  await press('Enter')
  await tabTo(clock('Step'))
  await press('Enter')
  await expect(status(app)).toContainText('PUBACK is on its way back')
  await tabTo(cut(app), 'Shift+Tab')
  await press('Enter')
  await tabTo(clock('Play'))
  await press('Enter')
  await expect(app.locator('#solved')).toBeVisible({ timeout: 60_000 })
  await tabTo(diagram(app))
  await press('End')
  await expect(diagram(app).getByRole('option', { selected: true })).toHaveAccessibleName(/PUBACK/)
  await press('ArrowLeft')
  await expect(diagram(app).getByRole('option', { selected: true })).toHaveAccessibleName(
    /broker to dashboard, PUBLISH/,
  )
  await press('Escape')
  await expect(diagram(app).getByRole('option', { selected: true })).toHaveCount(0)
})

test('time stands still, goes on by steps, and can be looked back at', async ({ app }) => {
  await pause(app)
  await publish(app).click()
  await expect(status(app)).toContainText('Time stands still')
  const clock = transport(app).getByRole('slider', { name: 'Time' })
  const before = await clock.getAttribute('aria-valuetext')
  await step(app)
  await expect(status(app)).toContainText('PUBACK is on its way back')
  expect(await clock.getAttribute('aria-valuetext')).not.toBe(before)
  await expect(packets(app)).toHaveCount(9)
  await clock.fill('20')
  await expect(packets(app)).toHaveCount(2)
  await step(app)
  await expect.poll(() => packets(app).count()).toBeGreaterThan(2)
  await play(app)
  await expect.poll(() => packets(app).count()).toBeGreaterThanOrEqual(9)
})

test('a packet that is selected shows its bytes', async ({ app }) => {
  await packets(app).first().click()
  await expect(app.locator('#packet-name')).toHaveText(/^CONNECT, from (sensor|dashboard) to the broker$/)
  await expect(app.locator('#packet').getByRole('group', { name: /^\d+ bytes/ })).toContainText('MQTT')
})

test('before the module is there nothing that needs it can be pressed, and a recording is shown', async ({
  page,
  address,
}) => {
  const held: (() => void)[] = []
  await page.route('**/*.wasm', route => {
    held.push(() => void route.continue())
  })
  await page.goto(address)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(packets(page)).toHaveCount(6)
  for (const button of await page.locator('main').getByRole('button').all()) await expect(button).toBeDisabled()
  await expect.poll(() => held.length).toBeGreaterThan(0)
  for (const go of held) go()
  await expect(publish(page)).toBeEnabled()
})

test('without scripts there is the text', async ({ browser, address }) => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(address)
  await expect(page.getByText('answered by CONNACK')).toBeVisible()
  await expect(page.getByText('answered by SUBACK')).toBeVisible()
  await expect(page.getByRole('button').first()).toBeVisible()
  await context.close()
})

test('a module that does not come is told, and the text stays', async ({ page, address }) => {
  await page.route('**/*.wasm', route => route.abort())
  await page.goto(address)
  await expect(status(page)).toContainText('The broker could not be started')
  await expect(publish(page)).toBeDisabled()
})
