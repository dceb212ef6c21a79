// The tutorial: each chapter by keyboard alone to its end, its addresses, and what it says when
// something is missing.
import type { Page } from '@playwright/test'
import { english } from '../src/texts/en/index.ts'
import { chapters, exercises } from './chapters.ts'
import { expect, test } from './fixtures.ts'
import { Learner } from './lesson.ts'
import { moves } from './moves.ts'

const { page: words, actions } = english

const open = async (page: Page, address: string, hash: string): Promise<void> => {
  await page.goto(`${address}tutorial.html${hash}`)
  await expect(page.locator('main')).toHaveAttribute('aria-busy', 'false')
  await expect(page.locator('mqtt-space-time')).toBeVisible()
}
const packets = (page: Page) => page.locator('mqtt-space-time').getByRole('option')
const names = (page: Page) => packets(page).evaluateAll(all => all.map(one => one.getAttribute('aria-label')))
const selected = (page: Page) => packets(page).and(page.getByRole('option', { selected: true }))
const offer = (page: Page, id: string) => page.locator(`form[data-offer="${id}"]`)

/** Solves the exercise that is shown, by keyboard. */
async function solve(page: Page, learner: Learner, exercise: string): Promise<void> {
  for (const { offer: id, set = {}, until } of moves[exercise] ?? []) {
    for (const [field, value] of Object.entries(set)) {
      await learner.set(offer(page, id).getByLabel(actions.fields[field] ?? field), value)
    }
    await learner.use(offer(page, id).getByRole('button'))
    if (until)
      await expect
        .poll(() =>
          packets(page)
            .and(page.getByRole('option', { name: until.packet }))
            .count(),
        )
        .toBeGreaterThanOrEqual(until.count)
    // The world comes to rest before the next move.
    if (id !== 'packet') await expect(page.getByRole('button', { name: 'Play' })).toBeVisible({ timeout: 120_000 })
  }
  await expect(page.locator('.outcome .status')).toContainText(words.solvedTitle ?? '', { timeout: 120_000 })
}

for (const chapter of chapters) {
  const text = english.titles[chapter.id]
  test(`${chapter.id}: by keyboard alone to its end`, async ({ page, address }) => {
    test.setTimeout(300_000)
    const learner = new Learner(page)
    await open(page, address, `#/${chapter.id}`)
    await page.locator('main').focus()
    for (const [place, exercise] of chapter.exercises.entries()) {
      const right = exercise.options.find(({ belief }) => belief === undefined)?.id
      await learner.choose(page.locator(`input[name="answer"][value="${right}"]`))
      await learner.use(page.getByRole('button', { name: words.commit ?? '' }))
      await learner.arrives(words.runTitle ?? '')
      if (place === 0) await hurry(page, learner)
      await learner.use(page.getByRole('button', { name: words.skipRun ?? '' }))
      await expect(page.locator('.verdict')).toContainText(words.right ?? '')
      await learner.use(page.locator('.verdict').getByRole('button', { name: words.showEvidence ?? '' }))
      await learner.use(page.getByRole('link', { name: words.toWhy ?? '' }).last())
      await learner.arrives(words.whyTitle ?? '')
      await learner.use(page.getByRole('link', { name: words.toSolve ?? '' }))
      await learner.arrives(words.solveTitle ?? '')
      await learner.use(page.getByRole('button', { name: words.hint ?? '' }))
      await expect(page.locator('.hints li').last()).toBeFocused()
      await solve(page, learner, exercise.id)
      const following = chapter.exercises[place + 1]
      const title = following && text?.exercises[following.id]
      await learner.use(page.locator('.bench').getByRole('link'))
      await learner.arrives(title === undefined ? (words.recall ?? '') : (words.predictTitle ?? ''))
    }
    await recall(page, learner, chapter.id)
    await page.goto(`${address}tutorial.html#/`)
    const entry = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: text?.title ?? '' }) })
    await expect(entry.getByRole('link', { name: words.openMark ?? '' })).toHaveCount(0)
  })
}

