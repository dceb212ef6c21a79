// Layout of the space-time diagram: lanes, arrows, marks and folds, in rows and not yet in pixels.
import type { ClientEntry, PacketEntry, Trace, TraceEntry } from './types.js'
import { isLost, span, textOf } from './words.js'

/** State of a client, which its lane's line style shows. */
export type LaneState = 'inferred' | 'idle' | 'opening' | 'connected' | 'halfOpen' | 'offline' | 'killed'

export interface Arrow {
  /** Index in the trace, and the place among the packets. */
  readonly index: number
  readonly place: number
  readonly packet: PacketEntry
  readonly from: number
  readonly to: number
  readonly y0: number
  readonly y1: number
  /** How far it came, from 0 to 1. */
  readonly reach: number
}

export interface Mark {
  readonly index: number
  readonly lane: number
  readonly y: number
  readonly text: string
  readonly tone: 'message' | 'bad' | 'plain'
}

export interface Segment {
  readonly lane: number
  readonly y0: number
  readonly y1: number
  readonly state: LaneState
}

/** A packet identifier in use, beside the lane of its sender. */
export interface Bar {
  readonly lane: number
  readonly slot: number
  readonly y0: number
  readonly y1: number
}

export interface Fold {
  readonly y: number
  readonly text: string
}

export interface Layout {
  /** Lane names from left to right, and the lane of each actor. */
  readonly lanes: readonly string[]
  readonly broker: number
  readonly arrows: readonly Arrow[]
  readonly marks: readonly Mark[]
  readonly segments: readonly Segment[]
  readonly bars: readonly Bar[]
  readonly folds: readonly Fold[]
  readonly height: number
  yAt(time: number): number
}

/** Milliseconds without any event that the compressed mode folds. */
const FOLD_MS = 100
/** Rows a millisecond of the proportional mode: a usual latency of 20 ms is one row. */
const ROWS_PER_MS = 1 / 20

type Mode = 'compressed' | 'proportional'
type Starter = {
  index: number
  entry: TraceEntry
  lane: number
  packet?: PacketEntry
  mark?: Omit<Mark, 'y' | 'index'>
}

/** Returns the layout of a trace. The broker is in the middle, clients to its left and right. */
export function layOut(trace: Trace, mode: Mode): Layout {
  const laneOf = lanesOf(trace.clients)
  const broker = laneOf.broker
  const starters = startersOf(trace, laneOf)
  const axis = mode === 'compressed' ? compressedAxis(trace, starters, broker) : proportionalAxis(trace, starters)
  const arrows: Arrow[] = []
  const marks: Mark[] = []
  for (const { index, packet, mark, lane } of starters) {
    const y0 = axis.startOf(index)
    if (mark) marks.push({ index, y: y0, ...mark })
    if (!packet) continue
    const isUp = packet.direction === 'up'
    const y1 = axis.endOf(index, packet, y0)
    const [from, to] = isUp ? [lane, broker] : [broker, lane]
    arrows.push({ index, place: arrows.length, packet, from, to, y0, y1, reach: reachOf(packet) })
  }
  const height = Math.max(axis.height, axis.yAt(trace.now))
  const middle = trace.isBrokerInferred ? 'broker (inferred)' : 'broker'
  const names: string[] = Array.from({ length: trace.clients.length + 1 }, () => middle)
  for (const name of trace.clients) names[laneOf.of(name)] = name
  return {
    lanes: names,
    broker,
    arrows,
    marks,
    segments: segmentsOf(trace, laneOf, axis.startOf, axis.yAt, height),
    bars: barsOf(arrows, broker, height),
    folds: axis.folds,
    height,
    yAt: axis.yAt,
  }
}

interface Lanes {
  readonly broker: number
  of(client: string): number
}

/** Clients stand to the left and the right of the broker by turns, the first nearest to it. */
function lanesOf(clients: readonly string[]): Lanes {
  const broker = Math.ceil(clients.length / 2)
  const places = clients.map((client, place) => {
    const lane = place % 2 === 0 ? broker - 1 - place / 2 : broker + 1 + (place - 1) / 2
    return [client, lane] as const
  })
  const lanes = new Map(places)
  return { broker, of: client => lanes.get(client) ?? 0 }
}

function startersOf(trace: Trace, lanes: Lanes): Starter[] {
  const links = new Map<number, string>()
  const found: Starter[] = []
  for (const [index, entry] of trace.entries.entries()) {
    if (entry.type === 'link' && entry.event === 'opening' && entry.place) links.set(entry.link, entry.place)
    if (entry.type === 'packet') found.push({ index, entry, lane: lanes.of(entry.client), packet: entry })
    const mark = markOf(entry, lanes, links)
    if (mark) found.push({ index, entry, lane: mark.lane, mark })
  }
  return found
}

