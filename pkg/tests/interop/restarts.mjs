// A broker that is killed and started again in the middle of traffic: the count of each message.
import assert from 'node:assert/strict'

const messages = 300
/** Messages that are not acknowledged at the same time. */
const lanes = 8

/**
 * Publishes numbered messages while the broker is killed, and returns how often each came.
 *
 * Publisher and subscriber reconnect by themselves, with sessions that the broker keeps.
 */
async function traffic(lab, running, qos) {
  const reconnect = { min: 50, max: 500 }
  const subscriber = await lab.open({ ...lab.session(`sub-${qos}`), reconnect })
  const publisher = await lab.open({ ...lab.session(`pub-${qos}`), reconnect })
  // RabbitMQ keeps no session without a subscription.
  await publisher.subscribe(`${lab.topic}/own`, { qos: 1 }, () => {})
  const arrivals = new Arrivals()
  const { qos: granted } = await subscriber.subscribe(lab.topic, { qos }, message => arrivals.add(message))
  assert.equal(granted, qos, `granted QoS ${granted}`)

  const publish = number => publisher.publish(lab.topic, String(number), { qos })
  const apart = Math.floor(messages / (running.kills + 1))
  let from = 0
  for (let kill = 1; kill <= running.kills; kill++) {
    const to = kill * apart
    await (running.freeze ? killFrozen : killBusy)(running, arrivals, publisher, publish, from, to)
    from = to
  }
  await inLanes(publish, from, messages)
  await arrivals.reach(messages)
  // What would come twice has come before this.
  const end = await lab.inbox(subscriber, `${lab.topic}/end`, { qos })
  await publisher.publish(`${lab.topic}/end`, 'end', { qos })
  await end.next()
  return arrivals.counts
}

/** Kills the broker while messages are sent, acknowledged and delivered. */
async function killBusy(running, _arrivals, _publisher, publish, from, to) {
  let acknowledged = 0
  let killed
  await inLanes(
    async number => {
      await publish(number)
      if (++acknowledged === Math.floor((to - from) / 2)) killed = restart(running)
    },
    from,
    to,
  )
  await killed
}

/** Kills a broker that has saved what it acknowledged, with messages under way to it. */
async function killFrozen(running, arrivals, publisher, publish, from, to) {
  await inLanes(publish, from, to - lanes)
  await arrivals.reach(to - lanes)
  await running.freeze()
  const sent = new Promise(resolve => {
    let count = 0
    publisher.addEventListener('packet', function listener({ packet }) {
      if (packet.direction !== 'sent' || packet.kind !== 'PUBLISH' || ++count < lanes) return
      publisher.removeEventListener('packet', listener)
      resolve()
    })
  })
  const published = inLanes(publish, to - lanes, to)
  await sent
  await restart(running)
  await published
}

async function restart(running) {
  await running.kill()
  await running.restart()
}

/** Publishes the messages from one number to another, some at the same time. */
async function inLanes(publish, from, to) {
  let next = from
  const lane = async () => {
    while (next < to) await publish(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** How often each message came. */
class Arrivals {
  counts = new Array(messages).fill(0)
  #different = 0
  #wake = () => {}

  add(message) {
    if (this.counts[Number(message.text())]++ === 0) this.#different++
    this.#wake()
  }

  /** Resolves once so many different ones have come. */
  async reach(count) {
    while (this.#different < count) {
      await new Promise(resolve => {
        this.#wake = resolve
      })
    }
  }
}

/** Behaviours of a broker that is killed. Each `run` is given the running broker, too. */
export const restarts = [
  {
    name: 'QoS 1: loses nothing when it is killed in the middle of traffic',
    kills: true,
    limit: 120_000,
    async run(lab, running) {
      const counts = await traffic(lab, running, 1)
      assert.deepEqual(missing(counts), [])
    },
  },
  {
    name: 'QoS 2: loses and doubles nothing when it is killed in the middle of traffic',
    kills: true,
    limit: 120_000,
    async run(lab, running) {
      const counts = await traffic(lab, running, 2)
      assert.deepEqual(missing(counts), [])
      assert.deepEqual(counts, new Array(messages).fill(1))
    },
  },
]

const missing = counts => counts.flatMap((count, number) => (count === 0 ? [number] : []))
