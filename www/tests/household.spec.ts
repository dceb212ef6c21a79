// The right panel: the packets that pass inside the page, the will, and what is shown of a packet.
import { expect, test } from './fixtures.ts'
import { arrows, atDashboard, dashboard, ladder, packets, publish, sensor, subscribe } from './parts.ts'

const up = ' sensor-broker'
const down = ' broker-sensor'
const out = ' broker-dashboard'
const back = ' dashboard-broker'

/** The packets of each hop in their order, for each QoS. */
const flows = {
  0: { first: [`PUBLISH${up}`], second: [`PUBLISH${out}`] },
  1: { first: [`PUBLISH${up}`, `PUBACK${down}`], second: [`PUBLISH${out}`, `PUBACK${back}`] },
  2: {
    first: [`PUBLISH${up}`, `PUBREC${down}`, `PUBREL${up}`, `PUBCOMP${down}`],
    second: [`PUBLISH${out}`, `PUBREC${back}`, `PUBREL${out}`, `PUBCOMP${back}`],
  },
}

for (const qos of [0, 1, 2] as const) {
  test(`the ladder of QoS ${qos} has exactly its packets`, async ({ app }) => {
    await publish(sensor(app), { topic: 'home/kitchen/temperature', payload: '21.5', qos })
    const { first, second } = flows[qos]
    await expect(arrows(app)).toHaveCount(first.length + second.length)
    const drawn = await ladder(app)
    expect(drawn.filter(arrow => arrow.includes('sensor'))).toEqual(first)
    expect(drawn.filter(arrow => arrow.includes('dashboard'))).toEqual(second)
    expect(drawn.indexOf(`PUBLISH${up}`)).toBeLessThan(drawn.indexOf(`PUBLISH${out}`))
    await expect(packets(app)).toContainText(`${drawn.length} packets`)
    await expect(atDashboard(app).getByRole('listitem')).toContainText(['21.5'])
    await expect(atDashboard(app).getByRole('listitem')).toContainText([`QoS ${qos}`])
    for (const arrow of await arrows(app).all()) {
      const name = (await arrow.getAttribute('aria-label')) ?? ''
      if (name.startsWith('PUBLISH')) expect(name).toContain(`QoS ${qos}`)
      if (qos > 0) expect(name).toMatch(/packet identifier [1-9]/)
      expect(name).not.toContain('duplicate')
    }
  })
}

test('the dashboard gets at most the QoS it subscribed with', async ({ app }) => {
  await subscribe(dashboard(app), 'home/+/temperature', 1)
  await expect(dashboard(app)).toContainText('Listens to home/+/temperature, QoS 1 at most.')
  await publish(sensor(app), { topic: 'home/kitchen/temperature', payload: '20', qos: 2 })
  await expect(arrows(app)).toHaveCount(6)
  const drawn = await ladder(app)
  expect(drawn.filter(arrow => arrow.includes('sensor'))).toEqual(flows[2].first)
  expect(drawn.filter(arrow => arrow.includes('dashboard'))).toEqual(flows[1].second)
})

test('a topic that the filter does not match stops at the broker', async ({ app }) => {
  await publish(sensor(app), { topic: 'garden/pond', payload: '1', qos: 1 })
  await expect(arrows(app)).toHaveCount(2)
  expect(await ladder(app)).toEqual(flows[1].first)
  await expect(atDashboard(app)).toContainText('Publish something from the sensor.')
})

test('the first run shows how the clients connect', async ({ app }) => {
  const drawn = await ladder(app)
  expect(drawn.filter(arrow => arrow.includes('sensor'))).toEqual([`CONNECT${up}`, `CONNACK${down}`])
  expect(drawn.filter(arrow => arrow.includes('dashboard'))).toEqual([
    `CONNECT${back}`,
    `CONNACK${out}`,
    `SUBSCRIBE${back}`,
    `SUBACK${out}`,
  ])
})

test('an earlier run can be looked at again', async ({ app }) => {
  await publish(sensor(app), { topic: 'home/a', payload: '1', qos: 2 })
  await expect(arrows(app)).toHaveCount(8)
  await publish(sensor(app), { topic: 'home/a', payload: '2', qos: 0 })
  await expect(arrows(app)).toHaveCount(2)
  await packets(app).getByLabel('What was done').selectOption({ label: '2. Publish with QoS 2' })
  await expect(arrows(app)).toHaveCount(8)
})