const clientMarks: Record<string, (entry: ClientEntry) => Pick<Mark, 'text' | 'tone'>> = {
  message: ({ payload, topic }) => ({ text: textOf(payload) || (topic ?? ''), tone: 'message' }),
  lost: () => ({ text: 'offline', tone: 'bad' }),
  closed: () => ({ text: 'ended', tone: 'plain' }),
  killed: () => ({ text: 'killed', tone: 'bad' }),
}

function markOf(entry: TraceEntry, lanes: Lanes, links: Map<number, string>): Omit<Mark, 'y' | 'index'> | undefined {
  if (entry.type === 'client') {
    const mark = clientMarks[entry.event]?.(entry)
    return mark && { lane: lanes.of(entry.client), ...mark }
  }
  if (entry.type === 'broker' && entry.event.type === 'will' && entry.event.fate !== 'armed')
    return {
      lane: lanes.broker,
      text: `will ${entry.event.fate}`,
      tone: entry.event.fate === 'fired' ? 'bad' : 'plain',
    }
  const client = entry.type === 'link' && entry.event === 'broken' ? links.get(entry.link) : undefined
  return client === undefined ? undefined : { lane: lanes.of(client), text: 'link cut', tone: 'bad' }
}

/** Returns when a packet arrives, or would have. */
function arrival({ at, arrivesAt, fate }: PacketEntry): number {
  if (fate.type === 'delivered') return fate.at
  // A link on which nothing arrives has no time of arrival.
  return Number.isFinite(arrivesAt) && arrivesAt > at && arrivesAt - at < 1e9 ? arrivesAt : at
}

/** Returns how far a packet came; a lost one at least so far that its cross can be seen. */
function reachOf(packet: PacketEntry): number {
  if (!isLost(packet) || packet.fate.type === 'in-flight') return 1
  const way = arrival(packet) - packet.at
  return way <= 0 ? 0.5 : Math.min(0.8, Math.max(0.35, (packet.fate.at - packet.at) / way))
}

interface Axis {
  readonly folds: readonly Fold[]
  readonly height: number
  startOf(index: number): number
  endOf(index: number, packet: PacketEntry, y0: number): number
  yAt(time: number): number
}

/** An axis on which each moment has the rows that it needs, and gaps are folded. */
function compressedAxis(trace: Trace, starters: readonly Starter[], broker: number): Axis {
  const byTime = new Map<number, Starter[]>()
  const groupAt = (time: number): Starter[] => {
    const group = byTime.get(time) ?? []
    byTime.set(time, group)
    return group
  }
  for (const starter of starters) {
    groupAt(starter.entry.at).push(starter)
    if (starter.packet) groupAt(arrival(starter.packet))
  }
  const starts = new Map<number, number>()
  const ends = new Map<number, number>()
  const times = [...byTime.keys()].sort((a, b) => a - b)
  const bases: number[] = []
  const folds: Fold[] = []
  let y = 0.5
  // A gap through which a packet is under way is no idle one.
  let lastArrival = Number.NEGATIVE_INFINITY
  for (const [place, time] of times.entries()) {
    const before = times[place - 1]
    const isIdle = before !== undefined && lastArrival <= before
    for (const { packet } of byTime.get(time) ?? [])
      if (packet) lastArrival = Math.max(lastArrival, isLost(packet) ? packet.at : arrival(packet))
    if (isIdle && time - before >= FOLD_MS) {
      folds.push({ y: y + 0.1, text: span(time - before) })
      y += 1
    }
    bases.push(y)
    y += placeGroup(byTime.get(time) ?? [], y, broker, starts, ends)
  }
  const yAt = (time: number): number => interpolate(times, bases, time, y)
  return {
    folds,
    height: y + 0.5,
    startOf: index => starts.get(index) ?? yAt(trace.entries[index]?.at ?? 0),
    endOf: (index, packet, y0) => ends.get(index) ?? Math.max(yAt(arrival(packet)), y0 + 0.7),
    yAt,
  }
}

/** Places what begins at one moment, and returns how many rows it takes. */
function placeGroup(
  group: readonly Starter[],
  base: number,
  broker: number,
  starts: Map<number, number>,
  ends: Map<number, number>,
): number {
  const free = new Map<string, number>()
  let bottom = base + (group.length > 0 ? 1 : 0.6)
  for (const { index, entry, lane, packet } of group) {
    // Packets of the two sides of the broker do not meet, nor do marks of different lanes. A mark
    // of the broker stands between the packets of both sides.
    const isBetween = !packet && lane === broker
    const tracks = isBetween ? ['true', 'false'] : [packet ? String(lane > broker) : `mark ${lane}`]
    const after = entry.cause === undefined ? undefined : ends.get(entry.cause)
    const y = Math.max(...tracks.map(track => free.get(track) ?? base), after ?? base) + (isBetween ? 0.4 : 0)
    starts.set(index, y)
    for (const track of tracks) free.set(track, y + (packet ? 1 : isBetween ? 0.5 : 0.8))
    bottom = Math.max(bottom, y + 1)
    if (packet && arrival(packet) <= entry.at) ends.set(index, y + 0.7)
  }
  return bottom - base
}

