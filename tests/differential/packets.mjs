// Random valid packets, as the plain descriptions that examples/codec_lines reads and prints.
import { mayRepeat, properties, reasons, returnCodes } from './tables.mjs'

const samples = [
  '',
  'a',
  'sensor/1',
  'é',
  '日本語',
  '🛰️',
  '\ufeffx',
  'line\nbreak',
  '"quoted\\"',
  '\u0001',
  'x'.repeat(200),
]
const topics = ['a', 'a/b', '/', 'a//b', '$SYS/x', 'é/日本', ' ', 'x'.repeat(130), 'a/b/c/d/e/f']
const filters = [...topics, '#', '+', 'a/#', '+/b/+', '$share/group/a/#', '//+']

/** A packet of this kind that this version has. */
export function packet(random, kind, version) {
  return { kind, ...fields[kind](random, version, kind) }
}

/** Descriptions of packets that mqtt-packet cannot make, though MQTT can. */
export const theyCannotMake = packet =>
  packet.kind === 'CONNECT' &&
  ((packet.password !== null && packet.username === null) || (packet.clientId === '' && !packet.cleanStart))

const fields = {
  CONNECT: (random, version) => {
    const username = random.flag() ? text(random) : null
    // 3.1.1 has no password without a user name (3.1.1 §3.1.2.9).
    const password = random.flag() && (username !== null || version === 5) ? payload(random) : null
    return {
      version,
      cleanStart: random.flag(),
      keepAlive: two(random),
      clientId: text(random),
      will: random.flag() ? will(random, version) : null,
      username,
      password,
      properties: list(random, 'CONNECT', version),
    }
  },
  CONNACK: (random, version, kind) => {
    const reason = version === 5 ? random.pick(reasons.CONNACK) : random.pick(returnCodes)
    return { sessionPresent: reason === 0 && random.flag(), reason, properties: list(random, kind, version) }
  },
  PUBLISH: (random, version, kind) => {
    const qos = random.below(3)
    const properties = list(random, kind, version)
    const isAliased = properties.some(([name]) => name === 'TopicAlias')
    return {
      dup: qos > 0 && random.flag(),
      qos,
      retain: random.flag(),
      topic: isAliased && random.flag() ? '' : random.pick(topics),
      packetId: qos > 0 ? packetId(random) : null,
      payload: payload(random),
      properties,
    }
  },
  PUBACK: acknowledgement,
  PUBREC: acknowledgement,
  PUBREL: acknowledgement,
  PUBCOMP: acknowledgement,
  SUBSCRIBE: (random, version, kind) => ({
    packetId: packetId(random),
    subscriptions: some(random, () => subscription(random, version)),
    properties: list(random, kind, version),
  }),
  SUBACK: (random, version, kind) => ({
    packetId: packetId(random),
    reasons: some(random, () => random.pick(version === 5 ? reasons.SUBACK : [0, 1, 2, 0x80])),
    properties: list(random, kind, version),
  }),
  UNSUBSCRIBE: (random, version, kind) => ({
    packetId: packetId(random),
    filters: some(random, () => random.pick(filters)),
    properties: list(random, kind, version),
  }),
  UNSUBACK: (random, version, kind) => ({
    packetId: packetId(random),
    reasons: version === 5 ? some(random, () => random.pick(reasons.UNSUBACK)) : [],
    properties: list(random, kind, version),
  }),
  PINGREQ: () => ({}),
  PINGRESP: () => ({}),
  DISCONNECT: (random, version, kind) => ({
    reason: version === 5 ? random.pick(reasons.DISCONNECT) : 0,
    properties: list(random, kind, version),
  }),
  AUTH: (random, version, kind) => ({ reason: random.pick(reasons.AUTH), properties: list(random, kind, version) }),
}

function acknowledgement(random, version, kind) {
  const reason = version === 5 ? random.pick(reasons[kind]) : 0
  return { packetId: packetId(random), reason, properties: list(random, kind, version) }
}

const will = (random, version) => ({
  qos: random.below(3),
  retain: random.flag(),
  topic: random.pick(topics),
  payload: payload(random),
  properties: list(random, 'WILL', version),
})

function subscription(random, version) {
  const filter = random.pick(filters)
  return {
    filter,
    qos: random.below(3),
    // Not on a shared subscription [MQTT-3.8.3-4].
    noLocal: version === 5 && !filter.startsWith('$share/') && random.flag(),
    retainAsPublished: version === 5 && random.flag(),
    retainHandling: version === 5 ? random.below(3) : 0,
  }
}

/** A property list for this place; half of all lists are empty. */
function list(random, place, version) {
  if (version === 4 || random.flag()) return []
  const names = Object.keys(properties).filter(name => properties[name].places.includes(place))
  const found = []
  for (const name of random.list(1 + random.below(8), () => random.pick(names))) {
    if (mayRepeat(name, place) || !found.some(([other]) => other === name)) {
      found.push([name, value(random, properties[name].type)])
    }
  }
  const has = name => found.some(([other]) => other === name)
  // Data needs its method (§3.1.2.11.10).
  return has('AuthenticationMethod') ? found : found.filter(([name]) => name !== 'AuthenticationData')
}

function value(random, type) {
  switch (type) {
    case 'bit':
      return random.flag()
    case 'two':
      return two(random)
    case 'two+':
      return two(random) || 1
    case 'four':
      return four(random)
    case 'four+':
      return four(random) || 1
    case 'variable+':
      return random.pick([1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])
    case 'text':
      return text(random)
    case 'topic':
      return random.pick(topics)
    case 'bytes':
      return random.bytes(random.below(20)).toString('hex')
    case 'pair':
      return [text(random), text(random)]
    default:
      throw new Error(`no type is called ${type}`)
  }
}

const text = random => random.pick(samples)
const two = random => random.pick([0, 1, 255, 256, 65_535, random.below(65_536)])
const four = random => random.pick([0, 1, 65_536, 0xffff_ffff, random.below(2 ** 32)])
const packetId = random => two(random) || 1
const some = (random, item) => random.list(1 + random.below(4), item)

/** Around the lengths at which a remaining length grows by a byte, among others. */
function payload(random) {
  const length = random.once(50) ? random.pick([16_200, 17_000]) : random.pick([0, 1, 10, random.below(300)])
  return random.bytes(length).toString('hex')
}
