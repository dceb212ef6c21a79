// wasmqtt's broker with clients of the package linked to it, in this page or process.
import { Broker, connect } from 'wasmqtt/broker'

export async function start() {
  const broker = new Broker()
  return {
    retain: (topic, payload) => broker.publish(topic, payload, { retain: true }),
    connect: async (clientId, onMessage) => {
      const client = await connect(broker, { clientId, version: 4 })
      return {
        // Settles at QoS 1 and 2 with the acknowledgement.
        publish: (topic, payload, qos) => client.publish(topic, payload, { qos }),
        subscribe: (filter, qos) =>
          client.subscribe(filter, { qos }, ({ topic, payload }) => onMessage(topic, payload)),
        end: () => client.end(),
      }
    },
  }
}
