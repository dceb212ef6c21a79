// mqtt5-wasm over the stand-in, which it finds as the global WebSocket.
import init, { ConnectOptions, MqttClient, ReconnectOptions } from 'mqtt5-wasm'

export async function connect(url, Socket, onMessage) {
  globalThis.WebSocket = Socket
  await init()
  const client = new MqttClient('bench')
  const again = new ReconnectOptions()
  again.initialDelayMs = 1
  again.maxDelayMs = 1
  client.setReconnectOptions(again)
  const options = new ConnectOptions()
  options.protocolVersion = 4
  let wake = () => {}
  client.onConnect(() => wake())
  await client.connectWithOptions(url, options)
  await client.subscribeWithCallback('#', (topic, payload) => onMessage({ topic, payload }))
  return {
    reconnected: () =>
      new Promise(resolve => {
        wake = resolve
      }),
    publish: (topic, payload) => client.publish(topic, payload),
    publishAcknowledged: (topic, payload) => new Promise(resolve => client.publishQos1(topic, payload, resolve)),
  }
}
