// The left panel against a real Mosquitto, and what it says when there is none.
import { expect, test } from './fixtures.ts'
import { connect, connected, connection, part, publish, received, subscribe } from './parts.ts'
import { freePort } from './ports.ts'

for (const version of ['5.0', '3.1.1'] as const) {
  test(`mosquitto_sub prints the page's messages at QoS 0, 1 and 2 (MQTT ${version})`, async ({ app, mosquitto }) => {
    const printed = await mosquitto.subscribe('page/#')
    await connected(app, mosquitto.url, version)
    for (const qos of [0, 1, 2] as const) {
      await publish(part(app, 'Publish'), { topic: `page/${qos}`, payload: `größe ${qos}`, qos })
      await expect(part(app, 'Publish').getByRole('status')).toContainText(
        ['Sent.', 'Acknowledged (PUBACK).', 'Delivered once (PUBCOMP).'][qos] ?? '',
      )
      await printed.first(line => line === `MESSAGE ${qos} 0 page/${qos} größe ${qos}`)
    }
    expect(printed.all.filter(line => line.includes(' page/'))).toHaveLength(3)
  })

  test(`the page shows mosquitto_pub's messages (MQTT ${version})`, async ({ app, mosquitto }) => {
    await connected(app, mosquitto.url, version)
    await subscribe(part(app, 'Subscribe'), 'out/#', 2)
    await expect(part(app, 'Subscribe').getByRole('status')).toContainText('Subscribed to out/#.')
    for (const qos of [0, 1, 2]) {
      await mosquitto.publish(`out/${qos}`, `from outside ${qos}`, '-q', String(qos))
      const row = received(app)
        .getByRole('listitem')
        .filter({ hasText: `out/${qos}` })
      await expect(row).toContainText(`from outside ${qos}`)
      await expect(row).toContainText(`QoS ${qos}`)
    }
    await expect(received(app).getByRole('listitem')).toHaveCount(3)
  })
}

test('a retained message is marked, and one that is no text is shown as hex', async ({ app, mosquitto }) => {
  await mosquitto.publish('kept/bytes', Uint8Array.of(0, 0xff, 0x80), '-r')
  await connected(app, mosquitto.url)
  await subscribe(part(app, 'Subscribe'), 'kept/#', 0)
  const row = received(app).getByRole('listitem')
  await expect(row).toContainText('00 ff 80')
  await expect(row).toContainText('hex')
  await expect(row).toContainText('retained')
})

test('the page retains what it is asked to retain', async ({ app, mosquitto }) => {
  await connected(app, mosquitto.url)
  await publish(part(app, 'Publish'), { topic: 'kept/by-page', payload: 'still here', qos: 1, retain: true })
  await expect(part(app, 'Publish').getByRole('status')).toContainText('Acknowledged')
  const printed = await mosquitto.subscribe('kept/#')
  await printed.first(line => line === 'MESSAGE 1 1 kept/by-page still here')
})

test('after unsubscribing nothing more arrives', async ({ app, mosquitto }) => {
  await connected(app, mosquitto.url)
  const form = part(app, 'Subscribe')
  for (const filter of ['one/#', 'two/#']) {
    await subscribe(form, filter, 1)
    await expect(form.getByRole('list', { name: 'Subscriptions' })).toContainText(filter)
  }
  await form.getByRole('button', { name: 'Unsubscribe from one/#' }).click()
  await expect(form.getByRole('status')).toContainText('Unsubscribed from one/#.')
  await mosquitto.publish('one/a', 'not for us')
  await mosquitto.publish('two/a', 'for us')
  await expect(received(app).getByRole('listitem')).toHaveText([/for us/])
  await expect(received(app)).not.toContainText('not for us')
})

test('a message for which two filters are subscribed is shown once', async ({ app, mosquitto }) => {
  await connected(app, mosquitto.url, '3.1.1')
  const form = part(app, 'Subscribe')
  for (const filter of ['both/#', 'both/+']) {
    await subscribe(form, filter, 0)
    await expect(form.getByRole('list', { name: 'Subscriptions' })).toContainText(filter)
  }
  await mosquitto.publish('both/a', 'once')
  await mosquitto.publish('both/a', 'last')
  await expect(received(app).getByRole('listitem').first()).toContainText('last')
  await expect(received(app).getByText('once')).toHaveCount(1)
})