/** An axis on which a row is a span of time. */
function proportionalAxis(trace: Trace, starters: readonly Starter[]): Axis {
  const first = starters[0]?.entry.at ?? 0
  const yAt = (time: number): number => 0.5 + Math.max(0, time - first) * ROWS_PER_MS
  const last = starters.reduce((most, { packet, entry }) => Math.max(most, packet ? arrival(packet) : entry.at), first)
  return {
    folds: [],
    height: yAt(last) + 1,
    startOf: index => yAt(trace.entries[index]?.at ?? 0),
    endOf: (_, packet, y0) => Math.max(yAt(arrival(packet)), y0 + 0.05),
    yAt,
  }
}

function interpolate(times: readonly number[], values: readonly number[], time: number, beyond: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) <= time) low = middle + 1
    else high = middle
  }
  const [t0, t1] = [times[low - 1], times[low]]
  if (t0 === undefined) return 0
  const y0 = values[low - 1] ?? 0
  const y1 = values[low] ?? beyond
  return t1 === undefined ? Math.min(beyond, y0 + (time - t0) / 20) : y0 + ((y1 - y0) * (time - t0)) / (t1 - t0)
}

const laneStates: Record<string, LaneState> = {
  connected: 'connected',
  lost: 'offline',
  closed: 'killed',
  killed: 'killed',
}

function segmentsOf(
  trace: Trace,
  lanes: Lanes,
  startOf: (index: number) => number,
  yAt: (time: number) => number,
  height: number,
): Segment[] {
  const brokerState = trace.isBrokerInferred ? 'inferred' : 'connected'
  const segments: Segment[] = [{ lane: lanes.broker, y0: 0, y1: height, state: brokerState }]
  const links = new Map<number, string>()
  const states = new Map(trace.clients.map(client => [client, { y: 0, state: 'idle' as LaneState }]))
  const turn = (client: string, y: number, state: LaneState): void => {
    const now = states.get(client)
    if (!now || now.state === state) return
    if (y > now.y) segments.push({ lane: lanes.of(client), y0: now.y, y1: y, state: now.state })
    states.set(client, { y, state })
  }
  // A client without code has no event of its own when its link ends.
  const latest = new Map<string | undefined, number | undefined>()
  for (const [index, entry] of trace.entries.entries()) {
    if (entry.type === 'link' && entry.event === 'opening' && entry.place) links.set(entry.link, entry.place)
    if (entry.type === 'action' && entry.action.type === 'join') latest.set(entry.action.client, undefined)
    if (entry.type === 'client') {
      const state = laneStates[entry.event]
      if (state) turn(entry.client, entry.event === 'connected' ? yAt(entry.at) : startOf(index), state)
    } else if (entry.type === 'link') {
      const client = links.get(entry.link)
      if (client !== undefined && entry.event === 'opening') turn(client, yAt(entry.at), 'opening')
      if (client !== undefined && entry.event === 'broken') turn(client, startOf(index), 'halfOpen')
      if (client === undefined || !latest.has(client)) continue
      if (entry.event === 'opening') latest.set(client, entry.link)
      const isOver = entry.event === 'closed' && entry.place === client && latest.get(client) === entry.link
      if (isOver) turn(client, yAt(entry.at), 'offline')
    }
  }
  for (const [client, { y, state }] of states) segments.push({ lane: lanes.of(client), y0: y, y1: height, state })
  return segments
}

const opens = new Set(['PUBLISH', 'SUBSCRIBE', 'UNSUBSCRIBE'])
const closes = new Set(['PUBACK', 'PUBCOMP', 'SUBACK', 'UNSUBACK'])

/** Returns the bars of packet identifiers, from the first sending to the last answer. */
function barsOf(arrows: readonly Arrow[], broker: number, height: number): Bar[] {
  const open = new Map<string, { lane: number; y0: number; slot: number }>()
  const bars: Bar[] = []
  for (const { packet, from, to, y0, y1 } of arrows) {
    const { client, packetId, kind } = packet
    if (packetId === undefined || kind === undefined) continue
    const sender = opens.has(kind) ? from : to
    const key = `${client} ${sender === broker} ${packetId}`
    if (opens.has(kind) && !open.has(key)) {
      const taken = new Set([...open.values()].filter(({ lane }) => lane === sender).map(({ slot }) => slot))
      let slot = 0
      while (taken.has(slot)) slot += 1
      open.set(key, { lane: sender, y0, slot })
    }
    const begun = open.get(key)
    if (!begun || !closes.has(kind) || isLost(packet)) continue
    bars.push({ ...begun, y1 })
    open.delete(key)
  }
  for (const begun of open.values()) bars.push({ ...begun, y1: height })
  return bars
}
