// Times the retained messages that a client of `#` is sent where many are retained.
import { IN_FLIGHT, median, PAYLOAD_BYTES, RETAINED, retainedTopic } from '../cases.js'
import { encodePublish } from '../publishes.js'
import { dial } from './dial.js'

/**
 * Milliseconds from SUBSCRIBE to the last retained message: the median of the clients that come
 * after the first ones.
 */
export async function retained(port, messages) {
  await retain(port, messages)
  const times = []
  for (let number = 0; number < RETAINED.clients; number++) {
    const client = await dial(port, `subscriber-${number}`)
    let count = 0
    const all = new Promise(resolve => {
      client.onPublish = () => {
        count += 1
        if (count === messages) resolve()
      }
    })
    const begin = performance.now()
    await client.subscribe('#', 0)
    await all
    times.push(performance.now() - begin)
    client.end()
  }
  return median(times.slice(RETAINED.toWarmUp))
}

/** At QoS 1, so that it is known when all are there. */
async function retain(port, messages) {
  const client = await dial(port, 'publisher')
  const payload = Buffer.alloc(PAYLOAD_BYTES)
  let sent = 0
  let acknowledged = 0
  client.onAcknowledged = () => {
    acknowledged += 1
  }
  await new Promise(resolve => {
    client.onChunk = () => {
      const packets = []
      for (; sent < messages && sent - acknowledged < IN_FLIGHT; sent++) {
        packets.push(encodePublish(retainedTopic(sent), payload, { qos: 1, id: (sent % 65_535) + 1, retain: true }))
      }
      if (packets.length > 0) client.send(Buffer.concat(packets))
      if (acknowledged === messages) resolve()
    }
    client.onChunk()
  })
  client.end()
}