/** Lets time pass as fast as it can. The speed is kept from world to world. */
async function hurry(page: Page, learner: Learner): Promise<void> {
  const speed = page.locator('mqtt-transport').getByRole('slider', { name: 'Speed' })
  await learner.reach(speed)
  await learner.press('End')
  await expect(speed).toHaveAttribute('aria-valuetext', '100 times')
}

async function recall(page: Page, learner: Learner, id: string): Promise<void> {
  const place = chapters.findIndex(chapter => chapter.id === id)
  for (const { id: of, recall } of [
    ...chapters.slice(place, place + 1),
    ...chapters.slice(Math.max(0, place - 1), place),
  ]) {
    for (const { id: question, right } of recall) {
      await learner.choose(page.locator(`input[name="${of}.${question}"][value="${right}"]`))
    }
  }
  await learner.use(page.getByRole('button', { name: words.check ?? '' }))
  await expect(page.locator('.questions > .status')).toContainText('All of them are right')
}

test('a wrong answer is told with its belief, and the event that contradicts it is a click away', async ({
  page,
  address,
}) => {
  await open(page, address, '#/qos/at-least-once')
  await page.getByLabel('It sends the message again after some seconds').check()
  await page.getByRole('button', { name: words.commit ?? '' }).click()
  await page.getByRole('button', { name: words.skipRun ?? '' }).click()
  await expect(page.locator('.verdict')).toContainText('QoS 1 has a retry timer')
  await page.getByRole('button', { name: words.showEvidence ?? '' }).click()
  await expect(selected(page)).toHaveAccessibleName(/broker to sensor, PUBACK/)
})

test('acting in the past goes on from there', async ({ page, address }) => {
  await open(page, address, '#/qos/at-least-once/solve')
  await offer(page, 'publish-1').getByRole('button').click()
  await offer(page, 'settle').getByRole('button').click()
  const puback = page.getByRole('option', { name: /broker to sensor, PUBACK 1$/ })
  await expect(puback).toBeVisible()
  await expect(page.getByRole('button', { name: 'Play' })).toBeVisible()
  // PUBACK is half way then.
  await page.getByRole('slider', { name: 'Time' }).fill('650')
  await offer(page, 'cut').getByRole('button').click()
  await offer(page, 'settle').getByRole('button').click()
  await expect(page.locator('.outcome .status')).toContainText(words.solvedTitle ?? '', { timeout: 120_000 })
})

test('a wrong turn of a task is told, and the task begins again', async ({ page, address }) => {
  await open(page, address, '#/qos/at-least-once/solve')
  await offer(page, 'publish-1').getByRole('button').click()
  await offer(page, 'cut').getByRole('button').click()
  await offer(page, 'settle').getByRole('button').click()
  await expect(page.locator('.outcome .status')).toContainText('Too early', { timeout: 120_000 })
  await page.getByRole('button', { name: words.startAgain ?? '' }).click()
  await expect(page.locator('.outcome .status')).toHaveText(words.waiting ?? '')
})

test('each state has an address that opens it again', async ({ page, address }) => {
  await open(page, address, '#/qos/exactly-once/solve')
  await offer(page, 'publish-qos').getByLabel('Quality').selectOption('2')
  await offer(page, 'publish-qos').getByRole('button').click()
  await offer(page, 'packet').getByRole('button').click()
  await offer(page, 'cut').getByRole('button').click()
  await packets(page).last().click()
  await expect(page).toHaveURL(/run=[\w-]+/)
  const before = await names(page)
  const chosen = await selected(page).getAttribute('aria-label')
  await page.goto('about:blank')
  await page.goBack()
  await expect.poll(() => names(page)).toEqual(before)
  await expect(selected(page)).toHaveAttribute('aria-label', chosen ?? '')

  await page.goto(`${address}tutorial.html#/publish/names/run?answer=same&at=250`)
  await page.reload()
  await expect(page.getByRole('slider', { name: 'Time' })).toHaveAttribute('aria-valuetext', '0.250 s')
})

