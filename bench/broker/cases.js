// The cases, the same for every broker, in a page and on a port.

/** So many QoS 1 and 2 messages of the publisher are not acknowledged at a time. */
export const IN_FLIGHT = 64

/**
 * Quality of service, number of subscribers, how many messages of the publisher are not acknowledged at a time, and the
 * deliveries a second that are asked of the broker in the page.
 */
export const cases = {
  'QoS 0, one to one': { qos: 0, subscribers: 1, goal: 400_000 },
  'QoS 1, one to one': { qos: 1, subscribers: 1, inFlight: IN_FLIGHT, goal: 100_000 },
  'QoS 1, one by one': { qos: 1, subscribers: 1, inFlight: 1 },
  'QoS 2, one to one': { qos: 2, subscribers: 1, inFlight: IN_FLIGHT },
  'QoS 0, one to fifty': { qos: 0, subscribers: 50, goal: 2_000_000 },
  'QoS 1, one to fifty': { qos: 1, subscribers: 50, inFlight: IN_FLIGHT },
  'QoS 2, one to fifty': { qos: 2, subscribers: 50, inFlight: IN_FLIGHT },
}

export const ROUNDS_TO_WARM_UP = 3
export const ROUNDS = 5

/** The bytes of a payload, of which the first is the number of the topic. */
export const PAYLOAD_BYTES = 64
/** What subscribes to all twenty topics of `frames.js`. */
export const FILTER = '+/+/temperature'
/** So many QoS 0 messages have at most not come to all subscribers, so that no broker has to drop any. */
export const WINDOW = 1_000

/** The clients that subscribe to `#`, one after another; the first warm up, the median of the others counts. */
export const RETAINED = { messages: 100_000, toWarmUp: 2, clients: 5 }

/** Topics as many sensors have them, each with a retained message. */
export const retainedTopic = index => `site-${index % 100}/room-${index % 1_000}/sensor-${index}`

export function median(values) {
  return values.toSorted((left, right) => left - right)[values.length >> 1]
}
