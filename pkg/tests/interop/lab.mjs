// A lab for one behaviour: clients of the packed package at one broker, ended afterwards.
import { createWebSocket } from '../lib/script.mjs'
import { credentials } from './brokers/process.mjs'

/** Messages of a subscription, in order. */
export class Inbox {
  all = []
  #read = 0
  #wake = () => {}

  take = message => {
    this.all.push(message)
    this.#wake()
  }

  /** The next message. */
  async next() {
    while (this.#read === this.all.length) {
      await new Promise(resolve => {
        this.#wake = resolve
      })
    }
    return this.all[this.#read++]
  }

  /** The texts of as many messages more. */
  async texts(count) {
    const texts = []
    while (texts.length < count) texts.push((await this.next()).text())
    return texts
  }
}

/** True if the client can reconnect. */
export function reconnects({ Client }) {
  try {
    new Client('ws://127.0.0.1:9', { reconnect: false, createWebSocket }).kill()
    return true
  } catch {
    return false
  }
}

export class Lab {
  #clients = []

  /**
   * `api` are the exports of the package, `url` and `version` the broker's, `topic` the prefix of
   * this behaviour's topics.
   */
  constructor({ api, url, version, topic }) {
    Object.assign(this, { api, url, version, topic, reconnects: reconnects(api) })
  }

  /** Options that every client of these tests has. */
  options(more) {
    return {
      version: this.version,
      credentials,
      createWebSocket,
      ...(this.reconnects && { reconnect: false }),
      ...more,
    }
  }

  /** Returns a client that begins to connect. */
  client(more) {
    const client = new this.api.Client(this.url, this.options(more))
    this.#clients.push(client)
    return client
  }

  /** Returns a client that is connected. */
  async open(more) {
    const client = this.client(more)
    await client.ready
    return client
  }

  /** Subscribes, and returns what comes. */
  async inbox(client, filter, options = {}) {
    const inbox = new Inbox()
    const subscription = await client.subscribe(filter, { qos: 1, ...options }, inbox.take)
    return Object.assign(inbox, { subscription })
  }

  /** Options of a session that outlives its connection. */
  session(clientId, more) {
    const expiry = this.version === 5 ? { sessionExpiry: 600 } : {}
    return { clientId: `${clientId}-${this.version}`, cleanStart: false, ...expiry, ...more }
  }

  /** Ends all clients. */
  async close() {
    await Promise.allSettled(this.#clients.map(client => client.end()))
  }
}
