// The minimap of a long trace: packets in bins of a canvas, one bin a row of pixels.
import type { Layout } from './lanes.js'
import { familyOf, isLost } from './words.js'

/** Draws all packets of a layout. Colours are those of the element. */
export function drawMinimap(canvas: HTMLCanvasElement, { arrows, height, lanes }: Layout): void {
  const { clientWidth, clientHeight } = canvas
  const ratio = globalThis.devicePixelRatio || 1
  canvas.width = Math.round(clientWidth * ratio)
  canvas.height = Math.round(clientHeight * ratio)
  const context = canvas.getContext('2d')
  if (!context || clientHeight === 0) return
  const style = getComputedStyle(canvas)
  const colours = {
    publish: style.getPropertyValue('--_publish'),
    answer: style.getPropertyValue('--_answer'),
    session: style.getPropertyValue('--_session'),
    bad: style.getPropertyValue('--_bad'),
  }
  const bins = new Map<number, { hops: Map<number, keyof typeof colours> }>()
  for (const { packet, from, to, y0 } of arrows) {
    const bin = Math.floor((y0 / height) * clientHeight)
    const known = bins.get(bin) ?? { hops: new Map() }
    bins.set(bin, known)
    const hop = Math.min(from, to)
    const family = isLost(packet) ? 'bad' : familyOf(packet.kind)
    // The rarest kind of a bin is the one to see.
    if (family === 'bad' || !known.hops.has(hop) || family === 'publish') known.hops.set(hop, family)
  }
  context.scale(ratio, ratio)
  const lane = clientWidth / Math.max(1, lanes.length - 1)
  // A canvas has no `light-dark`, so a probe resolves each colour.
  const probe = document.createElement('span')
  canvas.after(probe)
  const resolved = Object.fromEntries(
    Object.entries(colours).map(([name, colour]) => {
      probe.style.color = colour
      return [name, getComputedStyle(probe).color]
    }),
  )
  probe.remove()
  for (const [bin, { hops }] of bins) {
    for (const [hop, family] of hops) {
      context.fillStyle = resolved[family] ?? ''
      context.fillRect(hop * lane + 2, bin, lane - 4, family === 'bad' ? 2 : 1)
    }
  }
}
