// The parts of the page by the names that a user knows them by.
import { expect, type Locator, type Page } from '@playwright/test'

export const part = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true })

export const connection = (page: Page): Locator => part(page, 'Connection')
export const received = (page: Page): Locator => page.getByRole('log', { name: 'Messages from the broker' })
export const sensor = (page: Page): Locator => part(page, 'Sensor')
export const dashboard = (page: Page): Locator => part(page, 'Dashboard')
export const packets = (page: Page): Locator => part(page, 'Packets')
export const arrows = (page: Page): Locator => page.locator('mqtt-ladder').getByRole('option')
export const atDashboard = (page: Page): Locator => page.getByRole('log', { name: 'Messages at the dashboard' })

export interface Sending {
  readonly topic: string
  readonly payload: string
  readonly qos: 0 | 1 | 2
  readonly retain?: boolean
}

/** Fills in a form that publishes, and submits it. */
export async function publish(form: Locator, { topic, payload, qos, retain = false }: Sending): Promise<void> {
  await form.getByLabel('Topic', { exact: true }).fill(topic)
  await form.getByLabel('Payload').fill(payload)
  await pickQos(form, qos)
  await form.getByLabel('Retain').setChecked(retain)
  await form.getByRole('button', { name: 'Publish' }).click()
}

export async function subscribe(form: Locator, filter: string, qos: 0 | 1 | 2): Promise<void> {
  await form.getByLabel('Topic filter').fill(filter)
  await pickQos(form, qos)
  await form.getByRole('button', { name: 'Subscribe', exact: true }).click()
}

export async function connect(page: Page, url: string, version: '5.0' | '3.1.1' = '5.0'): Promise<void> {
  const form = connection(page)
  await form.getByLabel('Broker address').fill(url)
  await form.getByLabel('MQTT version').selectOption({ label: version })
  await form.getByRole('button', { name: 'Connect', exact: true }).click()
}

export async function connected(page: Page, url: string, version: '5.0' | '3.1.1' = '5.0'): Promise<void> {
  await connect(page, url, version)
  await expect(connection(page).getByText(`Connected to ${url}`)).toBeVisible()
}

/** Each arrow of the ladder as `KIND from-to`. */
export async function ladder(page: Page): Promise<string[]> {
  return arrows(page).evaluateAll(elements =>
    elements.map(element => `${element.getAttribute('data-kind')} ${element.getAttribute('data-hop')}`),
  )
}

async function pickQos(form: Locator, qos: number): Promise<void> {
  await form.getByRole('radio', { name: `QoS ${qos}` }).check()
}
