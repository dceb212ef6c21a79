// aedes with clients of a few lines in this process, joined by streams in memory: aedes' own share
// of the work.
import { duplexPair } from 'node:stream'
import { BareClient } from '../bare-client.js'
import { encodePublish } from '../publishes.js'
import { startAedes } from './aedes.js'

export async function start() {
  const { aedes, retain } = await startAedes()
  return {
    retain,
    connect: async (clientId, onMessage) => {
      const [ours, theirs] = duplexPair()
      aedes.handle(theirs)
      return new Client(new BareClient(ours), clientId, onMessage).connected
    },
  }
}

/** Promises for acknowledgements, and topics as text, which an application has to have. */
class Client {
  #bare
  #waiting = new Map()
  #id = 0

  constructor(bare, clientId, onMessage) {
    this.#bare = bare
    bare.onPublish = (bytes, body, end, first) => {
      const topicEnd = body + 2 + ((bytes[body] << 8) | bytes[body + 1])
      onMessage(bytes.latin1Slice(body + 2, topicEnd), bytes.subarray(topicEnd + ((first & 6) === 0 ? 0 : 2), end))
    }
    bare.onAcknowledged = id => {
      this.#waiting.get(id)()
      this.#waiting.delete(id)
    }
    this.connected = bare.connect(clientId).then(() => this)
  }

  publish(topic, payload, qos) {
    if (qos === 0) {
      this.#bare.send(encodePublish(topic, payload, {}))
      return
    }
    this.#id = (this.#id % 65_535) + 1
    const id = this.#id
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      this.#bare.send(encodePublish(topic, payload, { qos, id }))
    })
  }

  subscribe(filter, qos) {
    return this.#bare.subscribe(filter, qos)
  }

  end() {
    this.#bare.end()
  }
}
