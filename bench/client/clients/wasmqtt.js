// wasmqtt over the stand-in.
import { connect as connectClient } from 'wasmqtt'

export async function connect(url, Socket, onMessage) {
  const client = await connectClient(url, {
    version: 4,
    createWebSocket: (address, protocols) => new Socket(address, protocols),
  })
  await client.subscribe('#', { qos: 1 }, onMessage)
  return {
    publish: (topic, payload) => {
      client.publish(topic, payload)
    },
    publishAcknowledged: (topic, payload) => client.publish(topic, payload, { qos: 1 }),
  }
}
