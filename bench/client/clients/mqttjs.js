// MQTT.js over the stand-in.
import mqtt from 'mqtt'

export async function connect(url, Socket, onMessage) {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    reconnectPeriod: 1,
    createWebsocket: (address, protocols) => new Socket(address, protocols),
  })
  client.on('message', (topic, payload) => onMessage({ topic, payload }))
  await new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject))
  await client.subscribeAsync('#', { qos: 1 })
  return {
    reconnected: () => new Promise(resolve => client.once('connect', resolve)),
    publish: (topic, payload) => client.publish(topic, payload),
    publishAcknowledged: (topic, payload) => client.publishAsync(topic, payload, { qos: 1 }),
  }
}
