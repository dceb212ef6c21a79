// The space-time diagram: the broker in the middle, time runs down, packets between the lanes.
import { html, LitElement, nothing, type PropertyValues, svg } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { drawArrow } from './arrow.js'
import { type Arrow, type Bar, type Fold, type Layout, layOut, type Mark } from './lanes.js'
import { drawMinimap } from './minimap.js'
import { emit, sheet } from './sheet.js'
import { style } from './space-time-style.js'
import { threadOf } from './thread.js'
import type { Trace } from './types.js'

/** Ems of a row. */
const ROW = 2.5
/** Rows of a bucket, in which the arrows of a window are found. */
const BUCKET = 16

export class SpaceTime extends LitElement {
  static readonly tag = 'mqtt-space-time'
  static override styles = [sheet, style]
  static override properties = {
    trace: { attribute: false },
    now: { type: Number },
    selected: { type: Number },
    mode: { type: String },
    src: { type: String },
    label: { type: String },
  }

  declare trace: Trace | undefined
  declare now: number | undefined
  declare selected: number | undefined
  declare mode: 'compressed' | 'proportional'
  declare src: string | undefined
  declare label: string

  #layout: Layout | undefined
  #buckets: Arrow[][] = []
  #thread: Set<number> | undefined
  #problem = ''
  #em = 16
  #size = { width: 0, height: 0 }
  #top = 0
  #isAtEnd = true
  /** Entry to scroll to, once the size is known. */
  #toReveal: number | undefined
  #mapDrawn: unknown
  #hasScrolled = false
  #loading: AbortController | undefined
  readonly #observer = new ResizeObserver(() => this.#measure())

  constructor() {
    super()
    this.mode = 'compressed'
    this.label = 'Packets between clients and broker'
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#observe()
  }

  override disconnectedCallback(): void {
    this.#observer.disconnect()
    this.#loading?.abort()
    super.disconnectedCallback()
  }

