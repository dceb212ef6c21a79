// The inspector: any broker over WebSocket, and each packet of the connection in the elements.
import type { PacketRecord, Status } from 'wasmqtt'
import { define } from 'wasmqtt/elements'
import { Capture, type CapturedPacket, type CaptureView } from 'wasmqtt/tap'
import { Connection, messageOf } from './inspector/connection.ts'
import { Guarantees } from './inspector/guarantees.ts'
import { PacketView, payloadOf } from './inspector/packet-view.ts'
import { Subscriptions } from './inspector/subscriptions.ts'
import { TopicList } from './inspector/topic-list.ts'
import { part } from './model/part.ts'
import { themeButton } from './model/theme.ts'
import { Topics } from './model/topics.ts'

const diagram = part<HTMLElementTagNameMap['mqtt-space-time']>('diagram')
const events = part<HTMLElementTagNameMap['mqtt-events']>('events')
const find = part<HTMLInputElement>('find')
const pings = part<HTMLInputElement>('pings')
const floods = part<HTMLInputElement>('floods')
const pause = part<HTMLButtonElement>('pause')

let capture = new Capture()
let captured = capture.client('this client')
let view: CaptureView = capture.view()
let selected: CapturedPacket | undefined
let isDrawn = false
/** Time from which it may be drawn again. */
let rested = 0
/** The capture as it was when the user paused. It goes on behind the picture. */
let isPaused = false

define()
themeButton()
const topics = new Topics()
const packetView = new PacketView()
const guarantees = new Guarantees(packet => {
  selected = packet
  draw()
  part('packet-title').scrollIntoView({ block: 'nearest' })
})
const topicList = new TopicList(topic => void publish(topic, '', 1, true))
const connection = new Connection({ begin, status, packet })
const subscriptions = new Subscriptions(() => connection.client, keepAddress)
restoreAddress()
for (const element of [diagram, events]) {
  element.addEventListener('entry-select', event => {
    const { index } = (event as CustomEvent<{ index?: number }>).detail
    selected = index === undefined ? undefined : view.packets[index]
    draw()
  })
}
for (const input of [find, pings, floods]) input.addEventListener('input', redraw)
pause.addEventListener('click', () => {
  isPaused = !isPaused
  pause.setAttribute('aria-pressed', String(isPaused))
  pause.textContent = isPaused ? 'Go on' : 'Pause'
  redraw()
})
part('clear').addEventListener('click', () => {
  capture.clear()
  topics.clear()
  selected = undefined
  redraw()
})
part('save').addEventListener('click', save)
part<HTMLFormElement>('publish').addEventListener('submit', event => {
  event.preventDefault()
  const fields = (event.currentTarget as HTMLFormElement).elements
  const field = (name: string) => fields.namedItem(name) as HTMLInputElement
  void publish(
    field('topic').value,
    field('payload').value,
    Number(field('qos').value) as 0 | 1 | 2,
    field('retain').checked,
  )
})
draw()

function begin(client: string): void {
  capture = new Capture()
  captured = capture.client(client)
  guarantees.begin()
  topics.clear()
  selected = undefined
  isPaused = false
  pause.setAttribute('aria-pressed', 'false')
  pause.textContent = 'Pause'
  keepAddress()
}

function status(status: Status): void {
  const { client } = connection
  if (status.phase === 'connecting') captured.note('opening')
  if (status.phase === 'connected') captured.note('connected')
  if (status.phase === 'waiting') captured.note('lost')
  if (status.phase === 'closed') captured.note('closed')
  if (client && status.phase === 'connecting' && status.attempt === 1 && !status.error) subscriptions.begin(client)
  for (const id of ['add', 'send']) part<HTMLButtonElement>(id).disabled = client === undefined
  redraw()
}