test('a killed sensor: its will arrives, and it can be brought back', async ({ app }) => {
  await sensor(app).getByRole('button', { name: 'Kill the sensor' }).click()
  await expect(sensor(app)).toContainText('gone')
  const will = atDashboard(app).getByRole('listitem')
  await expect(will).toContainText('home/sensor/status')
  await expect(will).toContainText('the sensor is gone')
  await expect(will).toContainText('Last will')
  await expect(arrows(app)).toHaveCount(2)
  expect(await ladder(app)).toEqual([`PUBLISH${out}`, `PUBACK${back}`])
  await expect(packets(app).getByText('killed, no DISCONNECT')).toBeVisible()
  await expect(sensor(app).getByRole('button', { name: 'Publish' })).toBeDisabled()

  await sensor(app).getByRole('button', { name: 'Bring the sensor back' }).click()
  await expect(sensor(app)).toContainText('connected')
  await expect(arrows(app)).toHaveCount(2)
  expect(await ladder(app)).toEqual([`CONNECT${up}`, `CONNACK${down}`])
  await publish(sensor(app), { topic: 'home/back', payload: 'again', qos: 1 })
  await expect(atDashboard(app).getByRole('listitem').first()).toContainText('again')
})

test('a will that the dashboard does not listen for is said to be missed', async ({ app }) => {
  await subscribe(dashboard(app), 'home/+/temperature', 1)
  await expect(dashboard(app)).toContainText('Listens to home/+/temperature')
  await sensor(app).getByRole('button', { name: 'Kill the sensor' }).click()
  await expect(sensor(app).getByRole('status')).toContainText('does not match home/sensor/status')
  await expect(atDashboard(app).getByRole('listitem')).toHaveCount(0)
})

test('a wrong filter is named and the old one stays', async ({ app }) => {
  await subscribe(dashboard(app), 'home/#/x', 1)
  await expect(dashboard(app).getByRole('status')).toContainText('home/#/x')
  await expect(dashboard(app)).toContainText('Listens to home/#, QoS 2 at most.')
})

test('a packet is selected with the mouse', async ({ app }) => {
  await publish(sensor(app), { topic: 'home/t', payload: 'hi', qos: 1 })
  await arrows(app).filter({ hasText: 'PUBLISH' }).first().click()
  const bytes = packets(app).getByRole('region', { name: 'Bytes of the packet' })
  // Fixed header 0x32: PUBLISH at QoS 1; then the topic's length, the topic and the packet
  // identifier.
  await expect(bytes).toContainText('0000  32')
  await expect(bytes).toContainText('00 06 68 6f 6d 65')
  await expect(packets(app)).toContainText('sensor → broker')
  await expect(packets(app)).toContainText('home/t')
})

test('a packet is selected with the keyboard alone', async ({ app }) => {
  await publish(sensor(app), { topic: 'home/t', payload: 'hi', qos: 2 })
  await expect(arrows(app)).toHaveCount(8)
  await packets(app).getByLabel('What was done').focus()
  await app.keyboard.press('Tab')
  await expect(arrows(app).first()).toBeFocused()
  const bytes = packets(app).getByRole('region', { name: 'Bytes of the packet' })
  await expect(bytes).toContainText('0000  34')
  await app.keyboard.press('End')
  await expect(arrows(app).last()).toBeFocused()
  await expect(arrows(app).last()).toHaveAttribute('aria-selected', 'true')
  await expect(bytes).toContainText('0000  70')
  await app.keyboard.press('ArrowUp')
  await expect(arrows(app).nth(6)).toBeFocused()
  await app.keyboard.press('Home')
  await expect(bytes).toContainText('0000  34')
  await app.keyboard.press('Tab')
  await expect(bytes).toBeFocused()
})

test('the arrows make their entrance and come to rest', async ({ app }) => {
  await app.emulateMedia({ reducedMotion: 'no-preference' })
  await publish(sensor(app), { topic: 'home/t', payload: 'hi', qos: 2 })
  const running = () => app.locator('mqtt-ladder').evaluate(ladder => ladder.shadowRoot?.getAnimations().length)
  await expect.poll(running).toBeGreaterThan(0)
  await expect.poll(running).toBe(0)
  await expect(arrows(app)).toHaveCount(8)
})
