// Topics of a capture as a tree, with the latest message of each.

/** Levels of all topics that are kept at most, and levels of one topic. */
const TOPICS_MAX = 2_000
const DEPTH_MAX = 32

export interface TopicNode {
  readonly level: string
  readonly topic: string
  readonly children: Map<string, TopicNode>
  /** Messages on this very topic. */
  count: number
  payload?: Uint8Array
  /**
   * Source of the belief that the broker holds a retained message: it has told so, or this client
   * has published one. Another client may have changed it since.
   */
  retained: 'no' | 'told' | 'inferred'
}

/** A message of a topic, as one end of a connection sees it. */
export interface Seen {
  readonly topic: string
  readonly payload: Uint8Array
  readonly retain: boolean
  /** True if it came from the broker. */
  readonly isReceived: boolean
}

export class Topics {
  #root = node('', '')
  #levels = 0
  #dropped = 0

  get root(): TopicNode {
    return this.#root
  }

  /** Number of messages whose topics are more than are kept. */
  get dropped(): number {
    return this.#dropped
  }

  add({ topic, payload, retain, isReceived }: Seen): void {
    const found = this.#reach(topic)
    if (!found) {
      this.#dropped += 1
      return
    }
    found.count += 1
    found.payload = payload
    // A live message of a retained topic comes with RETAIN 0, and says nothing of what the broker
    // holds [MQTT-3.3.1-12]. An empty one with RETAIN 1 removes it [MQTT-3.3.1-6].
    if (retain) found.retained = payload.length === 0 ? 'no' : isReceived ? 'told' : 'inferred'
  }

  clear(): void {
    this.#root = node('', '')
    this.#levels = 0
    this.#dropped = 0
  }

  /** Returns the node of a topic, made if there is room. */
  #reach(topic: string): TopicNode | undefined {
    const all = topic.split('/')
    const levels = all.length > DEPTH_MAX ? [...all.slice(0, DEPTH_MAX - 1), all.slice(DEPTH_MAX - 1).join('/')] : all
    let place = this.#root
    for (const [depth, level] of levels.entries()) {
      let next = place.children.get(level)
      if (!next) {
        if (this.#levels >= TOPICS_MAX) return undefined
        next = node(level, levels.slice(0, depth + 1).join('/'))
        place.children.set(level, next)
        this.#levels += 1
      }
      place = next
    }
    return place
  }
}

const node = (level: string, topic: string): TopicNode => ({
  level,
  topic,
  children: new Map(),
  count: 0,
  retained: 'no',
})
