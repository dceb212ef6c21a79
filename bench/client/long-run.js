// Long runs in a page: many messages, many reconnects, and a steady rate.
import { publish, topics } from '../lib/frames.js'
import { StandIn } from './stand-in.js'

const PAYLOAD = 64
const TURN = 64

/** Connects a client, whose messages are counted. */
export async function open(connect) {
  const state = { count: 0, sockets: 0 }
  state.client = await connect('ws://stand-in.example/mqtt', StandIn, ({ topic, payload }) => {
    if (payload.length !== PAYLOAD || topics[payload[0]] !== topic) throw new Error(`a wrong message: ${topic}`)
    state.count += 1
  })
  state.frames = topics.map((_, index) => publish(index, PAYLOAD, 0, state.client.version).buffer)
  return state
}

/** Delivers so many messages, a frame each, and waits until the client has handed them over. */
export async function receive(state, messages) {
  const wanted = state.count + messages
  const { frames } = state
  for (let at = 0; at < messages; ) {
    const socket = StandIn.latest
    for (const end = Math.min(messages, at + TURN); at < end; at++) socket.deliver(frames[at % frames.length].slice(0))
    await nextTurn()
  }
  while (state.count < wanted) await nextTurn()
}

/** Loses the connection so many times, each once the client is back. */
export async function reconnect(state, times) {
  for (let time = 0; time < times; time++) {
    const back = state.client.reconnected()
    StandIn.latest.close()
    await back
  }
}

/** Delivers `rate` messages a second for so many seconds, as timers allow. */
export async function steady(state, rate, seconds) {
  const { frames } = state
  const begin = performance.now()
  let sent = 0
  await new Promise(resolve => {
    const timer = setInterval(() => {
      const due = Math.min(rate * seconds, Math.floor(((performance.now() - begin) * rate) / 1000))
      while (sent < due) StandIn.latest.deliver(frames[sent++ % frames.length].slice(0))
      if (sent < rate * seconds) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  while (state.count < sent) await nextTurn()
  return sent
}

const channel = new MessageChannel()

function nextTurn() {
  return new Promise(resolve => {
    channel.port1.onmessage = resolve
    channel.port2.postMessage(0)
  })
}
