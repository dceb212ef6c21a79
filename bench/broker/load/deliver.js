// Times deliveries by a broker on a port.
import { topics } from '../../lib/frames.js'
import { cases, FILTER, median, PAYLOAD_BYTES, ROUNDS, ROUNDS_TO_WARM_UP } from '../cases.js'
import { Publishes } from '../publishes.js'
import { dial } from './dial.js'

/**
 * Returns `rate`, `busy` and `trips`. `rate` is deliveries a second: the median of the rounds, each
 * of which publishes for some milliseconds. `busy` is the share of that time in which this process
 * had work. `trips` are percentiles of the round trip, if messages go one by one.
 */
export async function deliver(port, name, milliseconds) {
  const limits = cases[name]
  const inboxes = []
  for (let number = 0; number < limits.subscribers; number++) {
    const subscriber = await dial(port, `subscriber-${number}`)
    inboxes.push(new Inbox(subscriber, limits))
    await subscriber.subscribe(FILTER, limits.qos)
  }
  const publishers = []
  for (let number = 0; number < limits.publishers; number++) {
    publishers.push(new Publisher(await dial(port, `publisher-${number}`), limits))
  }
  const rates = []
  let begun
  for (let round = 0; round < ROUNDS_TO_WARM_UP + ROUNDS; round++) {
    if (round === ROUNDS_TO_WARM_UP) {
      begun = performance.eventLoopUtilization()
      for (const publisher of publishers) publisher.forget()
    }
    const begin = performance.now()
    const sent = await new Round(publishers, inboxes, limits, begin + milliseconds).done
    if (round >= ROUNDS_TO_WARM_UP) rates.push((sent * limits.subscribers * 1000) / (performance.now() - begin))
  }
  const trips = publishers.length === 1 ? publishers[0].trips : undefined
  return { rate: median(rates), busy: performance.eventLoopUtilization(begun).utilization, trips }
}

const topicBytes = topics[0].length

/**
 * Counts what comes to one subscriber: whole packets, each of the length of the one that was sent,
 * and in order.
 */
class Inbox {
  count = 0
  onChunk = () => {}

  constructor(client, { qos, publishers }) {
    const packetBytes = 2 + topicBytes + (qos > 0 ? 2 : 0) + PAYLOAD_BYTES
    const inOrder = publishers === 1
    let next = 0
    client.onPublish = (bytes, body, end) => {
      const index = bytes[end - 1]
      if (end - body !== packetBytes || (inOrder ? index !== next : index >= topics.length)) {
        throw new Error(`a wrong message: ${end - body} bytes, number ${index} where ${next} is due`)
      }
      next = next + 1 === topics.length ? 0 : next + 1
      this.count += 1
    }
    client.onChunk = () => this.onChunk()
  }
}

/** A client that publishes as much as it may. */
class Publisher {
  sent = 0
  acknowledged = 0
  onChunk = () => {}
  #client
  #publishes
  #limits
  /** Milliseconds of each round trip, if messages go one by one. */
  #trips = []
  #isOneByOne
  #sentAt

  constructor(client, limits) {
    this.#isOneByOne = (limits.qos === 0 ? limits.window : limits.inFlight) === 1
    this.#client = client
    this.#publishes = new Publishes(limits.qos)
    this.#limits = limits
    client.onAcknowledged = () => {
      this.acknowledged += 1
    }
    client.onChunk = () => this.onChunk()
  }

  get isAnswered() {
    return this.#limits.qos === 0 || this.acknowledged === this.sent
  }

  /** The median and the 99th percentile of the round trips, in microseconds. */
  get trips() {
    if (this.#trips.length === 0) return undefined
    const sorted = Float64Array.from(this.#trips).sort()
    const at = share => 1000 * sorted[Math.floor(share * sorted.length)]
    return { p50: at(0.5), p99: at(0.99) }
  }

  /** Forgets the round trips so far. */
  forget() {
    this.#trips = []
    this.#sentAt = undefined
  }

  /** Publishes at most `window` messages. Returns the number sent. */
  publish(window) {
    const { qos, inFlight, apart } = this.#limits
    const room = qos === 0 ? window : Math.min(window, inFlight - (this.sent - this.acknowledged))
    // A window that opens by a few messages is no reason to write; acknowledgements come in groups
    // by themselves.
    if (room < 1 || (qos === 0 && room < this.#limits.window / 8)) return 0
    // The next message goes when the last one has come, or is acknowledged.
    if (this.#isOneByOne) {
      const now = performance.now()
      if (this.#sentAt !== undefined) this.#trips.push(now - this.#sentAt)
      this.#sentAt = now
    }
    for (let left = room; left > 0; left -= apart ? 1 : room) this.#client.send(this.#publishes.take(apart ? 1 : room))
    this.sent += room
    return room
  }
}

/**
 * Publishes until the time is up; done when all has come, and gives how many messages were sent.
 */
class Round {
  #publishers
  #inboxes
  #window
  #end
  #sent = 0

  constructor(publishers, inboxes, { window }, end) {
    this.#publishers = publishers
    this.#inboxes = inboxes
    this.#window = window
    this.#end = end
    for (const counter of inboxes) counter.count = 0
    this.done = new Promise((resolve, reject) => {
      const go = those => {
        try {
          if (this.#goOn(those)) resolve(this.#sent)
        } catch (error) {
          reject(error)
        }
      }
      for (const inbox of inboxes) inbox.onChunk = () => go(publishers)
      for (const publisher of publishers) publisher.onChunk = () => go([publisher])
      go(publishers)
    })
  }

  /** True if all has come. */
  #goOn(publishers) {
    const delivered = this.#inboxes.reduce((least, { count }) => Math.min(least, count), this.#sent)
    if (performance.now() >= this.#end) {
      const haveAll = this.#inboxes.every(({ count }) => count === this.#sent)
      return haveAll && this.#publishers.every(publisher => publisher.isAnswered)
    }
    for (const publisher of publishers) {
      this.#sent += publisher.publish(this.#window - (this.#sent - delivered))
    }
    return false
  }
}