function packet(packet: PacketRecord): void {
  guarantees.add(captured.add(packet))
  const payload = payloadOf(packet)
  if (payload && packet.topic) {
    const { topic, retain = false, direction } = packet
    topics.add({ topic, payload, retain, isReceived: direction === 'received' })
  }
  redraw()
}

/**
 * Draws in a coming frame, however many packets there were. Drawing takes a quarter of the time at
 * most, so that a flood leaves room for the visitor.
 */
function redraw(): void {
  if (isDrawn) return
  isDrawn = true
  setTimeout(() => requestAnimationFrame(drawTimed), Math.max(0, rested - performance.now()))
}

function drawTimed(): void {
  isDrawn = false
  const begin = performance.now()
  draw()
  const end = performance.now()
  rested = end + 3 * (end - begin)
}

function draw(): void {
  if (!isPaused) {
    view = capture.view({ isShown, conflate: floods.checked })
    topicList.draw(topics)
  }
  const index = selected === undefined ? -1 : view.packets.indexOf(selected)
  diagram.trace = view.trace
  events.trace = view.trace
  diagram.selected = index < 0 ? undefined : index
  events.selected = index < 0 ? undefined : index
  packetView.select(selected)
  part('count').textContent = counted()
}

function counted(): string {
  const { packets, dropped } = capture
  if (packets === 0) return 'No packet yet.'
  const shown = view.packets.filter(Boolean).length
  const older = dropped > 0 ? ` The oldest ${dropped} are no longer kept.` : ''
  return `${packets} packets, ${shown} of them shown${isPaused ? ', paused' : ''}.${older}`
}

/** True for a packet that the user wants to see. */
function isShown(packet: PacketRecord): boolean {
  if (!pings.checked && packet.kind.startsWith('PING')) return false
  const wanted = find.value.trim().toLowerCase()
  if (wanted === '') return true
  if (`${packet.kind} ${packet.topic ?? ''}`.toLowerCase().includes(wanted)) return true
  const payload = payloadOf(packet)
  return payload !== undefined && new TextDecoder().decode(payload).toLowerCase().includes(wanted)
}

async function publish(topic: string, payload: string, qos: 0 | 1 | 2, retain: boolean): Promise<void> {
  const note = part('sent')
  const { client } = connection
  if (!client) {
    note.textContent = 'There is no connection to publish on.'
    return
  }
  try {
    await client.publish(topic, payload, { qos, retain })
    note.textContent = qos === 0 ? `Sent to ${topic}.` : `The broker has acknowledged ${topic}.`
    note.classList.remove('wrong')
  } catch (error) {
    note.textContent = messageOf(error)
    note.classList.add('wrong')
  }
}

/** Saves what is shown as a trace, which the elements draw again. */
function save(): void {
  const text = JSON.stringify(view.trace, (_, value: unknown) =>
    value instanceof Uint8Array ? Array.from(value, byte => byte.toString(16).padStart(2, '0')).join('') : value,
  )
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = 'mqtt-trace.json'
  link.click()
  URL.revokeObjectURL(link.href)
}

/** The page's address has the broker's, without its user and password, and the filters. */
function keepAddress(): void {
  const state = new URLSearchParams()
  const address = URL.canParse(connection.url) ? new URL(connection.url) : undefined
  if (address) {
    address.username = ''
    address.password = ''
    state.set('url', address.href)
  }
  for (const [filter, qos] of subscriptions.filters) state.append('filter', `${qos} ${filter}`)
  history.replaceState(undefined, '', `#${state}`)
}

function restoreAddress(): void {
  const state = new URLSearchParams(location.hash.slice(1))
  connection.url = state.get('url') ?? ''
  const filters = state.getAll('filter').flatMap(text => {
    const [, qos, filter] = /^([012]) (.+)$/s.exec(text) ?? []
    return filter === undefined ? [] : [[filter, Number(qos) as 0 | 1 | 2] as [string, 0 | 1 | 2]]
  })
  subscriptions.restore(filters)
}
