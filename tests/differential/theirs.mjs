// mqtt-packet, behind the descriptions that our side speaks.
import mqttPacket from 'mqtt-packet'
import { kinds, returnCodes } from './tables.mjs'

/** The bytes that mqtt-packet makes of a description. */
export const encode = (packet, version) => mqttPacket.generate(toTheirs(packet, version), { protocolVersion: version })

/**
 * What mqtt-packet makes of a stream: the packets' descriptions, what is wrong, and how many bytes
 * wait for more.
 *
 * @param {Buffer[]} chunks
 */
export function decode(chunks, version) {
  const parser = mqttPacket.parser({ protocolVersion: version })
  const packets = []
  let error = null
  parser.on('packet', packet => packets.push(packet))
  parser.on('error', found => {
    error ??= found.message
  })
  let unread = 0
  for (const chunk of chunks) {
    try {
      if (error === null) unread = parser.parse(chunk)
    } catch (thrown) {
      error = `thrown: ${thrown.message}`
    }
  }
  return { packets: packets.map(packet => fromTheirs(packet, version)), error, unread }
}

function toTheirs(packet, version) {
  const { kind, properties: list, ...fields } = packet
  const theirs = { cmd: kind.toLowerCase(), ...rename(fields) }
  if (version === 5) theirs.properties = toTheirProperties(list)
  switch (kind) {
    case 'CONNECT':
      theirs.protocolVersion = version
      theirs.will = packet.will ? toTheirWill(packet.will, version) : undefined
      break
    case 'CONNACK':
      if (version === 4) theirs.returnCode = returnCodes.indexOf(packet.reason)
      break
    case 'SUBSCRIBE':
      theirs.subscriptions = packet.subscriptions.map(
        ({ filter, qos, noLocal, retainAsPublished, retainHandling }) => ({
          topic: filter,
          qos,
          nl: noLocal,
          rap: retainAsPublished,
          rh: retainHandling,
        }),
      )
      break
    default:
  }
  return theirs
}

const toTheirWill = (will, version) => ({
  ...rename(will),
  properties: version === 5 ? toTheirProperties(will.properties) : undefined,
})

const theirNames = {
  cleanStart: 'clean',
  keepAlive: 'keepalive',
  packetId: 'messageId',
  reason: 'reasonCode',
  reasons: 'granted',
  filters: 'unsubscriptions',
}
const inHex = ['payload', 'password']

function rename(fields) {
  const renamed = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null) renamed[theirNames[name] ?? name] = inHex.includes(name) ? Buffer.from(value, 'hex') : value
  }
  return renamed
}

const exceptions = {
  UserProperty: 'userProperties',
  SubscriptionIdentifierAvailable: 'subscriptionIdentifiersAvailable',
}
const theirName = name => exceptions[name] ?? name[0].toLowerCase() + name.slice(1)

function toTheirProperties(list = []) {
  const theirs = {}
  const add = (to, name, value) => {
    to[name] = Object.hasOwn(to, name) ? [to[name], value].flat() : value
  }
  for (const [name, value] of list) {
    if (name === 'UserProperty') {
      theirs.userProperties ??= {}
      add(theirs.userProperties, ...value)
    } else if (name.endsWith('Data')) add(theirs, theirName(name), Buffer.from(value, 'hex'))
    else if (name === 'MaximumQoS') add(theirs, theirName(name), Number(value))
    else add(theirs, theirName(name), value)
  }
  return theirs
}

/**
 * Their packet in the words of a description; a field that they leave out has its neutral value.
 */
function fromTheirs(packet, version) {
  const kind = packet.cmd.toUpperCase()
  const properties = fromTheirProperties(packet.properties)
  const common = { kind, packetId: packet.messageId, reason: packet.reasonCode ?? 0, reasons: packet.granted ?? [] }
  const { packetId, reason } = common
  switch (kind) {
    case 'CONNECT':
      return {
        kind,
        version: packet.protocolVersion,
        cleanStart: packet.clean,
        keepAlive: packet.keepalive,
        clientId: packet.clientId,
        will: packet.will ? fromTheirWill(packet.will) : null,
        username: packet.username ?? null,
        password: packet.password?.toString('hex') ?? null,
        properties,
        ...(packet.protocolId === 'MQTT' ? {} : { protocolName: packet.protocolId }),
        ...(packet.bridgeMode ? { bridgeMode: true } : {}),
      }
    case 'CONNACK': {
      const mapped = version === 5 ? reason : (returnCodes[packet.returnCode] ?? `return code ${packet.returnCode}`)
      return { kind, sessionPresent: packet.sessionPresent, reason: mapped, properties }
    }
    case 'PUBLISH': {
      const { dup, qos, retain, topic, payload } = packet
      return { kind, dup, qos, retain, topic, packetId: packetId ?? null, payload: payload.toString('hex'), properties }
    }
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      return { kind, packetId, reason, properties }
    case 'SUBSCRIBE':
      return { kind, packetId, properties, subscriptions: packet.subscriptions.map(fromTheirSubscription) }
    case 'SUBACK':
    case 'UNSUBACK':
      return { kind, packetId, properties, reasons: common.reasons }
    case 'UNSUBSCRIBE':
      return { kind, packetId, properties, filters: packet.unsubscriptions }
    case 'PINGREQ':
    case 'PINGRESP':
      return { kind }
    case 'DISCONNECT':
    case 'AUTH':
      return { kind, reason, properties }
    default:
      throw new Error(`${kind} is none of ${kinds.join(' ')}`)
  }
}

const fromTheirWill = ({ qos, retain, topic, payload, properties }) => ({
  qos,
  retain,
  topic,
  payload: payload.toString('hex'),
  properties: fromTheirProperties(properties),
})

const fromTheirSubscription = ({ topic, qos, nl = false, rap = false, rh = 0 }) => ({
  filter: topic,
  qos,
  noLocal: nl,
  retainAsPublished: rap,
  retainHandling: rh,
})

const ourName = name =>
  Object.keys(exceptions).find(ours => exceptions[ours] === name) ?? name[0].toUpperCase() + name.slice(1)

function fromTheirProperties(properties = {}) {
  const list = []
  for (const [name, values] of Object.entries(properties)) {
    if (name === 'userProperties') {
      for (const [key, value] of Object.entries(values))
        list.push(...[value].flat().map(one => ['UserProperty', [key, one]]))
    } else list.push(...[values].flat().map(value => [ourName(name), fromTheirValue(name, value)]))
  }
  return list
}

function fromTheirValue(name, value) {
  if (Buffer.isBuffer(value)) return value.toString('hex')
  if (name === 'maximumQoS' && (value === 0 || value === 1)) return value === 1
  return value
}
