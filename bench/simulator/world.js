// A world in a page, as `bench/simulator/main.rs` has it natively, and the dissection of a packet.
import { dissect, load, World } from 'wasmqtt/simulator'

/** Dissections of a round. */
const DISSECTIONS = 20

/** Returns a world of three clients, in which the messages were sent. */
function run(messages) {
  const world = new World({ latency: 1, clients: { dash: {}, panel: {}, sensor: {} } })
  world.run(10)
  for (const client of ['dash', 'panel']) world.act({ type: 'subscribe', client, filter: 'home/#', qos: 1 })
  world.run(10)
  const publish = { type: 'publish', client: 'sensor', topic: 'home/kitchen', payload: new Uint8Array(64), qos: 1 }
  for (let count = 0; count < messages; count += 1) {
    world.act(publish)
    world.run(10)
  }
  return world
}

/** Returns the events that happen in a second. */
export async function events(messages) {
  await load()
  run(messages).free()
  const start = performance.now()
  const world = run(messages)
  const seconds = (performance.now() - start) / 1_000
  const { moments } = world.position
  world.free()
  return moments / seconds
}

/** Makes a world with a long trace, and returns the number of its packets. */
export async function trace(messages) {
  await load()
  globalThis.world = run(messages)
  return messages * 6
}

/**
 * Returns the microseconds of the dissection of a PUBLISH of 1,024 bytes: the median of the rounds.
 */
export async function dissection(rounds) {
  await load()
  const topic = 'home/kitchen'
  const packet = new Uint8Array(1_024)
  // PUBLISH, its remaining length of 1,021, and the length of its topic.
  packet.set([0x30, 0xfd, 0x07, 0, topic.length, ...new TextEncoder().encode(topic)])
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    for (let count = 0; count < DISSECTIONS; count += 1) dissect(packet, 5)
    return ((performance.now() - start) / DISSECTIONS) * 1_000
  })
  return times.toSorted((left, right) => left - right)[rounds >> 1]
}
