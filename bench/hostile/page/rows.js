// Hostile inputs that a page or a program can be sent, by the names of the native rows.
import { Broker, memory } from 'wasmqtt/broker'
import { clock, Lab } from './lab.js'
import { connect, puback, publish, subscribe, unsubscribe, userProperties } from './packets.js'

const names = (count, name) => Array.from({ length: count }, (_, number) => name(number))

function joined(packets) {
  const bytes = new Uint8Array(packets.reduce((length, packet) => length + packet.length, 0))
  let at = 0
  for (const packet of packets) {
    bytes.set(packet, at)
    at += packet.length
  }
  return bytes
}

/** A thousand filters that match the same topics of eleven levels. */
const matching = (end = '') =>
  names(1000, number => `+${names(10, bit => ((number >> bit) & 1 ? '/b' : '/+')).join('')}${end}`)

const LONG = `${'a'.repeat(900)}${'/b'.repeat(10)}`

async function properties(identifier) {
  const lab = await Lab.open()
  await lab.crowd(1000, {}, peer => peer.ask(subscribe(['t'], 1, identifier)))
  const sender = await lab.join('sender')
  const list = userProperties(200_000)
  await lab.attack(sender, publish('t', '', { properties: list }))
  await lab.attack(sender, publish('t', '', { qos: 1, properties: list }))
  return lab.end()
}

async function cursors(options) {
  const lab = await Lab.open(options)
  const sender = await lab.join('sender')
  for (let number = 0; number < 300; number++) sender.socket.send(publish(`${LONG}/${number}`, 'x', { retain: true }))
  const reader = await lab.join('reader', { receiveMaximum: 1 })
  await reader.ask(subscribe(matching('/#')))
  for (let id = 1; id <= 200; id++) await lab.attack(reader, puback(id))
  return lab.end()
}

async function held(options) {
  const lab = await Lab.open(options)
  const sender = await lab.join('sender')
  await lab.attack(sender, joined(names(65_000, number => publish('t', '', { qos: 2, id: 65_000 - number }))))
  for (let number = 0; number < 20; number++) await lab.attack(await lab.open(), connect('sender'))
  return lab.end()
}

async function fanOut(qos) {
  const lab = await Lab.open()
  await lab.crowd(4000, {}, peer => peer.ask(subscribe(['t'], qos)))
  const sender = await lab.join('sender')
  await lab.attack(sender, joined(names(20, number => publish('t', 'x', { qos, id: number + 1 }))))
  return lab.end()
}

/** The records of so many sessions, made from those of one. */
async function recordsOf(count) {
  const store = memory()
  const broker = await new Broker({ store }).ready
  const peer = broker.socket()
  peer.binaryType = 'arraybuffer'
  await new Promise(resolve => {
    peer.onopen = () => peer.send(connect('m000000'))
    peer.onmessage = () => {
      peer.onmessage = resolve
      peer.send(subscribe(['a/000000', 't/+']))
    }
  })
  await broker.close()
  const records = [...store.load()]
  const own = records.filter(({ key }) => key.length > 8)
  const text = bytes => String.fromCharCode(...bytes)
  const numbered = (bytes, number) => {
    const at = text(bytes).indexOf('000000')
    const copy = bytes.slice()
    if (at >= 0)
      for (const [place, digit] of [...`${number}`.padStart(6, '0')].entries()) copy[at + place] = digit.charCodeAt(0)
    return copy
  }
  const rest = records.filter(record => !own.includes(record))
  for (let number = 0; number < count; number++) {
    for (const { key, value } of own) {
      const own = numbered(key, number)
      new DataView(own.buffer).setUint32(5, number + 1)
      rest.push({ key: own, value: numbered(value, number) })
    }
  }
  return rest
}