  protected override firstUpdated(): void {
    this.#observe()
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('src') && this.src) void this.#load(this.src)
    if (changed.has('trace') || changed.has('mode')) {
      this.#layout = this.trace && layOut(this.trace, this.mode)
      this.#buckets = bucketsOf(this.#layout)
    }
    if (changed.has('trace') || changed.has('selected')) {
      const { trace, selected } = this
      this.#thread = trace && selected !== undefined && trace.entries[selected] ? threadOf(trace, selected) : undefined
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    const scroll = this.#scroller
    if (!scroll) return
    // A packet that is scrolled away is not there to be named.
    const active = `entry-${this.selected}`
    if (this.renderRoot.querySelector(`#${active}`)) scroll.setAttribute('aria-activedescendant', active)
    else scroll.removeAttribute('aria-activedescendant')
    if (changed.has('selected')) this.#toReveal = this.selected
    if (this.#toReveal !== undefined && this.#size.width > 0) this.#reveal(this.#toReveal)
    else if (this.#isAtEnd && (changed.has('now') || (changed.has('trace') && changed.get('trace'))))
      scroll.scrollTop = scroll.scrollHeight
    // A scrolled trace has the same map, and asking for a style would cost a frame's worth.
    if (this.#hasScrolled && changed.size === 0) {
      this.#hasScrolled = false
      return
    }
    const canvas = this.renderRoot.querySelector('canvas')
    const drawn = `${this.#size.height} ${getComputedStyle(this).colorScheme}`
    if (canvas && this.#layout && (changed.has('trace') || changed.has('mode') || this.#mapDrawn !== drawn)) {
      drawMinimap(canvas, this.#layout)
      this.#mapDrawn = drawn
    }
  }

  override render() {
    const layout = this.#layout
    return html`
      <div class=${`names ${layout && this.#isLong(layout) ? 'beside-map' : ''}`} part="names" aria-hidden="true">
        ${layout?.lanes.map((name, lane) => html`<span part="name" .style=${`left:${this.#percent(lane)}%;max-width:${100 / layout.lanes.length}%`}>${name}</span>`)}
      </div>
      <div class="body">
        <div
          class="scroll"
          part="scroll"
          tabindex="0"
          role="listbox"
          aria-label=${this.label}
          @scroll=${this.#onScroll}
          @keydown=${this.#onKey}
          @click=${this.#onClick}
        >
          <div class="ruler" role="presentation"></div>
          ${layout ? this.#drawing(layout) : nothing}
        </div>
        ${layout && this.#isLong(layout) ? this.#map(layout) : nothing}
      </div>
      ${this.#problem || !layout?.arrows.length ? html`<p class="empty soft">${this.#problem || 'No packet yet.'}</p>` : nothing}
    `
  }

  get #scroller(): HTMLElement | null {
    return this.renderRoot.querySelector('.scroll')
  }

  get #until(): number {
    return this.now ?? Number.POSITIVE_INFINITY
  }

  #percent(lane: number): number {
    return ((lane + 0.5) / (this.#layout?.lanes.length ?? 1)) * 100
  }

  /** Rows that are shown: up to the moment, and one more. */
  #rows(layout: Layout): number {
    return this.now === undefined ? layout.height : Math.min(layout.height, layout.yAt(this.now) + 1.5)
  }

  #isLong(layout: Layout): boolean {
    return layout.height * ROW * this.#em > 3 * Math.max(200, this.#size.height)
  }

  #drawing(layout: Layout) {
    const row = ROW * this.#em
    const height = Math.max(this.#rows(layout) * row, this.#size.height - 1)
    const { width } = this.#size
    const margin = this.#size.height / 2
    const [top, bottom] = [Math.max(0, this.#top - margin), Math.min(height, this.#top + 3 * margin)]
    if (width === 0) return nothing
    const within = (y0: number, y1: number) => y1 * row >= top && y0 * row <= bottom
    const x = (lane: number) => (this.#percent(lane) / 100) * width
    return html`
      <div class="space" role="presentation" .style=${`height:${height}px`}>
        <svg
          role="presentation"
          width=${width}
          height=${Math.max(1, bottom - top)}
          viewBox=${`0 ${top} ${width} ${Math.max(1, bottom - top)}`}
          .style=${`top:${top}px`}
        >
          <g aria-hidden="true">
            ${layout.folds.filter(({ y }) => within(y, y + 1) && y * row < height).map(fold => this.#fold(fold, row, width))}
            ${layout.segments
              .filter(({ y0, y1 }) => within(y0, y1))
              .map(
                ({ lane, y0, y1, state }) =>
                  svg`<line class=${`lane ${state}`} part="lane" x1=${x(lane)} x2=${x(lane)} y1=${Math.max(y0 * row, top)} y2=${Math.min(y1 * row, bottom)} />`,
              )}
            ${layout.bars.filter(({ y0, y1 }) => within(y0, y1)).map(bar => this.#bar(layout, bar, x(bar.lane), row))}
            ${layout.marks.filter(({ y }) => within(y - 1, y + 1)).map(mark => this.#mark(layout, mark, x, row))}
          </g>
          ${repeat(
            this.#visible(top / row, bottom / row),
            ({ index }) => index,
            arrow => this.#arrow(layout, arrow, x, row),
          )}
        </svg>
      </div>
    `
  }

  #visible(top: number, bottom: number): Arrow[] {
    const found = new Set<Arrow>()
    for (let bucket = Math.floor(top / BUCKET); bucket <= Math.floor(bottom / BUCKET); bucket += 1) {
      for (const arrow of this.#buckets[bucket] ?? []) {
        if (arrow.y1 >= top && arrow.y0 <= bottom && arrow.packet.at <= this.#until) found.add(arrow)
      }
    }
    return [...found].sort((a, b) => a.index - b.index)
  }

  #arrow(layout: Layout, arrow: Arrow, x: (lane: number) => number, row: number) {
    return drawArrow(arrow, {
      x0: x(arrow.from),
      x1: x(arrow.to),
      y0: arrow.y0 * row,
      y1: arrow.y1 * row,
      em: this.#em,
      now: this.#until,
      isActive: arrow.index === this.selected,
      isDim: this.#thread !== undefined && !this.#thread.has(arrow.index),
      place: arrow.place,
      count: layout.arrows.length,
    })
  }

  #bar(layout: Layout, { lane, slot, y0, y1 }: Bar, x: number, row: number) {
    const end = Math.min(y1, this.#rows(layout))
    const left = lane === layout.broker ? x + 3 + slot * 4 : x - 6 - slot * 4
    return end > y0
      ? svg`<rect class="bar" part="bar" width="3" x=${left} y=${y0 * row} height=${(end - y0) * row} />`
      : nothing
  }

  #fold({ y, text }: Fold, row: number, width: number) {
    const middle = (y + 0.45) * row
    return svg`
      <g class="fold">
        <line x1="0" x2=${width} y1=${middle} y2=${middle} stroke-dasharray="2 4" />
        <text x="0.5em" y=${middle} dy="0.35em">${`⋯ ${text}`}</text>
      </g>
    `
  }

  #mark(layout: Layout, { index, lane, y, text, tone }: Mark, x: (lane: number) => number, row: number) {
    const at = this.trace?.entries[index]?.at ?? 0
    if (at > this.#until) return nothing
    const left = lane <= layout.broker
    const offset = this.#em * 0.7 * (left ? -1 : 1)
    const isDim = tone === 'message' && this.#thread !== undefined && !this.#thread.has(index)
    // Beside an outer lane stands half of a lane's width.
    const room = Math.floor((x(0) - this.#em * 0.9) / (0.46 * this.#em))
    const isCut = text.length > room && lane !== layout.broker
    const shown = !isCut ? text : tone === 'bad' ? '✕' : `${text.slice(0, Math.max(1, room - 1))}…`
    return svg`
      <g class=${`mark ${tone} ${isDim ? 'dim' : ''}`} part="mark">
        ${tone === 'message' ? svg`<circle cx=${x(lane)} cy=${y * row} r=${this.#em * 0.28} />` : nothing}
        <text x=${x(lane) + offset} y=${y * row} dy="0.35em" text-anchor=${left ? 'end' : 'start'}>${shown}</text>
      </g>
    `
  }

  #map(layout: Layout) {
    const total = Math.max(1, this.#rows(layout) * ROW * this.#em)
    const percent = (part: number) => `${Math.min(100, (part / total) * 100)}%`
    const place = `top:${percent(this.#top)};height:${percent(this.#size.height)}`
    return html`
      <div class="map" part="map" aria-hidden="true" @pointerdown=${this.#onMap} @pointermove=${this.#onMap}>
        <canvas></canvas>
        <div .style=${place}></div>
      </div>
    `
  }

  #observe(): void {
    const { renderRoot } = this
    for (const part of ['.scroll', '.ruler']) {
      const element = renderRoot.querySelector(part)
      if (element) this.#observer.observe(element)
    }
  }

  #measure(): void {
    const scroll = this.#scroller
    const ruler = this.renderRoot.querySelector('.ruler')
    if (!scroll || !ruler) return
    this.#em = ruler.getBoundingClientRect().width || 16
    this.#size = { width: scroll.clientWidth, height: scroll.clientHeight }
    this.requestUpdate()
  }

  async #load(src: string): Promise<void> {
    this.#loading?.abort()
    const loading = new AbortController()
    this.#loading = loading
    try {
      const response = await fetch(src, { signal: loading.signal })
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
      this.trace = checked(await response.json())
      this.#problem = ''
    } catch (error) {
      if (loading.signal.aborted) return
      this.#problem = `The trace ${src} could not be loaded: ${error instanceof Error ? error.message : error}`
    }
    this.requestUpdate()
  }

  #onScroll(): void {
    const scroll = this.#scroller
    if (!scroll) return
    this.#top = scroll.scrollTop
    this.#hasScrolled = true
    this.#isAtEnd = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 4
    this.requestUpdate()
  }

  #onClick(event: Event): void {
    const arrow = event
      .composedPath()
      .find(target => target instanceof SVGGElement && target.hasAttribute('data-index'))
    const index = arrow instanceof SVGGElement ? Number(arrow.getAttribute('data-index')) : undefined
    this.#select(index === this.selected ? undefined : index)
  }

  #onKey(event: KeyboardEvent): void {
    const arrows = this.#layout?.arrows.filter(({ packet }) => packet.at <= this.#until) ?? []
    const place = arrows.findIndex(({ index }) => index === this.selected)
    const steps: Record<string, () => number | undefined> = {
      ArrowDown: () => arrows[Math.min(arrows.length - 1, place + 1)]?.index,
      ArrowUp: () => arrows[place < 0 ? arrows.length - 1 : Math.max(0, place - 1)]?.index,
      Home: () => arrows[0]?.index,
      End: () => arrows.at(-1)?.index,
      PageDown: () => arrows[Math.min(arrows.length - 1, place + 10)]?.index,
      PageUp: () => arrows[Math.max(0, place - 10)]?.index,
      ArrowLeft: () => this.#neighbour(-1),
      ArrowRight: () => this.#neighbour(1),
      Escape: () => undefined,
    }
    const step = steps[event.key]
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return
    if (event.key === 'Escape' && this.selected === undefined) return
    event.preventDefault()
    const next = step()
    if (next !== undefined || event.key === 'Escape') this.#select(next)
  }

  /** The packet of the same thread before or after the selected one. */
  #neighbour(step: 1 | -1): number | undefined {
    const thread = (this.#layout?.arrows ?? []).filter(
      ({ index, packet }) => this.#thread?.has(index) && packet.at <= this.#until,
    )
    const place = thread.findIndex(({ index }) => index === this.selected)
    return thread[place + step]?.index
  }

  #select(index: number | undefined): void {
    this.selected = index
    emit(this, 'entry-select', { index })
  }

  #reveal(index: number): void {
    this.#toReveal = undefined
    const scroll = this.#scroller
    const layout = this.#layout
    if (!scroll || !layout) return
    const arrow = layout.arrows.find(known => known.index === index)
    const y = layout.marks.find(known => known.index === index)?.y ?? layout.yAt(this.trace?.entries[index]?.at ?? 0)
    const row = ROW * this.#em
    const [top, bottom] = [(arrow?.y0 ?? y) * row - row, (arrow?.y1 ?? y) * row + row]
    if (top < scroll.scrollTop) scroll.scrollTop = top
    else if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = bottom - scroll.clientHeight
  }

  #onMap(event: PointerEvent): void {
    const scroll = this.#scroller
    const map = event.currentTarget
    if (!scroll || !(map instanceof HTMLElement) || event.buttons === 0) return
    const { top, height } = map.getBoundingClientRect()
    scroll.scrollTop = ((event.clientY - top) / height) * scroll.scrollHeight - scroll.clientHeight / 2
  }
}

function bucketsOf(layout: Layout | undefined): Arrow[][] {
  const buckets: Arrow[][] = []
  for (const arrow of layout?.arrows ?? []) {
    for (let bucket = Math.floor(arrow.y0 / BUCKET); bucket <= Math.floor(arrow.y1 / BUCKET); bucket += 1) {
      const known = buckets[bucket]
      if (known) known.push(arrow)
      else buckets[bucket] = [arrow]
    }
  }
  return buckets
}

/** Throws unless it is a trace of this version. */
function checked(trace: Partial<Trace>): Trace {
  if (trace.version !== 1) throw new Error(`it is of version ${trace.version}, and this page draws version 1`)
  if (!Array.isArray(trace.entries) || !Array.isArray(trace.clients)) throw new Error('it has no entries')
  return trace as Trace
}