test('the picture tells nothing of what comes after the moment that is looked at', async ({ page, address }) => {
  await open(page, address, '#/keep-alive/half-open/run?at=1000')
  const broken = page.locator('mqtt-space-time .lane.halfOpen')
  await expect(page.locator('mqtt-space-time .lane')).toHaveCount(5)
  await expect(broken).toHaveCount(0)
  await page.getByRole('button', { name: words.skipRun ?? '' }).click()
  await expect(broken).toHaveCount(1)
})

test('the run of a broken link is told, and the exercise begins anew', async ({ page, address }) => {
  await open(page, address, '#/publish/through/solve?run=broken')
  await expect(page.locator('.outcome .status')).toContainText('could not be opened')
  await expect(offer(page, 'publish').getByRole('button')).toBeEnabled()
})

test('an address of nothing says so, and leads back', async ({ page, address }) => {
  await page.goto(`${address}tutorial.html#/nowhere`)
  await page.getByRole('link', { name: words.toContents ?? '' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(words.title ?? '')
})

test('what is refused is told in words', async ({ page, address }) => {
  await open(page, address, '#/wildcards/plus/solve')
  await offer(page, 'subscribe').getByLabel('Filter').fill('home/kit+/temperature')
  await offer(page, 'subscribe').getByRole('button').click()
  await expect(page.locator('.outcome .status')).toContainText('That is refused')
})

test('progress is kept over a reload, until it is to be forgotten', async ({ page, address }) => {
  await open(page, address, '#/will/last-will/solve')
  await offer(page, 'kill').getByRole('button').click()
  await expect(page.locator('.outcome .status')).toContainText(words.solvedTitle ?? '')
  await page.goto(`${address}tutorial.html#/`)
  await page.reload()
  await expect(page.getByText(`1 of ${exercises.length} solved`)).toBeVisible()
  await page.getByRole('button', { name: words.forget ?? '' }).click()
  await expect(page.getByText(`0 of ${exercises.length} solved`)).toBeVisible()
  await expect(page.getByText(words.forgotten ?? '')).toBeVisible()
})

test('where storage is denied the page says so and goes on', async ({ page, address }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('denied', 'SecurityError')
      },
    })
  })
  await page.goto(`${address}tutorial.html`)
  await expect(page.getByText(words.denied ?? '')).toBeVisible()
  await open(page, address, '#/will/last-will/solve')
  await offer(page, 'kill').getByRole('button').click()
  await expect(page.locator('.outcome .status')).toContainText(words.solvedTitle ?? '')
})

test('a word opens its meaning, and Escape closes it', async ({ page, address }) => {
  await open(page, address, '#/connect')
  const word = page.getByRole('button', { name: 'broker', exact: true })
  await word.click()
  await expect(page.locator('.meaning:popover-open')).toContainText('The server in the middle')
  await page.keyboard.press('Escape')
  await expect(page.locator('.meaning:popover-open')).toHaveCount(0)
  await expect(word).toBeFocused()
})

test('before the module is there the texts and a recording stand, and nothing that needs it can be pressed', async ({
  page,
  address,
}) => {
  const held: (() => void)[] = []
  await page.route('**/*.wasm', route => {
    held.push(() => void route.continue())
  })
  await page.goto(`${address}tutorial.html#/publish/through/solve`)
  await expect(page.getByText('Get the temperature to the dashboard.')).toBeVisible()
  await expect(packets(page)).toHaveCount(6)
  for (const form of await page.locator('.offer').getByRole('button').all()) await expect(form).toBeDisabled()
  await expect.poll(() => held.length).toBeGreaterThan(0)
  for (const go of held) go()
  await expect(offer(page, 'publish').getByRole('button')).toBeEnabled()
})

test('a module that does not come is told, and the texts stay', async ({ page, address }) => {
  await page.route('**/*.wasm', route => route.abort())
  await page.goto(`${address}tutorial.html#/publish/through/solve`)
  await expect(page.locator('.outcome .status')).toContainText('The world could not be started')
})
