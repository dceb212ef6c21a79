// One test file, run in Vitest's environments `node` and `jsdom`.
import { expect, test } from 'vitest'
import { connect as connectTo } from 'wasmqtt'
import { Broker, connect } from 'wasmqtt/broker'
import { WebSocket } from 'ws'

test('a broker in the test, and its client', async () => {
  const broker = new Broker()
  const mqtt = await connect(broker)
  const got = []
  await mqtt.subscribe('example/#', message => got.push(message.text()))
  await mqtt.publish('example/greeting', 'hello', { qos: 1 })
  expect(got).toEqual(['hello'])
  await mqtt.end()
  broker.close()
})

test('a broker behind a WebSocket', async () => {
  // Under Vitest, jsdom's own WebSocket throws when it opens.
  const createWebSocket = (url, protocols) => new WebSocket(url, protocols)
  const mqtt = await connectTo(process.env.BROKER, { createWebSocket })
  await mqtt.publish('example/greeting', 'hello', { qos: 1 })
  await mqtt.end()
})
