// aedes by itself.
import { Aedes } from 'aedes'

export async function startAedes() {
  const aedes = await Aedes.createBroker()
  const retain = (topic, payload) =>
    new Promise((resolve, reject) => {
      const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, retain: true }
      aedes.publish(packet, error => (error ? reject(error) : resolve()))
    })
  return { aedes, retain }
}
