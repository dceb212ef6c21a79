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
    habit: 'It answers a message of QoS 2 with PUBACK.',
    outcome: 'takes it as a delivery at QoS 1, and tells so by the event `notice`. With `strict` the connection ends.',
    async run(lab) {
      const client = await lab.open()
      const notices = []
      client.addEventListener('notice', ({ notice }) => notices.push(notice))
      for (const text of ['1', '2', '3']) await client.publish(`${lab.topic}/${text}`, text, { qos: 2 })
      assert.deepEqual(
        notices.map(({ kind, topic }) => [kind, topic]),
        ['1', '2', '3'].map(text => ['downgraded', `${lab.topic}/${text}`]),
      )
      assert.equal(client.status.phase, 'connected')
      const strict = await lab.open({ strict: true })
      const lost = phase(strict, 'connected', false)
      await errorOf(strict.publish(lab.topic, 'x', { qos: 2 }))
      assert.ok((await lost).error instanceof lab.api.ConnectionError)
    },
  },
  {
    broker: 'RabbitMQ',
    habit: 'It keeps a session only for a client with a subscription of QoS 1.',
    outcome:
      'rejects what was under way as indeterminate when it is back, or sends it anew with `offline: { keep: "keep-all" }`.',
    async run(lab) {
      for (const qos of [undefined, 0, 1]) {
        const options = lab.session(`kept-${qos}`)
        const first = await lab.open(options)
        if (qos !== undefined) await first.subscribe(lab.topic, { qos }, () => {})
        await first.end()
        assert.equal((await lab.open(options)).sessionPresent, qos === 1, `QoS ${qos}`)
      }
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
  {
    broker: 'NATS',
    habit: 'It hangs up on a message of QoS 2, and on one whose topic has a space or a dot.',
    outcome:
      'gives the message up as indeterminate once three connections in a row were lost on it, tells so by the event `notice`, and goes on with the next.',
    needsReconnect: true,
    async run(lab) {
      for (const [name, qos] of [
        ['x', 2],
        ['a b', 1],
        ['a.b', 1],
      ]) {
        const client = await lab.open({ ...lab.session(`hangs-${name.length}-${qos}`), reconnect: { min: 1, max: 20 } })
        const notices = []
        client.addEventListener('notice', ({ notice }) => notices.push(notice))
        const poison = errorOf(client.publish(`${lab.topic}/${name}`, 'x', { qos }))
        await client.publish(`${lab.topic}/next`, 'goes on', { qos: 1 })
        const error = await poison
        assert.ok(error instanceof lab.api.IndeterminateError, String(error))
        assert.deepEqual(
          notices.map(({ kind, topic }) => [kind, topic]),
          [['indeterminate', `${lab.topic}/${name}`]],
        )
        await client.end()
      }
    },
  },
  ...[
    ['RabbitMQ', 'It hangs up on CONNECT of 5.0 without an answer.'],
    ['NATS', 'It refuses 5.0 with the return code 0x01 of 3.1.1.'],
    ['aedes', 'It refuses 5.0 with the return code 0x01 of 3.1.1.'],
  ].map(([broker, habit]) => ({
    broker,
    habit,
    version: 'auto',
    needsReconnect: true,
    outcome: 'connects with 3.1.1 if its `version` is `auto`, and otherwise rejects with a ConnectError.',
    async run(lab) {
      const client = await lab.open({ reconnect: { min: 1, max: 20 } })
      const inbox = await lab.inbox(client, lab.topic)
      await client.publish(lab.topic, 'heard', { qos: 1 })
      assert.equal((await inbox.next()).text(), 'heard')
      const error = await errorOf(lab.open({ version: 5 }))
      assert.ok(error instanceof lab.api.ConnectError, String(error))
    },
  })),
]
