// wasmqtt over the stand-in.
import { connect as connectClient } from 'wasmqtt'

export async function connect(url, Socket, onMessage) {
  const options = { version: 4, createWebSocket: (address, protocols) => new Socket(address, protocols) }
  const client = await connectClient(url, { ...options, reconnect: { min: 1, max: 1 } }).catch(error => {
    // One of `--beside` may be older, and has a single connection.
    if (error.option !== 'reconnect') throw error
    return connectClient(url, options)
  })
  await client.subscribe('#', { qos: 1 }, onMessage)
  return {
    reconnected: () =>
      new Promise(resolve => {
        let isLost = false
        const listener = ({ status }) => {
          isLost ||= status.phase !== 'connected'
          if (!isLost || status.phase !== 'connected') return
          client.removeEventListener('status', listener)
          resolve()
        }
        client.addEventListener('status', listener)
      }),
    publish: (topic, payload) => {
      client.publish(topic, payload)
    },
    publishAcknowledged: (topic, payload) => client.publish(topic, payload, { qos: 1 }),
  }
}
