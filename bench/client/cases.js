// The cases: what is timed, in a page, for one client.
import { frames, topics } from '../lib/frames.js'
import { StandIn } from './stand-in.js'

/** How many messages a round has. */
const cases = {
  'receive 64 B': { messages: 20_000, receive: { packetsPerFrame: 1, payloadBytes: 64, qos: 0 } },
  'receive 64 B, fifty a frame': { messages: 50_000, receive: { packetsPerFrame: 50, payloadBytes: 64, qos: 0 } },
  'receive 16 KiB': { messages: 4_000, receive: { packetsPerFrame: 1, payloadBytes: 16_384, qos: 0 } },
  'receive QoS 1': { messages: 20_000, receive: { packetsPerFrame: 1, payloadBytes: 64, qos: 1 } },
  'send QoS 0': { messages: 20_000, send: { qos: 0 } },
  'send QoS 1, 64 in flight': { messages: 10_000, send: { qos: 1 } },
}

/** How many frames, or calls of publish, one turn of the event loop has. */
const TURN = 64
const ROUNDS_TO_WARM_UP = 3
const ROUNDS = 5

/** Messages a second: the median of the rounds. */
export async function measure(connect, name, scale) {
  const { messages: full, receive, send } = cases[name]
  const messages = Math.max(TURN * 50, Math.round((full * scale) / 50) * 50)
  const rates = []
  const inbox = new Inbox()
  const client = await connect('ws://stand-in.example/mqtt', StandIn, message => inbox.take(message))
  const socket = StandIn.latest
  for (let round = 0; round < ROUNDS_TO_WARM_UP + ROUNDS; round++) {
    const seconds = receive
      ? await timeReceiving(socket, inbox, { messages, version: client.version, ...receive })
      : await timeSending(client, socket, { messages, ...send })
    if (round >= ROUNDS_TO_WARM_UP) rates.push(messages / seconds)
  }
  return median(rates)
}

/** Application of a subscriber: looks at the topic, at the length and at the first byte. */
class Inbox {
  count = 0
  #expected = 0
  #bytes = 0
  #done = undefined

  take({ topic, payload }) {
    if (payload.length !== this.#bytes || topics[payload[0]] !== topic) {
      throw new Error(`a wrong message: ${topic}, ${payload.length} bytes, ${payload[0]}`)
    }
    this.count += 1
    if (this.count === this.#expected) this.#done?.()
  }

  expect(messages, bytes) {
    this.count = 0
    this.#expected = messages
    this.#bytes = bytes
    return new Promise(resolve => {
      this.#done = resolve
    })
  }
}

async function timeReceiving(socket, inbox, { messages, packetsPerFrame, payloadBytes, qos, version }) {
  const all = frames({ messages, packetsPerFrame, payloadBytes, qos, version })
  const acknowledged = socket.acknowledged
  const done = inbox.expect(messages, payloadBytes)
  await nextTurn()
  const start = performance.now()
  for (let at = 0; at < all.length; at += TURN) {
    for (const frame of all.slice(at, at + TURN)) socket.deliver(frame)
    await nextTurn()
  }
  await done
  const seconds = (performance.now() - start) / 1000
  await nextTurn()
  if (qos > 0 && socket.acknowledged - acknowledged !== messages) throw new Error('a PUBACK is missing')
  return seconds
}

async function timeSending(client, socket, { messages, qos }) {
  const payload = new Uint8Array(64).fill(7)
  const published = socket.published
  await nextTurn()
  const start = performance.now()
  if (qos === 0) {
    for (let at = 0; at < messages; at++) {
      client.publish(topics[at % topics.length], payload)
      if (at % TURN === TURN - 1) await nextTurn()
    }
    while (socket.published - published < messages) await nextTurn()
  } else {
    let next = 0
    const lane = async () => {
      while (next < messages) await client.publishAcknowledged(topics[next++ % topics.length], payload)
    }
    await Promise.all(Array.from({ length: 64 }, lane))
  }
  const seconds = (performance.now() - start) / 1000
  if (socket.published - published !== messages) throw new Error('a PUBLISH is missing, or one too many came')
  return seconds
}

const channel = new MessageChannel()

/** A turn of the event loop, without the delay of a timer. */
function nextTurn() {
  return new Promise(resolve => {
    channel.port1.onmessage = resolve
    channel.port2.postMessage(0)
  })
}

function median(values) {
  return values.toSorted((left, right) => left - right)[values.length >> 1]
}
