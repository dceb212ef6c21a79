// The gallery: each element in each of its states, on traces of the simulator.
import {
  define,
  type MqttElements,
  type PacketEntry,
  type PacketView,
  type SessionSide,
  type Trace,
  type WillView,
} from 'wasmqtt/elements'
import { longTrace } from './model/long-trace.ts'
import { themeButton } from './model/theme.ts'
import flows from './traces/flows.json'
import halfOpen from './traces/half-open.json'
import twice from './traces/twice.json'
import will from './traces/will.json'

type Tag = keyof MqttElements
type State<T extends Tag> = { caption: string; isWide?: boolean } & Partial<MqttElements[T]>

const trace = (json: unknown): Trace => json as Trace
/** Returns the first packet of a trace with this name, as the recording dissects it. */
const packet = (kind: string, qos?: number): PacketView => {
  const found = trace(flows).entries.find(entry => entry.type === 'packet' && entry.kind === kind && entry.qos === qos)
  const { bytes, dissection } = found as PacketEntry & { dissection: Omit<PacketView, 'bytes'> }
  return { bytes, ...dissection }
}
const broken: PacketView = {
  bytes: '320500',
  error: { problem: 'the packet ends within its topic name', field: 2 },
  fields: [
    { start: 0, end: 1, depth: 0, isGroup: false, name: 'Packet Type and Flags', value: 50, section: '§2.1.1' },
    { start: 1, end: 2, depth: 0, isGroup: false, name: 'Remaining Length', value: 5, section: '§2.1.4' },
    { start: 2, end: 3, depth: 0, isGroup: false, name: 'Topic Name', section: '§3.3.2.1', isUndecoded: true },
  ],
}
const client: SessionSide = {
  connection: 'connected',
  expiry: 3600,
  outgoing: [{ packetId: 7, qos: 2, awaits: 'PUBREC', topic: 'home/kitchen' }],
  subscriptions: [{ filter: 'home/#', qos: 2 }],
}
const broker: SessionSide = { ...client, outgoing: [], incoming: [{ packetId: 7, awaits: 'PUBREL' }] }
const status: WillView = {
  topic: 'home/sensor/status',
  payload: 'gone',
  delay: 2,
  fate: 'armed',
  keepAlive: 10,
  deadline: 15_000,
}
const levels = (filter: string, ...verdicts: string[]) => {
  const topic = ['home', 'kitchen', 'temperature']
  return verdicts.map((verdict, i) => ({ filter: filter.split('/')[i], topic: topic[i], verdict }))
}
const filters = [
  { filter: 'home/#', owner: 'dashboard', qos: 2, matches: true, levels: levels('home/#', 'equal', 'hash') },
  {
    filter: 'home/+/temperature',
    owner: 'log',
    qos: 0,
    matches: true,
    levels: levels('home/+/temperature', 'equal', 'plus', 'equal'),
  },
  {
    filter: 'home/garage/#',
    owner: 'door',
    qos: 1,
    matches: false,
    levels: levels('home/garage/#', 'equal', 'differs'),
  },
] as MqttElements['mqtt-topic-trie']['filters']

define()
themeButton()
show('mqtt-space-time', 'The space-time diagram', [
  { caption: 'The three qualities of service, idle time folded', trace: trace(flows) },
  { caption: 'A message sent twice, its thread lit', trace: trace(twice), selected: indexOf(twice, true) },
  { caption: 'A half-open link: nothing arrives, and nobody is told', trace: trace(halfOpen) },
  { caption: 'A moment at which packets are under way', trace: trace(flows), now: 258 },
  { caption: 'In proportion to time', trace: trace(flows), mode: 'proportional' },
  { caption: 'A will that fires after its delay', trace: trace(will), selected: trace(will).entries.length - 1 },
  { caption: 'Ten thousand packets', trace: longTrace(10_000), isWide: true },
  { caption: 'Without a packet' },
])
show('mqtt-packet', 'The packet inspector', [
  { caption: 'PUBLISH', packet: packet('PUBLISH', 2), isWide: true },
  { caption: 'CONNECT, editable', packet: packet('CONNECT'), editable: true, isWide: true },
  { caption: 'A malformed packet', packet: broken },
  { caption: 'Without a packet' },
])
show('mqtt-topic-trie', 'The topic trie', [
  { caption: 'A topic that has been walked to its end', filters, topic: 'home/kitchen/temperature' },
  { caption: 'After two levels', filters, topic: 'home/kitchen/temperature', step: 2 },
  { caption: 'Without a topic', filters },
  { caption: 'Without a filter' },
])
show('mqtt-session', 'The session panel', [
  { caption: 'Both sides in the middle of QoS 2', client, broker, label: 'Session of sensor' },
  { caption: 'Without a session' },
])
const fates = ['armed', 'cleared', 'delayed', 'cancelled', 'fired'] as const
show('mqtt-will', 'The will strip', [
  ...fates.map(fate => ({ caption: fate, will: { ...status, fate }, now: 6_000 })),
  { caption: 'Without a will' },
])
show('mqtt-transport', 'The transport bar', [
  { caption: 'Paused', now: 12_050, end: 20_000 },
  {
    caption: 'Playing, with branches',
    playing: true,
    now: 500,
    end: 900,
    branches: [{ name: 'main' }, { name: 'link cut' }],
    branch: 1,
  },
  { caption: 'Before the world is there', disabled: true },
])
show('mqtt-monitors', 'The monitors', [
  {
    caption: 'Each state',
    monitors: [
      { name: 'once', text: 'QoS 2 arrives exactly once', state: 'holds' },
      { name: 'least', text: 'QoS 1 arrives at least once', state: 'pending' },
      { name: 'order', text: 'Messages arrive in order', state: 'broken', entry: 12 },
    ],
  },
])
show('mqtt-events', 'The table of events', [
  { caption: 'The trace of a message that is sent twice', trace: trace(twice), selected: indexOf(twice, true) },
  { caption: 'Ten thousand packets, in parts', trace: longTrace(10_000) },
  { caption: 'Without an event' },
])

function show<T extends Tag>(tag: T, title: string, states: readonly State<T>[]): void {
  const section = document.createElement('section')
  section.id = tag
  const heading = document.createElement('h2')
  heading.textContent = title
  const list = document.createElement('div')
  list.className = 'states'
  for (const { caption, isWide, ...properties } of states) {
    const figure = document.createElement('figure')
    figure.classList.toggle('wide', isWide === true)
    const words = document.createElement('figcaption')
    words.textContent = caption
    figure.append(words, Object.assign(document.createElement(tag), properties))
    list.append(figure)
  }
  section.append(heading, list)
  document.getElementById('gallery')?.append(section)
}

function indexOf(json: unknown, dup: boolean): number {
  return trace(json).entries.findIndex(
    entry => entry.type === 'packet' && entry.kind === 'PUBLISH' && entry.dup === dup,
  )
}
