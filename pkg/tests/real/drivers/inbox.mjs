// Inbox of a client: packets in order, until a test takes them.

export class Inbox {
  #messages = []
  #waiting = []

  push(message) {
    const take = this.#waiting.shift()
    if (take) take(message)
    else this.#messages.push(message)
  }

  /** The next message: `{ topic, payload, qos, retain }`, the payload as text. */
  next() {
    const message = this.#messages.shift()
    if (message) return Promise.resolve(message)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** How many came that nobody has asked for. */
  get length() {
    return this.#messages.length
  }
}