export const ROWS = {
  'a full queue behind a message of 200,000 user properties': async () => {
    const lab = await Lab.open()
    const reader = await lab.join('reader')
    await reader.ask(subscribe(['q']))
    reader.socket.close()
    const sender = await lab.join('sender')
    await sender.ask(publish('q', '', { qos: 1, properties: userProperties(200_000) }))
    await lab.attack(sender, joined(names(1400, number => publish('q', '', { qos: 1, id: number + 2 }))))
    return lab.end()
  },
  '200,000 user properties for 1,000 subscribers': () => properties(0),
  'the same, with subscription identifiers': () => properties(7),
  '1,000 retained filters, Receive Maximum 1': () => cursors({}),
  'live messages of a topic of 1,000 filters, with a store': async () => {
    const lab = await Lab.open({ store: memory() })
    const sender = await lab.join('sender')
    for (const topic of [...names(200, number => `0/${number}`), LONG]) {
      await sender.ask(publish(topic, 'x', { qos: 1, retain: true }))
    }
    const reader = await lab.join('reader', { receiveMaximum: 1 })
    await reader.ask(subscribe(['#']))
    await reader.ask(subscribe(matching()))
    for (let id = 1; id <= 20; id++) await lab.attack(sender, publish(LONG, 'y', { qos: 1, id, retain: true }))
    return lab.end()
  },
  '65,000 QoS 2 identifiers held': () => held({}),
  "ten clients that take over each other's session": async () => {
    const lab = await Lab.open()
    const sender = await lab.join('sender')
    for (const name of names(10, number => `c${number}`)) await (await lab.join(name)).ask(subscribe(['t']))
    const payload = 'x'.repeat(3000)
    for (let id = 1; id <= 1256; id++) await sender.ask(publish('t', payload, { qos: 1, id }))
    for (let round = 0; round < 200; round++) {
      await lab.attack(await lab.open(), connect(`c${round % 10}`, { clean: round % 50 === 49 }))
    }
    return lab.end()
  },
  '1,000 filters subscribed and unsubscribed, again and again': async () => {
    const lab = await Lab.open()
    const reader = await lab.join('reader')
    const filters = names(1000, number => `a/${number}/b/+`)
    await lab.attack(reader, joined(names(20, () => joined([subscribe(filters), unsubscribe(filters)]))))
    const many = names(100_000, number => `b/${number % 1000}`)
    await lab.attack(reader, subscribe(many))
    await lab.attack(reader, unsubscribe(many))
    return lab.end()
  },
  'filters of 128 levels': async () => {
    const lab = await Lab.open()
    const reader = await lab.join('reader')
    const deep = names(1000, number => `${'a/'.repeat(127)}${number}`)
    await lab.attack(reader, subscribe(deep))
    await lab.attack(reader, joined(deep.map(topic => publish(topic, ''))))
    return lab.end()
  },
  'a group of members that are away': async () => {
    const lab = await Lab.open({ queue: { messages: 10 } })
    const peers = await lab.crowd(8000, {}, peer => peer.ask(subscribe(['$share/g/t'])))
    for (const peer of peers) peer.socket.close()
    const sender = await lab.join('sender')
    await lab.attack(sender, joined(names(2000, number => publish('t', 'x', { qos: 1, id: number + 1 }))))
    return lab.end()
  },
  '1,000 $SYS filters among sessions': async () => {
    const lab = await Lab.open()
    const peers = await lab.crowd(8000, {}, () => {})
    for (const peer of peers) peer.socket.close()
    const reader = await lab.join('reader')
    await lab.attack(
      reader,
      subscribe(
        names(1000, number => `$SYS/+/+/${number}`),
        0,
      ),
    )
    return lab.end()
  },
  'wills due at once': async () => {
    const lab = await Lab.open()
    const watchers = await lab.crowd(20, {}, peer => peer.ask(subscribe(['will/#'])))
    const will = { topic: 'will/gone', delay: 3 }
    const left = []
    for (const name of names(5000, number => `w${number}`)) left.push(await lab.join(name, { will }))
    for (const peer of left) peer.socket.close()
    await lab.watch(4500)
    return watchers.length > 0 && lab.end()
  },
  'a PUBLISH to 4,000 subscribers': () => fanOut(0),
  'the same at QoS 1': () => fanOut(1),
  'lists of 16,000 sessions and retained messages': async () => {
    const lab = await Lab.open()
    await lab.crowd(16_000, {}, (peer, number) =>
      peer.ask(joined([subscribe([`a/${number}`]), publish(`a/${number}`, 'x', { qos: 1, retain: true })])),
    )
    await lab.list()
    return lab.end()
  },
  'a store of 100,000 sessions at start': async () => {
    const records = await recordsOf(100_000)
    // The event loop's own waits, since the broker takes nobody before it is ready.
    let [longest, last, isOver] = [0, clock(), false]
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      const now = clock()
      longest = Math.max(longest, now - last)
      last = now
      if (!isOver) channel.port2.postMessage(0)
    }
    channel.port2.postMessage(0)
    const store = { load: () => records, write: async () => {}, close: async () => {} }
    const broker = await new Broker({ store, sessionsMaximum: 200_000 }).ready
    isOver = true
    const { clients, memory: held } = broker.counters()
    channel.port1.close()
    if (clients.total !== 100_000) throw new Error(`${clients.total} sessions`)
    await broker.close()
    return { wait: longest, memory: held.highest }
  },
}

/** Returns the longest wait of a row in milliseconds, and the most memory in bytes. */
export const run = name => ROWS[name]()
