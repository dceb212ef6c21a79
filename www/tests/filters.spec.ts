// The filter field: what the core says of each topic, level by level.
import type { Locator } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { part } from './parts.ts'

const filters = 'Which topics does a filter match?'

const verdicts = (row: Locator): Promise<(string | null)[]> =>
  row.locator('[data-verdict]').evaluateAll(levels => levels.map(level => level.getAttribute('data-verdict')))

const rows = [
  {
    filter: 'home/+/temperature',
    topic: 'home/kitchen/temperature',
    matches: true,
    levels: ['equal', 'plus', 'equal'],
  },
  {
    filter: 'home/+/temperature',
    topic: 'home/kitchen/humidity',
    matches: false,
    levels: ['equal', 'plus', 'differs'],
  },
  { filter: 'home/+/temperature', topic: 'home/temperature', matches: false, levels: ['equal', 'plus', 'topic-ended'] },
  { filter: 'home/+', topic: 'home/kitchen/humidity', matches: false, levels: ['equal', 'plus', 'filter-ended'] },
  { filter: 'home/#', topic: 'home/kitchen/humidity', matches: true, levels: ['equal', 'hash'] },
  { filter: '#', topic: '$SYS/kitchen/temperature', matches: false, levels: ['dollar-hidden'] },
]

for (const { filter, topic, matches, levels } of rows) {
  test(`${filter} ${matches ? 'matches' : 'does not match'} ${topic}, and each level says why`, async ({ app }) => {
    const panel = part(app, filters)
    await panel.getByLabel('Filter to explain').fill(filter)
    const row = panel.getByRole('list', { name: 'Topics' }).locator(`[data-topic="${topic}"]`)
    await expect(row).toContainText(matches ? '✓ matches' : '✕ no match')
    await expect.poll(() => verdicts(row)).toEqual(levels)
    await expect(row.getByText(matches ? /Every level (matches|is)/ : `Level ${levels.length}:`)).toBeVisible()
  })
}

test('topics are added and removed; an empty level is seen', async ({ app }) => {
  const panel = part(app, filters)
  await panel.getByLabel('Filter to explain').fill('a/+/b')
  await panel.getByLabel('Another topic').fill('a//b')
  await panel.getByRole('button', { name: 'Add topic' }).click()
  const row = panel.locator('[data-topic="a//b"]')
  await expect(row).toContainText('✓ matches')
  await expect(row).toContainText('(empty)')
  await row.getByRole('button', { name: 'Remove a//b' }).click()
  await expect(row).toHaveCount(0)
})

test('a wrong filter is named, and no topic is said to match it', async ({ app }) => {
  const panel = part(app, filters)
  await panel.getByLabel('Filter to explain').fill('home/#/x')
  await expect(panel.getByRole('status')).toContainText('This is not a topic filter:')
  await expect(panel.getByRole('status')).toContainText('home/#/x')
  await expect(panel.getByText(/✓ matches|✕ no match/)).toHaveCount(0)
})

test('a wrong topic is named beside the right ones', async ({ app }) => {
  const panel = part(app, filters)
  await panel.getByLabel('Another topic').fill('home/+/x')
  await panel.getByRole('button', { name: 'Add topic' }).click()
  await expect(panel.locator('[data-topic="home/+/x"]')).toContainText('This is not a topic name:')
  await expect(panel.locator('[data-topic="home/kitchen/temperature"]')).toContainText('✓ matches')
})
