// @vitest-environment jsdom
// The dashboard in a simulated world: its clock is the test's, and its network breaks on command.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { load } from 'wasmqtt'
import { load as loadSimulator, World } from 'wasmqtt/simulator'
import { showDashboard } from './dashboard.js'

let world
let element

beforeEach(async () => {
  // Loading takes real time, so it comes before the clock stands still.
  await Promise.all([load(), loadSimulator()])
  vi.useFakeTimers()
  const will = { topic: 'sensor/state', payload: 'gone', retain: true }
  world = new World({
    clients: { sensor: { keepAlive: 10, will } },
    tick: milliseconds => vi.advanceTimersByTimeAsync(milliseconds),
  })
  vi.stubGlobal('WebSocket', world.webSocket('dashboard'))
  element = document.createElement('div')
  const shown = showDashboard(element, 'ws://broker.example')
  await world.advance(1_000)
  await shown
})

afterEach(() => {
  // The guarantees of MQTT held, whatever the test did to the network.
  expect(world.monitors().filter(({ state }) => state === 'broken')).toEqual([])
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const measure = payload =>
  world.act({ type: 'publish', client: 'sensor', topic: 'home/hall/temperature', payload, qos: 1 })

const lines = () => Array.from(element.children, ({ textContent }) => textContent)

test('a temperature is shown after two trips over the network', async () => {
  measure('21')
  await world.advance(39)
  expect(lines()).toEqual(['connected', ''])
  await world.advance(1)
  expect(lines()).toEqual(['connected', '', 'hall: 21 °C'])
})

test('nothing is lost while the network is away', async () => {
  // Nothing arrives, and nobody is told: keep alive finds it.
  world.act({ type: 'black-hole', client: 'dashboard' })
  measure('22')
  await world.advance(5_000)
  expect(lines()).toEqual(['connected', ''])
  await world.advance(60_000)
  expect(lines()).toEqual(['connected', '', 'hall: 22 °C'])
  const opened = world
    .entries()
    .filter(({ type, event, place }) => type === 'link' && event === 'opening' && place === 'dashboard')
  expect(opened).toHaveLength(2)
})

test('a cut is shown at once, and the dashboard comes back', async () => {
  world.act({ type: 'cut', client: 'dashboard', clientLearns: 0, brokerLearns: 0 })
  await world.advance(1)
  expect(lines()[0]).not.toBe('connected')
  await world.advance(10_000)
  expect(lines()[0]).toBe('connected')
})

test('the last will of the sensor is shown', async () => {
  world.act({ type: 'kill', client: 'sensor' })
  await world.advance(1_000)
  expect(lines()).toEqual(['connected', 'sensor: gone'])
})
