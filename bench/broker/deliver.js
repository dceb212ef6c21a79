// Times deliveries within one process or page: a publisher, its subscribers and the broker share
// the thread.
import { topics } from '../lib/frames.js'
import { cases, FILTER, median, PAYLOAD_BYTES, ROUNDS, ROUNDS_TO_WARM_UP } from './cases.js'

/** How many calls of publish one turn of the event loop has at most. */
const TURN = 64

/**
 * Deliveries a second: the median of the rounds.
 *
 * @param start starts a broker, and gives `connect(onMessage)`, which gives a client that has
 *   `publish` and `subscribe`
 * @param milliseconds how long each round publishes
 */
export async function deliver(start, name, milliseconds) {
  const { qos, publishers, subscribers, inFlight, window } = cases[name]
  const { connect } = await start()
  const inbox = new Inbox()
  for (let number = 0; number < subscribers; number++) {
    const client = await connect(`subscriber-${number}`, (topic, payload) => inbox.take(topic, payload))
    await client.subscribe(FILTER, qos)
  }
  const clients = []
  for (let number = 0; number < publishers; number++) clients.push(await connect(`publisher-${number}`, () => {}))
  const publish = (index, lane) =>
    clients[lane % publishers].publish(topics[index % topics.length], payloads[index % topics.length], qos)
  const send = qos === 0 ? sendInTurns(window) : sendInLanes(inFlight * publishers)
  const rates = []
  for (let round = 0; round < ROUNDS_TO_WARM_UP + ROUNDS; round++) {
    inbox.count = 0
    const begin = performance.now()
    const sent = await send(publish, begin + milliseconds, messages => inbox.count >= messages * subscribers)
    const seconds = (performance.now() - begin) / 1000
    await nextTurn()
    if (inbox.count !== sent * subscribers) throw new Error(`${inbox.count} deliveries of ${sent} × ${subscribers}`)
    if (round >= ROUNDS_TO_WARM_UP) rates.push(inbox.count / seconds)
  }
  return median(rates)
}

const payloads = topics.map((_, index) => new Uint8Array(PAYLOAD_BYTES).fill(index))

/** Application of a subscriber: looks at the topic, at the length and at the first byte. */
class Inbox {
  count = 0

  take(topic, payload) {
    if (payload.length !== PAYLOAD_BYTES || topics[payload[0]] !== topic) {
      throw new Error(`a wrong message: ${topic}, ${payload.length} bytes, ${payload[0]}`)
    }
    this.count += 1
  }
}

/**
 * Publishes in turns of the event loop, as many messages as may be under way. Returns the number
 * sent. `have(n)` is true if n have come to everybody.
 */
const sendInTurns = window => async (publish, end, have) => {
  const turn = Math.min(TURN, window)
  let sent = 0
  while (performance.now() < end) {
    for (const last = sent + turn; sent < last; sent++) publish(sent, 0)
    do await nextTurn()
    while (!have(sent + turn - window))
  }
  while (!have(sent)) await nextTurn()
  return sent
}

/** Each lane sends its next message when its last is acknowledged. */
const sendInLanes = lanes => async (publish, end, have) => {
  let sent = 0
  const run = async lane => {
    while (performance.now() < end) await publish(sent++, lane)
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)))
  while (!have(sent)) await nextTurn()
  return sent
}

const channel = globalThis.setImmediate ? undefined : new MessageChannel()

/** A turn of the event loop, without the delay of a timer. */
function nextTurn() {
  return new Promise(resolve => {
    if (channel === undefined) {
      setImmediate(resolve)
      return
    }
    channel.port1.onmessage = resolve
    channel.port2.postMessage(0)
  })
}
