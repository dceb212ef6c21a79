// aedes with MQTT.js as its clients in this process, joined by streams in memory.
import { duplexPair } from 'node:stream'
import { MqttClient } from 'mqtt'
import { startAedes } from './aedes.js'

export async function start() {
  const { aedes, retain } = await startAedes()
  return {
    retain,
    connect: async (clientId, onMessage) => {
      const build = () => {
        const [ours, theirs] = duplexPair()
        aedes.handle(theirs)
        return ours
      }
      const client = new MqttClient(build, { clientId, protocolVersion: 4, reconnectPeriod: 0 })
      client.on('message', onMessage)
      await new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject))
      return {
        publish: (topic, payload, qos) =>
          qos === 0 ? void client.publish(topic, payload) : client.publishAsync(topic, payload, { qos }),
        subscribe: (filter, qos) => client.subscribeAsync(filter, { qos }),
        end: () => client.endAsync(),
      }
    },
  }
}
