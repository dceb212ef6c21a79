// A bridge from a broker in the process to a real one.
import assert from 'node:assert/strict'

/** Runs with a bridge of these rules, from a new broker, to the lab's broker. */
async function withBridge(lab, rules, action) {
  const { Broker, bridge, connect } = lab.api
  const broker = new Broker()
  const local = await connect(broker)
  const remote = await lab.open()
  const joined = await bridge(broker, await lab.open(), rules)
  try {
    await action({ broker, local, remote, bridge: joined })
  } finally {
    await joined.close()
    await local.end()
    await broker.close()
  }
}

/** Each has a `run` that is given a lab whose `api` has brokers too. */
export const bridges = [
  {
    name: 'passes messages out and in, with prefixes and each QoS',
    run: lab =>
      withBridge(
        lab,
        [
          { filter: 'state/#', direction: 'out', qos: 2, remotePrefix: `${lab.topic}/edge/` },
          { filter: 'command/+', direction: 'in', qos: 1, localPrefix: 'from/', remotePrefix: `${lab.topic}/` },
        ],
        async ({ local, remote, bridge }) => {
          const there = await lab.inbox(remote, `${lab.topic}/edge/#`, { qos: 0 })
          const here = await lab.inbox(local, 'from/#', { qos: 2 })
          for (const qos of [0, 1]) {
            await local.publish(`state/${qos}`, 'there', { qos })
            const message = await there.next()
            assert.deepEqual([message.topic, message.text()], [`${lab.topic}/edge/state/${qos}`, 'there'])
            await remote.publish(`${lab.topic}/command/${qos}`, 'here', { qos })
            const back = await here.next()
            assert.deepEqual([back.topic, back.text(), back.qos], [`from/command/${qos}`, 'here', qos])
          }
          // What goes out is not under the filter of what comes in, and the other way round.
          await local.publish('command/x', 'stays', { qos: 1 })
          await remote.publish(`${lab.topic}/edge/state/x`, 'stays', { qos: 1 })
          assert.equal((await there.next()).text(), 'stays')
          await bridge.close()
          assert.deepEqual(bridge.counters, { in: 2, out: 2, dropped: 0 })
        },
      ),
  },
  {
    name: 'passes messages both ways without a loop',
    run: lab =>
      withBridge(lab, [{ filter: `${lab.topic}/#` }], async ({ local, remote, bridge }) => {
        const there = await lab.inbox(remote, `${lab.topic}/#`)
        const here = await lab.inbox(local, `${lab.topic}/#`)
        const texts = ['a', 'b', 'b', 'b', 'c', 'end']
        for (const text of texts) {
          await local.publish(`${lab.topic}/x`, text, { qos: 1 })
          assert.equal((await there.next()).text(), text)
          // The same content of another client is a message of its own.
          await remote.publish(`${lab.topic}/x`, text, { qos: 1 })
          assert.equal((await there.next()).text(), text)
          assert.deepEqual(await here.texts(2), [text, text])
        }
        assert.equal(there.all.length, 2 * texts.length)
        assert.equal(here.all.length, 2 * texts.length)
        await bridge.close()
        assert.deepEqual(bridge.counters, { in: texts.length, out: texts.length, dropped: 0 })
      }),
  },
  {
    name: 'passes a retained message on, as retained',
    run: async lab => {
      const setter = await lab.open()
      await setter.publish(`${lab.topic}/kept`, 'kept', { qos: 1, retain: true })
      const rules = [{ filter: 'kept', remotePrefix: `${lab.topic}/`, direction: 'in' }]
      await withBridge(lab, rules, async ({ broker, local }) => {
        const first = await lab.inbox(local, 'kept')
        assert.equal((await first.next()).text(), 'kept')
        const later = await lab.inbox(await lab.api.connect(broker), 'kept')
        const message = await later.next()
        assert.deepEqual([message.text(), message.retain], ['kept', true])
      })
      await setter.publish(`${lab.topic}/kept`, '', { qos: 1, retain: true })
    },
  },
]
