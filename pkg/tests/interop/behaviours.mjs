// Behaviours of a broker that a user of the client relies on, in both versions of MQTT.
import assert from 'node:assert/strict'

/**
 * Each has a name for the table, and a `run` that rejects if the broker or the client does
 * otherwise. `versions` are those of MQTT that have it.
 */
export const common = [
  {
    name: 'connects, without a session, and ends',
    async run(lab) {
      const client = await lab.open()
      assert.equal(client.status.phase, 'connected')
      assert.equal(client.sessionPresent, false)
      await client.end()
      assert.equal(client.status.phase, 'closed')
    },
  },
  {
    name: 'refuses a wrong password by CONNACK',
    async run(lab) {
      const client = lab.client({ credentials: { username: 'guest', password: 'wrong' } })
      const error = await client.ready.then(
        () => undefined,
        error => error,
      )
      assert.ok(error instanceof lab.api.ConnectError, `connected: ${error}`)
      // 3.1.1's return codes 4 and 5 are these (MQTT 5.0 §3.2.2.2).
      assert.ok([0x86, 0x87].includes(error.reasonCode), `reason code ${error.reasonCode}: ${error.message}`)
    },
  },
  {
    name: 'assigns an identifier to a client without one',
    async run(lab) {
      const client = await lab.open({ clientId: '' })
      if (lab.version === 5) assert.ok(client.clientId.length > 0)
      const inbox = await lab.inbox(client, lab.topic)
      await client.publish(lab.topic, 'heard', { qos: 1 })
      assert.equal((await inbox.next()).text(), 'heard')
    },
  },
  ...[0, 1, 2].map(qos => ({
    name: `QoS ${qos}: 100 messages, each once and in order`,
    async run(lab) {
      const client = await lab.open()
      const inbox = await lab.inbox(client, `${lab.topic}/+`, { qos })
      assert.equal(inbox.subscription.qos, qos, `granted QoS ${inbox.subscription.qos}`)
      const texts = Array.from({ length: 100 }, (_, number) => `message ${number}`)
      await Promise.all(texts.map(text => client.publish(`${lab.topic}/x`, text, { qos })))
      assert.deepEqual(await inbox.texts(100), texts)
      assert.deepEqual(new Set(inbox.all.map(message => message.qos)), new Set([qos]))
      await client.publish(`${lab.topic}/end`, 'end', { qos })
      assert.equal((await inbox.next()).text(), 'end')
    },
  })),
  {
    name: 'lowers a message to the QoS of the subscription',
    async run(lab) {
      const client = await lab.open()
      const inbox = await lab.inbox(client, lab.topic, { qos: 0 })
      await client.publish(lab.topic, 'lowered', { qos: 1 })
      const message = await inbox.next()
      assert.deepEqual([message.text(), message.qos], ['lowered', 0])
    },
  },
  {
    name: 'delivers payloads of 0 to 70,000 bytes whole',
    async run(lab) {
      const client = await lab.open()
      const inbox = await lab.inbox(client, lab.topic)
      for (const length of [0, 1, 63, 126, 127, 128, 4096, 16_383, 70_000]) {
        const payload = bytes(length)
        await client.publish(lab.topic, payload, { qos: 1 })
        assert.deepEqual((await inbox.next()).payload, payload)
      }
    },
  },
  {
    name: 'delivers a payload of 200 kB',
    async run(lab) {
      const client = await lab.open()
      const inbox = await lab.inbox(client, lab.topic)
      const payload = bytes(200_000)
      await client.publish(lab.topic, payload, { qos: 1 })
      assert.deepEqual((await inbox.next()).payload, payload)
    },
  },
  {
    name: 'matches + and #, and text beyond ASCII',
    async run(lab) {
      const client = await lab.open()
      const one = await lab.inbox(client, `${lab.topic}/+/température`)
      const all = await lab.inbox(client, `${lab.topic}/#`)
      // A broker may send a message once for each filter (§3.3.4), so each filter has its client.
      const other = await lab.open()
      const parent = await lab.inbox(other, `${lab.topic}/a/#`)
      await client.publish(`${lab.topic}/b/elsewhere`, 'all', { qos: 1 })
      await client.publish(`${lab.topic}/a`, 'parent', { qos: 1 })
      await client.publish(`${lab.topic}/a/température`, 'one', { qos: 1 })
      assert.equal((await one.next()).text(), 'one')
      assert.deepEqual(await parent.texts(2), ['parent', 'one'])
      const texts = new Set(await all.texts(3))
      assert.deepEqual(texts, new Set(['all', 'parent', 'one']))
    },
  },
  {
    name: 'ends a subscription by UNSUBSCRIBE',
    async run(lab) {
      const client = await lab.open()
      const ended = await lab.inbox(client, `${lab.topic}/ended`)
      const kept = await lab.inbox(client, `${lab.topic}/kept`)
      await client.publish(`${lab.topic}/ended`, 'before', { qos: 1 })
      assert.equal((await ended.next()).text(), 'before')
      await ended.subscription.unsubscribe()
      const packets = received(client, 'PUBLISH')
      await client.publish(`${lab.topic}/ended`, 'after', { qos: 1 })
      await client.publish(`${lab.topic}/kept`, 'after', { qos: 1 })
      await kept.next()
      assert.deepEqual(
        packets.map(({ topic }) => topic),
        [`${lab.topic}/kept`],
      )
    },
  },
  {
    name: 'keeps a retained message for later subscribers, and clears it',
    async run(lab) {
      const client = await lab.open()
      await client.publish(`${lab.topic}/kept`, 'first', { qos: 1, retain: true })
      await client.publish(`${lab.topic}/kept`, 'kept', { qos: 1, retain: true })
      const later = await lab.inbox(await lab.open(), `${lab.topic}/kept`)
      const message = await later.next()
      assert.deepEqual([message.text(), message.retain], ['kept', true])
      await client.publish(`${lab.topic}/kept`, 'live', { qos: 1, retain: true })
      assert.equal((await later.next()).retain, false, '[MQTT-3.3.1-9]')
      await client.publish(`${lab.topic}/kept`, '', { qos: 1, retain: true })
      const last = await lab.inbox(await lab.open(), `${lab.topic}/kept`)
      await client.publish(`${lab.topic}/kept`, 'end', { qos: 1 })
      assert.equal((await last.next()).text(), 'end')
    },
  },
  {
    name: 'sends retained messages for a filter with a wildcard',
    async run(lab) {
      const client = await lab.open()
      const topics = ['a', 'b', 'c'].map(name => `${lab.topic}/${name}/state`)
      for (const topic of topics) await client.publish(topic, 'kept', { qos: 1, retain: true })
      const later = await lab.inbox(await lab.open(), `${lab.topic}/+/state`)
      // Some brokers send it before the retained messages.
      await client.publish(`${lab.topic}/end/state`, 'end', { qos: 1 })
      const seen = new Set()
      let hasEnded = false
      while (!hasEnded || seen.size < topics.length) {
        const message = await later.next()
        if (message.text() === 'end') hasEnded = true
        else seen.add(message.topic)
      }
      for (const topic of topics) await client.publish(topic, '', { qos: 1, retain: true })
      assert.deepEqual([...seen].sort(), topics)
    },
  },
  {
    name: 'publishes the will of a client that is lost, and not of one that ends',
    async run(lab) {
      const watcher = await lab.inbox(await lab.open(), lab.topic)
      const will = { topic: lab.topic, payload: 'ended', qos: 1 }
      await (await lab.open({ will })).end()
      const lost = await lab.open({ will: { ...will, payload: 'lost' } })
      lost.kill()
      assert.equal((await watcher.next()).text(), 'lost')
    },
  },
  {
    name: 'retains a will',
    async run(lab) {
      const watcher = await lab.inbox(await lab.open(), lab.topic)
      const lost = await lab.open({ will: { topic: lab.topic, payload: 'gone', qos: 1, retain: true } })
      lost.kill()
      assert.equal((await watcher.next()).text(), 'gone')
      const client = await lab.open()
      const later = await lab.inbox(client, lab.topic)
      const message = await later.next()
      await client.publish(lab.topic, '', { qos: 1, retain: true })
      assert.deepEqual([message.text(), message.retain], ['gone', true])
    },
  },
  ...[1, 2].map(qos => ({
    name: `QoS ${qos}: resumes a session, with what was published meanwhile`,
    async run(lab) {
      const options = lab.session(`resumes-${qos}`)
      const first = await lab.open(options)
      const { qos: granted } = await first.subscribe(lab.topic, { qos }, () => {})
      assert.equal(granted, qos, `granted QoS ${granted}`)
      await first.end()
      const other = await lab.open()
      const texts = Array.from({ length: 20 }, (_, number) => `message ${number}`)
      for (const text of texts) await other.publish(lab.topic, text, { qos })
      const second = lab.client(options)
      const inbox = lab.inbox(second, lab.topic, { qos })
      await second.ready
      assert.equal(second.sessionPresent, true)
      assert.deepEqual(await (await inbox).texts(20), texts)
      await other.publish(lab.topic, 'live', { qos })
      assert.equal((await (await inbox).next()).text(), 'live')
      await second.end()
      // The session is taken from the broker.
      await lab.open({ clientId: options.clientId })
    },
  })),
  {
    name: 'begins anew with a clean start',
    async run(lab) {
      const options = lab.session('anew')
      const first = await lab.open(options)
      await first.subscribe(`${lab.topic}/old`, { qos: 1 }, () => {})
      await first.end()
      const other = await lab.open()
      await other.publish(`${lab.topic}/old`, 'missed', { qos: 1 })
      const second = await lab.open({ ...options, cleanStart: true })
      assert.equal(second.sessionPresent, false)
      const packets = received(second, 'PUBLISH')
      const inbox = await lab.inbox(second, `${lab.topic}/new`)
      await other.publish(`${lab.topic}/old`, 'not ours', { qos: 1 })
      await other.publish(`${lab.topic}/new`, 'new', { qos: 1 })
      await inbox.next()
      assert.deepEqual(
        packets.map(({ topic }) => topic),
        [`${lab.topic}/new`],
      )
      await second.end()
      await lab.open({ clientId: options.clientId })
    },
  },
  {
    name: 'ends the older of two clients with one identifier',
    async run(lab) {
      const older = await lab.open({ clientId: `twice-${lab.version}` })
      const lost = phase(older, 'connected', false)
      const newer = await lab.open({ clientId: `twice-${lab.version}` })
      await lost
      // It would come back, and end the newer one in turn.
      older.kill()
      await newer.publish(lab.topic, 'alive', { qos: 1 })
    },
  },
  {
    name: 'answers pings',
    async run(lab) {
      const client = await lab.open({ keepAlive: 2 })
      const answers = []
      await new Promise(resolve => {
        client.addEventListener('packet', ({ packet }) => {
          if (packet.kind === 'PINGRESP' && answers.push(packet) === 2) resolve()
        })
      })
      assert.equal(client.status.phase, 'connected')
    },
  },
  {
    name: 'takes 2,000 messages of QoS 1 at once',
    async run(lab) {
      const client = await lab.open({ queue: { messages: 5000 } })
      const inbox = await lab.inbox(await lab.open(), lab.topic)
      const texts = Array.from({ length: 2000 }, (_, number) => String(number))
      await Promise.all(texts.map(text => client.publish(lab.topic, text, { qos: 1 })))
      assert.deepEqual(await inbox.texts(2000), texts)
    },
  },
  {
    name: 'divides messages among a shared subscription',
    async run(lab) {
      const members = [await lab.open(), await lab.open()]
      const inboxes = []
      for (const member of members) {
        inboxes.push(await lab.inbox(member, `$share/group/${lab.topic}/shared`))
      }
      const publisher = await lab.open()
      const got = Promise.all(inboxes.map(inbox => inbox.next()))
      const texts = Array.from({ length: 40 }, (_, number) => String(number))
      for (const text of texts) await publisher.publish(`${lab.topic}/shared`, text, { qos: 1 })
      await got
      const all = () => inboxes.flatMap(inbox => inbox.all.map(message => message.text()))
      while (all().length < texts.length) await Promise.race(inboxes.map(inbox => inbox.next()))
      assert.deepEqual(
        all().sort((a, b) => a - b),
        texts,
      )
    },
  },
]

/** Returns bytes of a pattern. */
const bytes = length => new Uint8Array(length).map((_, at) => (at * 31) & 0xff)

/** Returns a list of the received packets of a kind, which grows. */
export function received(client, kind) {
  const packets = []
  client.addEventListener('packet', ({ packet }) => {
    if (packet.direction === 'received' && packet.kind === kind) packets.push(packet)
  })
  return packets
}

/** Resolves with the status once its phase is `name`, or is any other if `wanted` is false. */
export function phase(client, name, wanted = true) {
  return new Promise(resolve => {
    const check = () => {
      if ((client.status.phase === name) !== wanted) return
      client.removeEventListener('status', check)
      resolve(client.status)
    }
    client.addEventListener('status', check)
    check()
  })
}
