// Times the retained messages that a client of `#` is sent where many are retained, within one
// process or page.
import { median, PAYLOAD_BYTES, RETAINED, retainedTopic } from './cases.js'

/**
 * Milliseconds from the call of subscribe to the last retained message, as `load/retained.js` has
 * it for a port.
 */
export async function retained(start, messages) {
  const { retain, connect } = await start()
  const payload = new Uint8Array(PAYLOAD_BYTES)
  for (let index = 0; index < messages; index++) await retain(retainedTopic(index), payload)
  const times = []
  for (let number = 0; number < RETAINED.clients; number++) {
    let count = 0
    let last
    const all = new Promise(resolve => {
      last = resolve
    })
    const client = await connect(`subscriber-${number}`, () => {
      count += 1
      if (count === messages) last()
    })
    const begin = performance.now()
    await client.subscribe('#', 0)
    await all
    times.push(performance.now() - begin)
    client.end()
  }
  return median(times.slice(RETAINED.toWarmUp))
}
