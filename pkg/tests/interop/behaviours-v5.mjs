// Behaviours of a broker that MQTT 5.0 alone has.
import assert from 'node:assert/strict'
import { phase, received } from './behaviours.mjs'

export const ofVersion5 = [
  {
    name: 'passes the properties of a message on',
    async run(lab) {
      const client = await lab.open()
      const properties = {
        payloadFormatIndicator: true,
        contentType: 'text/plain',
        responseTopic: 'reply/here',
        correlationData: new Uint8Array([1, 2, 3]),
        userProperties: [
          ['name', 'value'],
          ['name', 'another'],
        ],
      }
      const inbox = await lab.inbox(client, lab.topic, { subscriptionIdentifier: 7 })
      await client.publish(lab.topic, 'x', { qos: 1, properties })
      assert.deepEqual((await inbox.next()).properties, { ...properties, subscriptionIdentifiers: [7] })
    },
  },
  {
    name: 'drops a message once it has expired',
    async run(lab) {
      const options = lab.session('expiry')
      const first = await lab.open(options)
      await first.subscribe(lab.topic, { qos: 1 }, () => {})
      await first.end()
      const other = await lab.open()
      await other.publish(lab.topic, 'expired', { qos: 1, properties: { messageExpiryInterval: 1 } })
      await other.publish(lab.topic, 'kept', { qos: 1, properties: { messageExpiryInterval: 600 } })
      // The broker's own clock is awaited: a will that is delayed longer than the message lives.
      const will = { topic: `${lab.topic}/late`, qos: 1, delay: 2 }
      const clock = await lab.inbox(other, `${lab.topic}/late`)
      const delayed = await lab.open({ ...lab.session('expiry-clock'), will })
      delayed.kill()
      await clock.next()
      const second = lab.client(options)
      const inbox = await lab.inbox(second, lab.topic)
      const message = await inbox.next()
      assert.equal(message.text(), 'kept')
      const left = message.properties.messageExpiryInterval
      assert.ok(left < 600 && left > 500, `${left} s are left [MQTT-3.3.2-6]`)
    },
  },
  {
    name: 'ends a session once it has expired',
    async run(lab) {
      const options = { clientId: 'expires', cleanStart: false, sessionExpiry: 1 }
      await (await lab.open(options)).end()
      const watcher = await lab.open()
      const clock = await lab.inbox(watcher, `${lab.topic}/late`)
      const will = { topic: `${lab.topic}/late`, qos: 1, delay: 3 }
      ;(await lab.open({ ...lab.session('expires-clock'), will })).kill()
      await clock.next()
      const second = await lab.open(options)
      assert.equal(second.sessionPresent, false)
    },
  },
  {
    name: 'delays a will, and drops it if the client is back',
    async run(lab) {
      const watcher = await lab.inbox(await lab.open(), `${lab.topic}/+`)
      const will = name => ({ topic: `${lab.topic}/${name}`, qos: 1, delay: name === 'back' ? 2 : 3 })
      const back = lab.session('will-back')
      ;(await lab.open({ ...back, will: will('back') })).kill()
      ;(await lab.open({ ...lab.session('will-lost'), will: will('lost') })).kill()
      await lab.open(back)
      assert.equal((await watcher.next()).topic, `${lab.topic}/lost`)
    },
  },
  {
    name: 'publishes the will on DISCONNECT with 0x04',
    async run(lab) {
      const watcher = await lab.inbox(await lab.open(), lab.topic)
      const client = await lab.open({ will: { topic: lab.topic, payload: 'asked for', qos: 1 } })
      await client.end({ reasonCode: 0x04 })
      assert.equal((await watcher.next()).text(), 'asked for')
    },
  },
  {
    name: 'honours noLocal, retainAsPublished and retainHandling',
    async run(lab) {
      const client = await lab.open()
      const other = await lab.open()
      await client.publish(`${lab.topic}/old`, 'retained', { qos: 1, retain: true })
      const options = { noLocal: true, retainAsPublished: true, retainHandling: 2 }
      const inbox = await lab.inbox(client, `${lab.topic}/#`, options)
      await client.publish(`${lab.topic}/own`, 'own', { qos: 1 })
      await other.publish(`${lab.topic}/new`, 'flagged', { qos: 1, retain: true })
      const message = await inbox.next()
      for (const name of ['old', 'new']) await other.publish(`${lab.topic}/${name}`, '', { qos: 1, retain: true })
      assert.deepEqual([message.text(), message.retain], ['flagged', true])
    },
  },
  {
    name: 'tells a client that its identifier is taken over: 0x8E',
    async run(lab) {
      const older = await lab.open({ clientId: 'told' })
      const lost = phase(older, 'connected', false)
      await lab.open({ clientId: 'told' })
      const { error } = await lost
      assert.equal(error?.reasonCode, 0x8e, `it was told nothing: ${error}`)
    },
  },
  {
    name: 'may send topic aliases',
    async run(lab) {
      const client = await lab.open({ topicAliasMaximum: 5 })
      const inbox = await lab.inbox(client, `${lab.topic}/+`)
      const names = ['a', 'b', 'a', 'b']
      for (const name of names) await client.publish(`${lab.topic}/${name}`, name, { qos: 1 })
      for (const name of names) {
        const message = await inbox.next()
        assert.deepEqual([message.topic, message.text()], [`${lab.topic}/${name}`, name])
      }
    },
  },
  {
    name: 'keeps to the Receive Maximum of the client',
    async run(lab) {
      const client = await lab.open({ receiveMaximum: 1 })
      const inbox = await lab.inbox(client, lab.topic, { qos: 1 })
      const other = await lab.open()
      let unacknowledged = 0
      let most = 0
      client.addEventListener('packet', ({ packet }) => {
        if (packet.direction === 'received' && packet.kind === 'PUBLISH') most = Math.max(most, ++unacknowledged)
        if (packet.direction === 'sent' && packet.kind === 'PUBACK') unacknowledged--
      })
      const texts = Array.from({ length: 50 }, (_, number) => String(number))
      await Promise.all(texts.map(text => other.publish(lab.topic, text, { qos: 1 })))
      assert.deepEqual(await inbox.texts(50), texts)
      assert.equal(most, 1)
    },
  },
  {
    name: 'says how many subscribers a message has: 0x10 for none',
    async run(lab) {
      const client = await lab.open()
      const acks = received(client, 'PUBACK')
      await client.publish(`${lab.topic}/nobody`, 'x', { qos: 1 })
      assert.equal(acks[0].reasonCode, 0x10)
    },
  },
]
