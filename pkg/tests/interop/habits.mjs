// Habits of real brokers that are not the specification's, and how the client meets each.
import assert from 'node:assert/strict'
import { phase } from './behaviours.mjs'

/** Resolves with the error of a promise that must reject. */
const errorOf = promise =>
  promise.then(
    () => assert.fail('it must reject'),
    error => error,
  )

/**
 * Each names its broker, is told in the document, and has a `run` that shows it. `version` is
 * MQTT's, 4 by default.
 */
export const habits = [
  {
    broker: 'Mosquitto',
    habit:
      'Over 3.1.1 it hangs up on a client with more than 20 messages of QoS 2 in flight (`max_inflight_messages`).',
    outcome: 'has at most 20 in flight in 3.1.1; others wait in the queue.',
    async run(lab) {
      const client = await lab.open()
      let open = 0
      let most = 0
      client.addEventListener('packet', ({ packet }) => {
        if (packet.kind === 'PUBLISH') most = Math.max(most, ++open)
        if (packet.kind === 'PUBCOMP') open--
      })
      await Promise.all(Array.from({ length: 200 }, () => client.publish(lab.topic, 'x', { qos: 2 })))
      assert.equal(most, 20)
      assert.equal(client.status.phase, 'connected')
    },
  },
  {
    broker: 'RabbitMQ',
    habit: 'It replaces `*` by `+` in the topic of a message, which no topic may have.',
    outcome: 'ends the connection with the rule MQTT-3.3.2-2.',
    async run(lab) {
      const client = await lab.open()
      await client.subscribe(`${lab.topic}/#`, { qos: 0 }, () => assert.fail('it is malformed'))
      const lost = phase(client, 'connected', false)
      await client.publish(`${lab.topic}/a*b`, 'x', { qos: 0 })
      const { error } = await lost
      assert.equal(error.rule, 'MQTT-3.3.2-2')
    },
  },
  {
    broker: 'NATS',
    habit:
      'It rounds one and a half times the keep alive down to whole seconds, so it hangs up after one second with a keep alive of 1.',
    outcome: 'is kept from a keep alive of 2 on.',
    async run(lab) {
      const client = await lab.open({ keepAlive: 1 })
      await phase(client, 'connected', false)
    },
  },
  {
    broker: 'NATS',
    habit: 'It takes no space and no dot in a topic: it refuses the subscription.',
    outcome: 'rejects with a SubscribeError, 0x80.',
    async run(lab) {
      const client = await lab.open()
      for (const name of ['a b', 'a.b']) {
        const error = await errorOf(client.subscribe(`${lab.topic}/${name}`, () => {}))
        assert.ok(error instanceof lab.api.SubscribeError, String(error))
        assert.equal(error.reasonCode, 0x80)
      }
    },
  },
  ...['NATS', 'aedes'].map(broker => ({
    broker,
    version: 5,
    habit: 'It refuses 5.0 with the return code 0x01 of 3.1.1.',
    outcome: 'rejects with a ConnectError, 0x84.',
    async run(lab) {
      const error = await errorOf(lab.open())
      assert.ok(error instanceof lab.api.ConnectError, String(error))
      assert.equal(error.reasonCode, 0x84)
    },
  })),
]
