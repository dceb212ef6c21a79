// Drawing of one arrow: a packet slanted by its latency, with its label along the line.
import { nothing, svg } from 'lit'
import type { Arrow } from './lanes.js'
import { badges, familyOf, fateText, isLost, packetName, sentence } from './words.js'

/** Place of an arrow in pixels, and how it is shown. */
export interface Drawn {
  readonly x0: number
  readonly x1: number
  readonly y0: number
  readonly y1: number
  /** Pixels of an em. */
  readonly em: number
  /** Time up to which it is drawn. */
  readonly now: number
  readonly isActive: boolean
  readonly isDim: boolean
  readonly place: number
  readonly count: number
}

/** Width of a letter in ems of the label's size, on average. */
const LETTER = 0.56 * 0.8125

export function drawArrow(arrow: Arrow, drawn: Drawn) {
  const { packet, index } = arrow
  const { x0, x1, y0, y1, isActive, isDim, now } = drawn
  const isFlying = fateText(packet, now) === 'under way'
  const lost = isLost(packet) && !isFlying
  const way = Math.max(1, packet.arrivesAt - packet.at)
  const reach = isFlying ? Math.min(1, Math.max(0, (now - packet.at) / way)) : arrow.reach
  const [xe, ye] = [x0 + (x1 - x0) * reach, y0 + (y1 - y0) * reach]
  const family = familyOf(packet.kind)
  const classes = ['arrow', family, isActive ? 'active' : '', isDim ? 'dim' : '', lost ? 'lost' : '']
  return svg`
    <g
      class=${classes.join(' ')}
      part="arrow"
      id=${`entry-${index}`}
      role="option"
      aria-selected=${isActive}
      aria-posinset=${drawn.place + 1}
      aria-setsize=${drawn.count}
      aria-label=${sentence(packet, now)}
      data-index=${index}
    >
      <line class="halo" x1=${x0} y1=${y0} x2=${xe} y2=${ye} />
      <line class="hit" x1=${x0} y1=${y0} x2=${x1} y2=${y1} />
      ${lost || isFlying ? svg`<line class="ghost" x1=${xe} y1=${ye} x2=${x1} y2=${y1} />` : nothing}
      <line class="way" x1=${x0} y1=${y0} x2=${xe} y2=${ye} />
      ${isFlying ? svg`<circle class="flying" cx=${xe} cy=${ye} r=${drawn.em * 0.3} />` : nothing}
      ${lost ? cross(xe, ye, drawn) : isFlying ? nothing : head(family, drawn)}
      ${label(arrow, drawn, lost, [xe, ye])}
    </g>
  `
}

/** A filled head for PUBLISH, an open one for answers, a bare angle for the others. */
function head(family: string, { x0, x1, y0, y1, em }: Drawn) {
  const angle = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI
  const size = em * 0.62
  const points = `${-size},${-size * 0.42} 0,0 ${-size},${size * 0.42}`
  const transform = `translate(${x1} ${y1}) rotate(${angle})`
  if (family === 'session') return svg`<polyline class="head line" points=${points} transform=${transform} />`
  return svg`<polygon class=${family === 'answer' ? 'head open' : 'head'} points=${points} transform=${transform} />`
}

function cross(x: number, y: number, { em }: Drawn) {
  const r = em * 0.36
  return svg`
    <g class="cross">
      <line x1=${x - r} y1=${y - r} x2=${x + r} y2=${y + r} />
      <line x1=${x - r} y1=${y + r} x2=${x + r} y2=${y - r} />
    </g>
  `
}

function label(arrow: Arrow, drawn: Drawn, lost: boolean, [xe, ye]: [number, number]) {
  const { packet } = arrow
  const { x0, x1, y0, y1, em, now } = drawn
  const length = Math.hypot(x1 - x0, y1 - y0)
  const room = length / em / LETTER - 2
  const full = packetName(packet)
  const name = full.length <= room + 3 ? full : (packet.kind ?? full)
  const marks: string[] = []
  let letters = name.length
  // DUP and a count explain more than the others, so they are the last to go.
  const isLoud = (mark: string) => mark === 'DUP' || mark.startsWith('×')
  for (const mark of badges(packet).sort((a, b) => Number(isLoud(b)) - Number(isLoud(a)))) {
    letters += mark.length + 1
    if (letters <= room) marks.push(mark)
  }
  const angle = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI
  const upright = Math.abs(angle) > 90 ? angle - 180 : angle
  // Beside the cross of a lost packet, on the longer part of its way.
  const place = !lost ? 0.5 : arrow.reach < 0.6 ? (arrow.reach + 1) / 2 : arrow.reach / 2
  const transform = `translate(${x0 + (x1 - x0) * place} ${y0 + (y1 - y0) * place}) rotate(${upright})`
  const why = lost ? fateText(packet, now) : ''
  return svg`
    <text class="label" text-anchor="middle" transform=${transform} dy="-0.45em">${name}${marks.map(
      mark => svg`<tspan class=${isLoud(mark) ? 'badge loud' : 'badge'} dx="0.5em">${mark}</tspan>`,
    )}</text>
    ${why ? svg`<text class="why" text-anchor="middle" x=${xe} y=${ye + em * 1.35}>${why}</text>` : nothing}
  `
}
