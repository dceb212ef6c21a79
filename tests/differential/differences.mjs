// The known differences between the codecs: packets that one takes and the other does not. Each has
// the statement that decides, and a proof that the packet at hand is one of these, without our
// codec.
import { header } from './mutate.mjs'
import { mayRepeat, properties, reasons } from './tables.mjs'
import * as theirs from './theirs.mjs'

/**
 * @typedef {object} Difference
 * @property {string} statement The rule that our error names; for what we take, the statement that
 * allows it.
 * @property {string} why What mqtt-packet does instead.
 * @property {(found: Found) => boolean} proves Whether the case at hand breaks the statement (or is
 * what it allows).
 * @property {true} [early] Whether mqtt-packet may still wait for more, so that there is no packet.
 * @property {[number, string]} example A version and the bytes of a packet that shows it.
 */

/**
 * @typedef {object} Found One case in which the codecs differ.
 * @property {any} packet What mqtt-packet reads.
 * @property {Buffer} bytes
 * @property {number} version
 * @property {number} offset Where our error is.
 */

/** @type {Difference[]} Packets that we refuse, and mqtt-packet takes or would wait for. */
export const theyAreLaxer = [
  {
    statement: '§2.1.2',
    why: 'it looks at a reserved packet type once the remaining length is there',
    early: true,
    proves: ({ bytes }) => bytes[0] >> 4 === 0,
    example: [5, '02'],
  },
  {
    statement: '3.1.1 §2.2.1',
    why: 'it looks at a type that 3.1.1 reserves once the whole packet is there',
    early: true,
    proves: ({ bytes, version }) => version === 4 && bytes[0] >> 4 === 15,
    example: [4, 'f0'],
  },
  {
    statement: 'MQTT-1.5.5-1',
    why: 'it takes a variable byte integer in more bytes than it needs, a remaining length among them',
    early: true,
    proves: ({ bytes, version, offset }) => version === 5 && isTooLong(bytes.subarray(offset)),
    example: [5, '300600016180 0078'],
  },
  {
    statement: 'MQTT-1.5.4-1',
    why: 'it replaces what is no UTF-8 by U+FFFD',
    proves: ({ packet }) => JSON.stringify(packet).includes('\ufffd'),
    example: [4, '30050003ed a080'],
  },
  {
    statement: 'MQTT-1.5.4-2',
    why: 'it takes U+0000 in a string',
    proves: ({ packet }) => JSON.stringify(packet).includes('\\u0000'),
    example: [4, '300400026100'],
  },
  {
    statement: '§2.1.4',
    why: 'it leaves out what follows the last field',
    proves: isWrittenShorter,
    example: [4, '400300050a'],
  },
  {
    statement: '§2.1.4',
    why: 'it reads a field that is not there as -1, false or undefined, or beyond the end of its property list',
    proves: isWrittenOtherwise,
    example: [4, '2000'],
  },
  {
    statement: 'MQTT-2.2.1-3',
    why: 'it takes packet identifier 0',
    proves: ({ packet }) => packet.packetId === 0,
    example: [4, '40020000'],
  },
  {
    statement: '§2.2.2.2',
    why: 'it takes any property in any packet',
    proves: ({ packet, bytes, offset }) => {
      const { places } = propertyOf(bytes[offset]) ?? {}
      return places !== undefined && lists(packet).some(([place]) => !places.includes(place))
    },
    example: [5, '400700050003230001'],
  },
  {
    statement: '§2.2.2.2',
    why: 'it makes an array of a property that stands twice, or takes the last',
    proves: isRepeated,
    example: [5, '30080001610401000101'],
  },
  {
    statement: '§2.2.2.2',
    why: 'it reads any byte but 0 as true, and any byte as a maximum QoS',
    proves: ({ bytes, offset }) => propertyOf(bytes[offset - 1])?.type === 'bit' && bytes[offset] > 1,
    example: [5, '3006000161020102'],
  },
  {
    statement: '§2.2.2.2',
    why: 'it takes 0 for a property that must not be 0',
    proves: isZero,
    example: [5, '82090005020b00 00016100'],
  },
  {
    statement: 'MQTT-3.3.2-8',
    why: 'it takes topic alias 0',
    proves: isZero,
    example: [5, '300700016103230000'],
  },
  {
    statement: 'MQTT-3.3.2-14',
    why: 'it takes a response topic with wildcards',
    proves: ({ packet }) =>
      lists(packet).some(([, list]) => list.some(([name, value]) => name === 'ResponseTopic' && hasWildcard(value))),
    example: [5, '300800016104080001 23'],
  },
  {
    statement: 'MQTT-4.7.3-1',
    why: 'it takes an empty response topic',
    proves: ({ packet }) =>
      lists(packet).some(([, list]) => list.some(([name, value]) => name === 'ResponseTopic' && value === '')),
    example: [5, '300700016103080000'],
  },
  {
    statement: '§3.1.2.11.10',
    why: 'it takes authentication data without a method',
    proves: ({ packet }) =>
      lists(packet).some(([, list]) => has(list, 'AuthenticationData') && !has(list, 'AuthenticationMethod')),
    example: [5, 'f006180416000178'],
  },
  {
    statement: '§2.4',
    why: 'it takes any reason code in a CONNACK',
    proves: ({ packet }) => packet.kind === 'CONNACK' && !reasons.CONNACK.includes(packet.reason),
    example: [5, '2003000100'],
  },
  {
    statement: '3.1.1 §3.2.2.3',
    why: 'it takes any return code in a CONNACK of 3.1.1',
    proves: ({ packet }) => /^return code/.test(packet.reason),
    example: [4, '20020006'],
  },
  {
    statement: 'MQTT-3.2.2-6',
    why: 'it takes session present in a CONNACK that refuses',
    proves: ({ packet }) => packet.sessionPresent && packet.reason >= 0x80,
    example: [4, '20020105'],
  },
  {
    statement: 'MQTT-3.1.2-1',
    why: 'it speaks MQTT 3.1, whose protocol name is MQIsdp',
    proves: ({ packet }) => packet.protocolName === 'MQIsdp',
    example: [4, '100e00064d51497364700402003c0000'],
  },
  {
    statement: 'MQTT-3.1.2-2',
    why: "it speaks MQTT 3.1, level 3, and knows Mosquitto's bridge bit",
    proves: ({ packet }) => packet.version === 3 || packet.bridgeMode,
    example: [4, '100c00044d5154540302003c0000'],
  },
  {
    statement: 'MQTT-3.1.2-12',
    why: 'it takes a will of QoS 3',
    proves: ({ packet }) => packet.will?.qos === 3,
    example: [4, '101100044d515454041e003c000000016100 00'],
  },
  {
    statement: '3.1.1 §3.1.2.9',
    why: 'it reads a password without a user name in 3.1.1',
    proves: ({ packet }) => packet.version === 4 && packet.username === null && packet.password !== null,
    example: [4, '100f00044d5154540442003c0000000178'],
  },
  {
    statement: '§4.7.3',
    why: 'it takes a will topic that is empty or has wildcards',
    proves: ({ packet }) => packet.will?.topic === '' || hasWildcard(packet.will?.topic),
    example: [4, '101100044d5154540406003c000000012300 00'],
  },
  {
    statement: 'MQTT-3.3.1-2',
    why: 'it takes DUP on a PUBLISH of QoS 0',
    proves: ({ packet }) => packet.dup && packet.qos === 0,
    example: [4, '3803000161'],
  },
  {
    statement: 'MQTT-3.3.2-2',
    why: 'it takes wildcards in a topic name',
    proves: ({ packet }) => packet.kind === 'PUBLISH' && hasWildcard(packet.topic),
    example: [4, '3003000123'],
  },
  {
    statement: 'MQTT-4.7.3-1',
    why: 'it takes an empty topic name in 3.1.1',
    proves: ({ packet }) => packet.kind === 'PUBLISH' && packet.topic === '',
    example: [4, '30020000'],
  },
  {
    statement: '§3.3.2.1',
    why: 'it takes an empty topic name without a topic alias',
    proves: ({ packet }) => packet.kind === 'PUBLISH' && packet.topic === '' && !has(packet.properties, 'TopicAlias'),
    example: [5, '3003000000'],
  },
  {
    statement: 'MQTT-4.7.3-1',
    why: 'it takes an empty topic filter',
    proves: ({ packet }) => filtersOf(packet).includes(''),
    example: [4, '82050001000000'],
  },
  {
    statement: 'MQTT-4.7.1-1',
    why: 'it takes `#` beside other characters and before other levels',
    proves: ({ packet }) => filtersOf(packet).some(filter => /[^/]#|#./s.test(filter)),
    example: [4, '820700010002612300'],
  },
  {
    statement: 'MQTT-4.7.1-2',
    why: 'it takes `+` beside other characters',
    proves: ({ packet }) => filtersOf(packet).some(filter => /[^/]\+|\+[^/]/.test(filter)),
    example: [4, 'a20600010002612b'],
  },
  {
    statement: 'MQTT-4.8.2-1',
    why: 'it takes a shared subscription without a share name',
    proves: ({ packet }) => filtersOf(packet).some(filter => filter.startsWith('$share//')),
    example: [5, '820f00010000092473686172652f2f6100'],
  },
  {
    statement: 'MQTT-4.8.2-2',
    why: 'it takes a shared subscription with a wildcard in its share name, or without a topic filter',
    proves: ({ packet }) =>
      filtersOf(packet).some(filter => filter.startsWith('$share/') && !/^\$share\/[^/+#]+\/./s.test(filter)),
    example: [5, 'a20d00010000082473686172652f67'],
  },
  {
    statement: 'MQTT-3.8.3-2',
    why: 'it takes a SUBSCRIBE without a filter',
    proves: ({ packet }) => packet.kind === 'SUBSCRIBE' && packet.subscriptions.length === 0,
    example: [4, '82020005'],
  },
  {
    statement: 'MQTT-3.8.3-4',
    why: 'it takes No Local on a shared subscription',
    proves: ({ packet }) => packet.subscriptions.some(({ filter, noLocal }) => noLocal && filter.startsWith('$share/')),
    example: [5, '821000050000 0a2473686172652f672f6104'],
  },
  {
    statement: 'MQTT-3.8.4-6',
    why: 'it takes a SUBACK without a reason code',
    proves: ({ packet }) => packet.kind === 'SUBACK' && packet.reasons.length === 0,
    example: [4, '90020005'],
  },
  {
    statement: 'MQTT-3.10.3-2',
    why: 'it takes an UNSUBSCRIBE without a filter',
    proves: ({ packet }) => packet.kind === 'UNSUBSCRIBE' && packet.filters.length === 0,
    example: [4, 'a2020005'],
  },
  {
    statement: 'MQTT-3.11.3-1',
    why: 'it takes an UNSUBACK without a reason code in 5.0',
    proves: ({ packet }) => packet.kind === 'UNSUBACK' && packet.reasons.length === 0,
    example: [5, 'b003000500'],
  },
]

/** @type {Difference[]} Packets that mqtt-packet refuses, and we take or wait for. */
export const weAreLaxer = [
  {
    statement: 'MQTT-3.3.1-4',
    why: 'it looks at the QoS with the first byte, we once the packet is whole',
    proves: ({ bytes }) => bytes[0] >> 4 === 3 && (bytes[0] & 6) === 6,
    example: [5, '36'],
  },
  {
    statement: '§2.4',
    why: 'it has the DISCONNECT reasons of §3.14.2.1, where bad authentication method is missing; table 2-6 has it',
    proves: ({ bytes, version }) => version === 5 && bytes[0] === 0xe0 && bytes[header(bytes).end] === 0x8c,
    example: [5, 'e0018c'],
  },
  {
    statement: '§3.15.2.1',
    why: 'it wants a reason code in every AUTH, which may be left out with the properties for success',
    proves: ({ bytes, version }) => version === 5 && bytes.toString('hex') === 'f000',
    example: [5, 'f000'],
  },
]

/** @type {Difference[]} Packets that both take, and read otherwise. */
export const readOtherwise = [
  {
    statement: '3.1.1 MQTT-3.1.2-2',
    why: 'it gives the return code 1 of a server that knows 3.1.1 alone as it came; to us it is what 5.0 has for it, 0x84',
    proves: ({ bytes, version }) => version === 5 && /^20020[01]01$/.test(bytes.toString('hex')),
    example: [5, '20020001'],
  },
]

const has = (list, wanted) => list.some(([name]) => name === wanted)
/** The topic filters of a SUBSCRIBE or UNSUBSCRIBE. */
const filtersOf = ({ subscriptions = [], filters = [] }) => [...subscriptions.map(({ filter }) => filter), ...filters]
const hasWildcard = text => /[+#]/.test(text ?? '')

/** Every property list of a packet and the place it stands in. */
function lists(packet) {
  const found = [[packet.kind, packet.properties ?? []]]
  if (packet.will) found.push(['WILL', packet.will.properties])
  return found
}

/** True if an identifier stands here that stood before, though its property may stand once. */
function isRepeated({ packet, bytes, offset }) {
  const [name] = Object.entries(properties).find(([, property]) => property.id === bytes[offset]) ?? []
  const before = bytes.subarray(header(bytes).end, offset)
  return name !== undefined && !mayRepeat(name, packet.kind) && before.includes(bytes[offset])
}

/** What mqtt-packet writes of what it has read; undefined if it cannot. */
function writtenAgain(packet, version) {
  try {
    return theirs.encode(packet, packet.version ?? version)
  } catch {
    return undefined
  }
}

/** It has read something else than these bytes say. */
function isWrittenOtherwise({ packet, bytes, version }) {
  return !writtenAgain(packet, version)?.equals(bytes)
}

/** It has left out some of the bytes. */
function isWrittenShorter({ packet, bytes, version }) {
  const written = writtenAgain(packet, version)
  return written === undefined || written.length < bytes.length
}

const propertyOf = id => Object.values(properties).find(property => property.id === id)

const widths = { 'two+': 2, 'four+': 4, 'variable+': 1 }

/** True if a property begins before this offset that must not be 0, and its value here is. */
function isZero({ bytes, offset }) {
  const width = widths[propertyOf(bytes[offset - 1])?.type]
  return width !== undefined && bytes.subarray(offset, offset + width).every(byte => byte === 0)
}

/** True if a variable byte integer begins here whose last byte adds nothing. */
function isTooLong(bytes) {
  const last = bytes.findIndex(byte => byte < 0x80)
  return last > 0 && last < 4 && bytes[last] === 0
}

/** The difference that explains why we refuse with this rule what they do not, if one does. */
export const explains = (rule, found) =>
  theyAreLaxer.find(row => row.statement === rule && (found.packet || row.early) && row.proves(found))
