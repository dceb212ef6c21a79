// The first page: the challenge, and the world that it is done in.
import { define, type MonitorView, type Trace } from 'wasmqtt/elements'
import { judge, type Progress, type Stage } from './model/challenge.ts'
import { inNextFrame } from './model/frame.ts'
import type { PageWorld } from './model/page-world.ts'
import { part } from './model/part.ts'
import { themeButton } from './model/theme.ts'
import still from './traces/flows.json'

/** Moment of the recording at which the world is about to begin. */
const STILL_AT = 240

const diagram = part<HTMLElementTagNameMap['mqtt-space-time']>('diagram')
const transport = part<HTMLElementTagNameMap['mqtt-transport']>('transport')
const inspector = part<HTMLElementTagNameMap['mqtt-packet']>('packet')
const events = part<HTMLElementTagNameMap['mqtt-events']>('events')
const monitors = part<HTMLElementTagNameMap['mqtt-monitors']>('monitors')
const publish = part<HTMLButtonElement>('publish')
const cut = part<HTMLButtonElement>('cut')
const again = part<HTMLButtonElement>('again')

const says: Record<Stage, { readonly text: string; readonly tone?: 'good' | 'wrong' }> = {
  begin: { text: 'Both clients are connected. Publish a temperature.' },
  publishing: { text: 'PUBLISH is on its way to the broker. Wait until it is there.' },
  acknowledging: { text: 'The broker has the message, and PUBACK is on its way back. Cut the link now.' },
  once: {
    text: 'Once: the sensor has its PUBACK, and has forgotten the message. Publish again, and cut before PUBACK arrives.',
  },
  tooEarly: {
    text: 'Too early: the broker never had the message, so the second sending is the first that arrives. Publish again, and wait for PUBACK.',
    tone: 'wrong',
  },
  resending: { text: 'PUBACK is lost. The sensor connects again, and cannot know that the broker has the message.' },
  solved: { text: 'Twice: the dashboard has the same temperature two times.', tone: 'good' },
  exchanging: { text: 'QoS 2 takes four packets: PUBLISH, PUBREC, PUBREL, PUBCOMP. Cut the link wherever you like.' },
  exactlyOnce: {
    text: 'Exactly once, whatever the link did: the broker remembered the packet identifier.',
    tone: 'good',
  },
}

let world: PageWorld | undefined
let trace: Trace = still as unknown as Trace
let selected: number | undefined
let hasSolved = false
const changed = inNextFrame(draw)

define()
themeButton()
diagram.trace = trace
diagram.now = STILL_AT
transport.addEventListener('transport-play', () => world?.play())
transport.addEventListener('transport-pause', () => world?.pause())
transport.addEventListener('transport-step', event => world?.step((event as CustomEvent<{ unit: string }>).detail.unit))
transport.addEventListener('transport-seek', event => world?.look((event as CustomEvent<{ time: number }>).detail.time))
transport.addEventListener('transport-speed', event => {
  if (world) world.stage.speed = (event as CustomEvent<{ speed: number }>).detail.speed
})
for (const element of [diagram, events, monitors]) {
  element.addEventListener('entry-select', event => select((event as CustomEvent<{ index?: number }>).detail.index))
}
publish.addEventListener('click', () => send(1))
part('qos2').addEventListener('click', () => send(2))
cut.addEventListener('click', () => {
  world?.cut()
  draw()
})
again.addEventListener('click', () => void begin())
part('show-lost').addEventListener('click', () => show(judge(trace).lost))
part('show-again').addEventListener('click', () => show(judge(trace).again))
void begin()

async function begin(): Promise<void> {
  try {
    const { PageWorld } = await import('./model/page-world.ts')
    const { load } = await import('wasmqtt/simulator')
    await load()
    world?.end()
    world = new PageWorld(changed)
    select(undefined)
    hasSolved = false
    part('solved').hidden = true
    transport.disabled = false
    again.disabled = false
    draw()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    part('status').textContent =
      `The broker could not be started: ${why}. The text and the recording work without it; a reload tries again.`
    part('status').className = 'status wrong'
  }
}

function draw(): void {
  if (!world) return
  const { stage } = world
  trace = stage.trace
  const { now } = stage
  diagram.trace = trace
  diagram.now = now
  events.trace = trace
  events.now = now
  transport.end = trace.now
  transport.now = now
  transport.playing = !world.isHeld
  transport.speed = stage.speed
  publish.disabled = !world.isConnected
  // The button is never disabled while it has the focus, which would be lost.
  cut.disabled = !world.isConnected && document.activeElement !== cut
  tell(judge(trace))
  if (selected !== undefined) inspect(selected)
}

function tell(progress: Progress): void {
  const { stage, sent, received } = progress
  const status = part('status')
  const { text, tone } = says[stage]
  const isAway = world && !world.isConnected && (stage === 'begin' || stage === 'once')
  const isStill = world?.isHeld && tone === undefined && stage !== 'begin' && stage !== 'once'
  const shown = `${isAway ? 'The sensor is offline, and connects again.' : text}${isStill ? ' Time stands still: play, or step.' : ''}`
  // The same text again would be read aloud again.
  if (status.textContent !== shown) status.textContent = shown
  status.className = `status ${tone ?? ''}`
  part('sent').textContent = String(sent)
  part('received').textContent = String(received)
  monitors.monitors = guarantees(progress)
  if (stage !== 'solved' || hasSolved) return
  hasSolved = true
  part('solved').hidden = false
}

function guarantees({ stage, received, second }: Progress): MonitorView[] {
  const isTwice = received > 1
  return [
    {
      name: 'at least once',
      text: 'The dashboard has the message',
      state: received > 0 ? 'holds' : 'pending',
    },
    {
      name: 'once',
      text: 'It has it only once',
      state: isTwice ? 'broken' : stage === 'once' || stage === 'exactlyOnce' ? 'holds' : 'pending',
      ...(second === undefined ? {} : { entry: second }),
    },
  ]
}

function send(qos: 1 | 2): void {
  world?.publish(qos)
  draw()
}

function show(index: number | undefined): void {
  if (index === undefined) return
  select(index)
  diagram.scrollIntoView({ block: 'nearest' })
}

function select(index: number | undefined): void {
  selected = index
  diagram.selected = index
  events.selected = index
  inspect(index)
}

function inspect(index: number | undefined): void {
  const entry = index === undefined ? undefined : trace.entries[index]
  const packet = entry?.type === 'packet' ? entry : undefined
  if (inspector.packet?.bytes !== packet?.bytes) inspector.packet = packet
  const [from, to] = packet ? ends(packet.direction, packet.client) : []
  part('packet-name').textContent = packet ? `${packet.kind}, from ${from} to ${to}` : 'Select a packet in the picture.'
}

const ends = (direction: 'up' | 'down', client: string): [string, string] =>
  direction === 'up' ? [client, 'the broker'] : ['the broker', client]
