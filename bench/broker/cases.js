// The cases, the same for every broker, in a page and on a port.

/** So many QoS 1 and 2 messages of a publisher are not acknowledged at a time. */
export const IN_FLIGHT = 64

/**
 * So many QoS 0 messages have at most not come to all subscribers, so that no broker has to drop
 * any.
 */
const WINDOW = 1_000

const oneToOne = { publishers: 1, subscribers: 1, inFlight: IN_FLIGHT, window: WINDOW }
const oneToFifty = { ...oneToOne, subscribers: 50 }

/**
 * Parameters of each case, in order:
 * - quality of service, number of publishers, number of subscribers;
 * - unacknowledged messages of each publisher at a time;
 * - messages that have not come to all subscribers, over all publishers;
 * - the goal in deliveries a second for the broker in the page.
 *
 * `apart`: each message is a write of its own to the socket, on a port alone.
 */
export const cases = {
  'QoS 0, one to one': { ...oneToOne, qos: 0, goal: 400_000 },
  'QoS 0, one to one, a write each': { ...oneToOne, qos: 0, apart: true },
  'QoS 0, one by one': { ...oneToOne, qos: 0, window: 1 },
  'QoS 1, one to one': { ...oneToOne, qos: 1, goal: 100_000 },
  'QoS 1, one by one': { ...oneToOne, qos: 1, inFlight: 1 },
  'QoS 1, fifty to one, each one by one': { ...oneToOne, qos: 1, publishers: 50, inFlight: 1 },
  'QoS 2, one to one': { ...oneToOne, qos: 2 },
  'QoS 0, one to fifty': { ...oneToFifty, qos: 0, goal: 2_000_000 },
  'QoS 1, one to fifty': { ...oneToFifty, qos: 1 },
  'QoS 2, one to fifty': { ...oneToFifty, qos: 2 },
}

export const ROUNDS_TO_WARM_UP = 3
export const ROUNDS = 5

/** The bytes of a payload, of which the first is the number of the topic. */
export const PAYLOAD_BYTES = 64
/** Filter of a subscription to all twenty topics of `frames.js`. */
export const FILTER = '+/+/temperature'
/**
 * The clients that subscribe to `#`, one after another; the first warm up, the median of the others
 * counts.
 */
export const RETAINED = { messages: 100_000, toWarmUp: 2, clients: 5 }

/** Topics as many sensors have them, each with a retained message. */
export const retainedTopic = index => `site-${index % 100}/room-${index % 1_000}/sensor-${index}`

export function median(values) {
  return values.toSorted((left, right) => left - right)[values.length >> 1]
}
