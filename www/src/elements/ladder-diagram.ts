// The packets of one run as a ladder: three lifelines, time downwards, an arrow for each packet.
import { html, LitElement, type PropertyValues, svg } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import type { TraceEntry } from '../model/trace.ts'
import { headHeight, type Ladder, type Lifeline, layOut, type MarkRow, type PacketRow } from './ladder-layout.ts'
import { playArrival } from './ladder-motion.ts'
import { ladderStyles } from './ladder-styles.ts'
import { factsOf, groupOf, sentenceOf } from './packet-words.ts'
import { PacketSelectEvent } from './requests.ts'
import { base } from './styles.ts'

@customElement('mqtt-ladder')
export class LadderDiagram extends LitElement {
  static override styles = [base, ladderStyles]

  @property({ attribute: false }) entries: readonly TraceEntry[] = []
  /** The id of the selected packet. */
  @property({ attribute: false }) selected: number | undefined
  @state() private width = 640
  /** The newest entry that has made its entrance. */
  #shownUpTo = 0
  readonly #resized = new ResizeObserver(([entry]) => {
    if (entry) this.width = Math.max(260, Math.floor(entry.contentRect.width))
  })

  override connectedCallback(): void {
    super.connectedCallback()
    this.#resized.observe(this)
  }

  override disconnectedCallback(): void {
    this.#resized.disconnect()
    super.disconnectedCallback()
  }

  override render() {
    const ladder = layOut(this.entries, this.width)
    const { width, height } = ladder
    return html`
      <svg
        viewBox="0 0 ${width} ${height}"
        width=${width}
        height=${height}
        role="listbox"
        aria-label="Packets between sensor, broker and dashboard, in their order"
        @keydown=${this.#key}
      >
        <g aria-hidden="true">
          ${ladder.lifelines.map(line => lifeline(line, ladder))}
          ${ladder.rows.map(row => (row.type === 'mark' ? mark(row) : ''))}
        </g>
        ${repeat(
          packetsOf(ladder),
          ({ packet }) => packet.id,
          row => this.#arrow(row),
        )}
      </svg>
    `
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('entries')) return
    const fresh = [...this.renderRoot.querySelectorAll<SVGGElement>('[data-id]')].filter(
      element => Number(element.dataset.id) > this.#shownUpTo,
    )
    this.#shownUpTo = Math.max(this.#shownUpTo, ...this.entries.map(({ id }) => id))
    playArrival(fresh)
  }

  #arrow(row: PacketRow) {
    const { packet, from, to, box } = row
    const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2]
    const towards = Math.sign(to.x - from.x)
    const selected = packet.id === this.selected
    return svg`
      <g
        class="packet ${groupOf(packet)}"
        role="option"
        data-id=${packet.id}
        data-kind=${packet.kind}
        data-hop="${packet.from}-${packet.to}"
        aria-selected=${selected}
        aria-label=${sentenceOf(packet)}
        tabindex=${this.#isTabStop(packet.id) ? 0 : -1}
        @click=${() => this.#select(packet.id)}
        @focus=${() => this.#select(packet.id)}
      >
        <rect class="box" x=${box.x} y=${box.y} width=${box.width} height=${box.height} rx="7" />
        <line x1=${from.x + towards * 3} y1=${from.y} x2=${to.x - towards * 4} y2=${to.y} />
        <path class="tip" d="M${to.x - towards * 2} ${to.y} l${-towards * 9} -5.5 v11 z" />
        <circle class="dot" cx=${to.x} cy=${to.y} r="4" data-dx=${from.x - to.x} data-dy=${from.y - to.y} />
        <text class="kind" x=${x} y=${y - 6}>${packet.kind}</text>
        <text class="facts" x=${x} y=${y + 15}>${factsOf(packet)}</text>
      </g>
    `
  }

  /** One packet is reached with Tab, the others from there with the arrow keys. */
  #isTabStop(id: number): boolean {
    const ids = this.#ids()
    return id === (this.selected !== undefined && ids.includes(this.selected) ? this.selected : ids[0])
  }

  #ids(): number[] {
    return this.entries.filter(({ type }) => type === 'packet').map(({ id }) => id)
  }

  #key(event: KeyboardEvent): void {
    const focused = this.renderRoot.querySelector<SVGGElement>('[data-id]:focus')
    if (!focused) return
    const ids = this.#ids()
    const at = ids.indexOf(Number(focused.dataset.id))
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: ids.length - 1, Enter: at, ' ': at }[event.key]
    const id = next === undefined ? undefined : ids[next]
    if (next === undefined) return
    event.preventDefault()
    if (id === undefined) return
    // To be focused is to be selected.
    this.renderRoot.querySelector<SVGGElement>(`[data-id="${id}"]`)?.focus()
    this.#select(id)
  }

  #select(id: number): void {
    if (id !== this.selected) this.dispatchEvent(new PacketSelectEvent(id))
  }
}

const packetsOf = ({ rows }: Ladder): PacketRow[] => rows.filter(row => row.type === 'packet')

function lifeline({ actor, x, brokenFrom }: Lifeline, { height, headWidth }: Ladder) {
  const end = height - 2
  return svg`
    <line class="life" x1=${x} y1=${headHeight} x2=${x} y2=${brokenFrom ?? end} />
    <line class="life broken" x1=${x} y1=${brokenFrom ?? end} x2=${x} y2=${end} />
    <rect class="head" x=${x - headWidth / 2} y="1" width=${headWidth} height=${headHeight - 2} rx="8" />
    <text class="name" x=${x} y=${headHeight / 2 + 5}>${actor}</text>
  `
}

function mark({ mark: { text, tone }, x, y, anchor }: MarkRow) {
  const shift = { start: 12, middle: 0, end: -12 }[anchor]
  return svg`
    <g class="mark ${tone}">
      <path class="cross" d="M${x - 5} ${y - 5} l10 10 m0 -10 l-10 10" />
      <text x=${x + shift} y=${y + 4} class=${anchor}>${text}</text>
    </g>
  `
}
