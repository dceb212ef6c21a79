// React, Vue and Svelte: one subscription for each mounted component, none more for messages,
// renders or hot reloads.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  copyExample,
  installForExamples,
  missing,
  programOf,
  startBroker,
  startBrowser,
  startIn,
} from '../lib/examples.mjs'
import { load } from '../lib/packed.mjs'

const project = missing || installForExamples()
const entry = missing || (await load(project, 'wasmqtt/broker'))
const browser = missing || (await startBrowser())
const vite = missing || [process.execPath, programOf('vite', 'vite'), '--host', '127.0.0.1']
const listening = /(http:\/\/127\.0\.0\.1:\d+\/)/

/** `edited` is the file that a hot reload replaces; StrictMode mounts twice. */
const rows = [
  { name: 'react', edited: 'app.jsx', mounts: 2 },
  { name: 'vue', edited: 'messages.vue', mounts: 1 },
  { name: 'svelte', edited: 'messages.svelte', mounts: 1 },
]

/** Resolves once `read()` of the broker, asked after each event of it, is the value. */
function becomes(broker, read, value) {
  return new Promise(resolve => {
    const look = () => {
      if (read() !== value) return
      broker.removeEventListener('event', look)
      resolve()
    }
    broker.addEventListener('event', look)
    look()
  })
}

for (const { name, edited, mounts } of rows) {
  test(name, { skip: missing, timeout: 120_000 }, async t => {
    const { broker, url } = await startBroker(entry)
    const filters = () =>
      broker
        .sessions()
        .flatMap(({ subscriptions }) => subscriptions.map(({ filter }) => filter))
        .join()
    const subscribes = () => broker.counters().received.packets.SUBSCRIBE
    const folder = copyExample(project, name)
    const address = await startIn(t, folder, [...vite], listening)
    const page = await browser.newPage()
    t.after(() => page.close())
    const errors = []
    page.on('pageerror', error => errors.push(String(error)))
    await page.goto(`${address}?broker=${encodeURIComponent(url)}`)
    const shows = text => page.locator('output', { hasText: new RegExp(`^${text}$`) }).waitFor({ state: 'attached' })
    await page.locator('p', { hasText: /^connected$/ }).waitFor()
    await becomes(broker, filters, 'example/#')
    // A subscription that is aborted unsent sends nothing.
    assert.ok(subscribes() >= 1 && subscribes() <= mounts, `${subscribes()} SUBSCRIBEs`)

    const mounted = subscribes()
    for (const text of ['1', '2', '3']) await broker.publish('example/a', text, { qos: 1 })
    await shows('1,2,3')
    assert.equal(subscribes(), mounted, 'none for a message')

    await page.evaluate(() => {
      globalThis.isSame = true
    })
    const file = join(folder, edited)
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('.join()', ".join('+')").replace("'example/#'", "'example/+'"),
    )
    await becomes(broker, filters, 'example/+')
    const reloaded = subscribes()
    await broker.publish('example/a', '4', { qos: 1 })
    // Some keep the state of the component, and some do not.
    await page.locator('output', { hasText: /^(1\+2\+3\+)?4$/ }).waitFor({ state: 'attached' })
    assert.equal(await page.evaluate(() => globalThis.isSame), true, 'the page was not loaded anew')
    assert.equal(subscribes(), reloaded)
    assert.equal(broker.counters().connects.accepted, 1)

    await page.click('button')
    await becomes(broker, filters, '')
    await page.click('button')
    await becomes(broker, filters, 'example/+')
    await broker.publish('example/a', '5', { qos: 1 })
    await shows('5')
    assert.deepEqual(errors, [])
  })
}
