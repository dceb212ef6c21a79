// The layout of a ladder diagram: a pure function of the entries and the width.
import type { Actor, TraceEntry, TraceMark, TracePacket } from '../model/trace.ts'

export const actors: readonly Actor[] = ['sensor', 'broker', 'dashboard']

/** Lengths in pixels, and so in units of the drawing. */
export const headHeight = 34
const rowHeight = 46
const top = headHeight + 14
const slant = 5

export interface PacketRow {
  readonly type: 'packet'
  readonly packet: TracePacket
  readonly from: { readonly x: number; readonly y: number }
  readonly to: { readonly x: number; readonly y: number }
  /** The box that is clicked, and that the focus ring goes round. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

export interface MarkRow {
  readonly type: 'mark'
  readonly mark: TraceMark
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'middle' | 'end'
}

export interface Lifeline {
  readonly actor: Actor
  readonly x: number
  /** Where the line ends because its actor did; the rest is drawn broken. */
  readonly brokenFrom?: number
}

export interface Ladder {
  readonly width: number
  readonly height: number
  readonly headWidth: number
  readonly lifelines: readonly Lifeline[]
  readonly rows: readonly (PacketRow | MarkRow)[]
}

export function layOut(entries: readonly TraceEntry[], width: number): Ladder {
  const headWidth = Math.min(132, Math.max(88, width * 0.24))
  const x = {
    sensor: headWidth / 2 + 1,
    broker: width / 2,
    dashboard: width - headWidth / 2 - 1,
  }
  const rows = entries.map((entry, index) => {
    const y = top + index * rowHeight + rowHeight / 2
    return entry.type === 'packet' ? packetRow(entry, x, y) : markRow(entry, x, y)
  })
  const lifelines = actors.map(actor => {
    const broken = rows.find(row => row.type === 'mark' && row.mark.actor === actor && row.mark.tone === 'bad')
    return { actor, x: x[actor], ...(broken?.type === 'mark' ? { brokenFrom: broken.y } : {}) }
  })
  return { width, height: top + Math.max(entries.length, 2) * rowHeight + 8, headWidth, lifelines, rows }
}

function packetRow(packet: TracePacket, x: Record<Actor, number>, y: number): PacketRow {
  const [from, to] = [x[packet.from], x[packet.to]]
  const left = Math.min(from, to)
  return {
    type: 'packet',
    packet,
    from: { x: from, y: y - slant },
    to: { x: to, y: y + slant },
    box: { x: left + 4, y: y - rowHeight / 2 + 1, width: Math.abs(to - from) - 8, height: rowHeight - 2 },
  }
}

function markRow(mark: TraceMark, x: Record<Actor, number>, y: number): MarkRow {
  const anchors = { sensor: 'start', broker: 'middle', dashboard: 'end' } as const
  return { type: 'mark', mark, x: x[mark.actor], y, anchor: anchors[mark.actor] }
}
