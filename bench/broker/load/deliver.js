// Times deliveries by a broker on a port.
import { topics } from '../../lib/frames.js'
import { cases, FILTER, median, PAYLOAD_BYTES, ROUNDS, ROUNDS_TO_WARM_UP, WINDOW } from '../cases.js'
import { Publishes } from '../publishes.js'
import { dial } from './dial.js'

/** Deliveries a second: the median of the rounds, each of which publishes for some milliseconds. */
export async function deliver(port, name, milliseconds) {
  const { qos, subscribers, inFlight = Number.POSITIVE_INFINITY } = cases[name]
  const inbox = new Inbox()
  for (let number = 0; number < subscribers; number++) {
    const subscriber = await dial(port, `subscriber-${number}`)
    subscriber.onPublish = (bytes, body, end) => inbox.take(bytes, body, end)
    subscriber.onChunk = () => inbox.onChunk()
    await subscriber.subscribe(FILTER, qos)
  }
  const publisher = await dial(port, 'publisher')
  const publishes = new Publishes(qos)
  const rates = []
  for (let round = 0; round < ROUNDS_TO_WARM_UP + ROUNDS; round++) {
    inbox.count = 0
    const begin = performance.now()
    await new Round(publisher, publishes, inbox, { subscribers, inFlight, end: begin + milliseconds }).done
    if (round >= ROUNDS_TO_WARM_UP) rates.push((inbox.count * 1000) / (performance.now() - begin))
  }
  return median(rates)
}

const topicBytes = topics[0].length

/** Counts what comes; every packet has the length of the one that was sent. */
class Inbox {
  count = 0
  onChunk = () => {}

  take(bytes, body, end) {
    const index = bytes[end - 1]
    const id = end - body - 2 - topicBytes - PAYLOAD_BYTES
    if ((id !== 0 && id !== 2) || index >= topics.length) throw new Error('a wrong message')
    this.count += 1
  }
}

/** Publishes as much as may be under way, until the time is up; done when all has come. */
class Round {
  #publisher
  #publishes
  #inbox
  #limits
  #sent = 0
  #acknowledged = 0

  constructor(publisher, publishes, inbox, limits) {
    this.#publisher = publisher
    this.#publishes = publishes
    this.#inbox = inbox
    this.#limits = limits
    this.done = new Promise((resolve, reject) => {
      const go = () => {
        try {
          if (this.#goOn()) resolve()
        } catch (error) {
          reject(error)
        }
      }
      publisher.onAcknowledged = () => {
        this.#acknowledged += 1
      }
      publisher.onChunk = go
      inbox.onChunk = go
      go()
    })
  }

  /** Whether all has come. */
  #goOn() {
    const { subscribers, inFlight, end } = this.#limits
    const isAnswered = inFlight < Number.POSITIVE_INFINITY
    const delivered = this.#inbox.count / subscribers
    if (delivered > this.#sent) throw new Error('more was delivered than sent')
    if (performance.now() >= end) return delivered === this.#sent && (!isAnswered || this.#acknowledged === this.#sent)
    const window = WINDOW - (this.#sent - Math.floor(delivered))
    const room = Math.min(window, isAnswered ? inFlight - (this.#sent - this.#acknowledged) : window)
    // A window that opens by a few messages is no reason to write; acknowledgements come in groups by themselves.
    if (room >= (isAnswered ? 1 : WINDOW / 8)) {
      this.#publisher.send(this.#publishes.take(room))
      this.#sent += room
    }
    return false
  }
}
