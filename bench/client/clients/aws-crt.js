// aws-crt over the stand-in, which it finds as the global WebSocket when it is loaded. It has 5.0
// alone.
export async function connect(_url, Socket, onMessage) {
  globalThis.WebSocket = Socket
  const { mqtt5 } = await load()
  const client = new mqtt5.Mqtt5Client({
    hostName: 'stand-in.example',
    port: 80,
    connectProperties: { keepAliveIntervalSeconds: 60, clientId: 'bench' },
    websocketOptions: { urlFactoryOptions: { urlFactory: mqtt5.Mqtt5WebsocketUrlFactoryType.Ws } },
    minReconnectDelayMs: 1,
    maxReconnectDelayMs: 1,
    retryJitterMode: mqtt5.RetryJitterType.None,
  })
  // Without a listener it throws what it reports.
  client.on('error', () => {})
  client.on('messageReceived', ({ message }) =>
    onMessage({ topic: message.topicName, payload: new Uint8Array(message.payload) }),
  )
  const reconnected = () => new Promise(resolve => client.once('connectionSuccess', resolve))
  const first = reconnected()
  client.start()
  await first
  await client.subscribe({ subscriptions: [{ topicFilter: '#', qos: 1 }] })
  const publish = (topicName, payload, qos) => client.publish({ topicName, payload, qos })
  return {
    version: 5,
    reconnected,
    publish: (topic, payload) => publish(topic, payload, 0),
    publishAcknowledged: (topic, payload) => publish(topic, payload, 1),
  }
}

async function load() {
  // Its dependencies take Buffer and process from the global object.
  await import('aws-crt/dist.browser/browser/polyfills')
  const mqtt5 = await import('aws-crt/dist.browser/browser/mqtt5')
  return { mqtt5 }
}
