// The parts of the page by the names that a user knows them by.
import { expect, type Locator, type Page } from '@playwright/test'

export const publish = (page: Page): Locator => page.getByRole('button', { name: 'Publish at QoS 1' })
export const cut = (page: Page): Locator => page.getByRole('button', { name: 'Cut the link' })
export const status = (page: Page): Locator => page.locator('#status')
export const diagram = (page: Page): Locator => page.locator('#diagram')
export const packets = (page: Page): Locator => diagram(page).getByRole('option')
export const counts = async (page: Page): Promise<string> =>
  `${await page.locator('#sent').textContent()} sent, ${await page.locator('#received').textContent()} received`

export const transport = (page: Page): Locator => page.locator('#transport')

/** Stops the clock, so that a slow machine has all the time that it needs. */
export async function pause(page: Page): Promise<void> {
  await transport(page).getByRole('button', { name: 'Pause' }).click()
}

export async function play(page: Page): Promise<void> {
  await transport(page).getByRole('button', { name: 'Play' }).click()
}

export async function step(page: Page): Promise<void> {
  await transport(page).getByRole('button', { name: 'Step' }).click()
}

/** Publishes, and cuts the link while the acknowledgement is under way. */
export async function deliverTwice(page: Page): Promise<void> {
  await pause(page)
  await publish(page).click()
  await step(page)
  await expect(status(page)).toContainText('PUBACK is on its way back')
  await cut(page).click()
  await play(page)
  await expect(page.locator('#solved')).toBeVisible({ timeout: 60_000 })
}