test('when the broker is stopped, the page says so, and connects again when asked', async ({
  app,
  mosquitto,
  startMosquitto,
  expected,
}) => {
  expected.push(/WebSocket connection to/)
  await connected(app, mosquitto.url)
  await subscribe(part(app, 'Subscribe'), 'a/#', 0)
  await expect(part(app, 'Subscribe').getByRole('list', { name: 'Subscriptions' })).toContainText('a/#')
  await mosquitto.stop()
  const status = connection(app).getByRole('status')
  await expect(status).toContainText('Not connected.')
  await expect(status).toContainText('The connection ended: the connection was lost')
  await expect(part(app, 'Subscribe')).toContainText('No subscriptions.')
  await expect(part(app, 'Publish').getByRole('button', { name: 'Publish' })).toBeDisabled()
  const again = await startMosquitto()
  await connected(app, again.url)
})

test('Disconnect ends the connection and says so', async ({ app, mosquitto }) => {
  await connected(app, mosquitto.url)
  await connection(app).getByRole('button', { name: 'Disconnect' }).click()
  await expect(connection(app).getByRole('status')).toContainText('Not connected: disconnected.')
})

test('a URL that is no WebSocket URL is named, and nothing is sent', async ({ app }) => {
  let sockets = 0
  app.on('websocket', () => {
    sockets += 1
  })
  for (const url of ['http://localhost:9001', 'not a url', '']) {
    await connect(app, url)
    const status = connection(app).getByRole('status')
    await expect(status).toContainText('Could not connect:')
    await expect(status).toContainText(/wss?:/)
    if (url !== '') await expect(status).toContainText(url)
  }
  expect(sockets).toBe(0)
})

test('where nobody listens, the page says that it could not connect', async ({ app, expected }) => {
  expected.push(/WebSocket connection to/)
  await connect(app, `ws://127.0.0.1:${await freePort()}`)
  await expect(connection(app).getByRole('status')).toContainText('Could not connect:')
})

for (const version of ['5.0', '3.1.1'] as const) {
  test(`a refusal is shown in words with its reason code (MQTT ${version})`, async ({ app, startMosquitto }) => {
    const strict = await startMosquitto({ user: { name: 'someone', password: 'else' } })
    await connect(app, strict.url, version)
    const status = connection(app).getByRole('status')
    await expect(status).toContainText('Could not connect:')
    await expect(status).toContainText(/not authori[sz]ed/i)
    await expect(status).toContainText('0x87')
  })
}

test('a user name and a password open what is closed without', async ({ app, startMosquitto }) => {
  const user = { name: 'page', password: 'open sesame' }
  const strict = await startMosquitto({ user })
  const form = connection(app)
  await form.getByText('User name and password').click()
  await form.getByLabel('User name', { exact: true }).fill(user.name)
  await form.getByLabel('Password', { exact: true }).fill('wrong')
  await connect(app, strict.url)
  await expect(form.getByRole('status')).toContainText('Could not connect:')
  await form.getByLabel('Password', { exact: true }).fill(user.password)
  await connected(app, strict.url)
})

test('a wrong filter and a wrong topic are named', async ({ app, mosquitto }) => {
  await connected(app, mosquitto.url)
  await subscribe(part(app, 'Subscribe'), 'a/#/b', 0)
  await expect(part(app, 'Subscribe').getByRole('status')).toContainText('Not subscribed:')
  await expect(part(app, 'Subscribe').getByRole('status')).toContainText('a/#/b')
  await publish(part(app, 'Publish'), { topic: 'a/+', payload: '', qos: 0 })
  await expect(part(app, 'Publish').getByRole('status')).toContainText('Not published:')
  await expect(part(app, 'Publish').getByRole('status')).toContainText('a/+')
})

test('the message list is bounded', async ({ app, mosquitto }) => {
  await connected(app, mosquitto.url)
  await subscribe(part(app, 'Subscribe'), 'many', 0)
  await expect(part(app, 'Subscribe').getByRole('list', { name: 'Subscriptions' })).toContainText('many')
  const count = 230
  await mosquitto.publishLines(
    'many',
    Array.from({ length: count }, (_, index) => `number ${index + 1}`),
  )
  await expect(part(app, 'Received messages')).toContainText(`the last 200 of ${count}`)
  await expect(received(app).getByRole('listitem')).toHaveCount(200)
  await expect(received(app).getByRole('listitem').first()).toContainText(`number ${count}`)
})
