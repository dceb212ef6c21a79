// The table of events: the semantic twin of the space-time diagram, part by part.
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { emit, sheet } from './sheet.js'
import type { Trace, TraceEntry } from './types.js'
import { entryText, isLost, seconds } from './words.js'

const style = css`
  .scroll {
    max-height: var(--mqtt-events-height, 24em);
    overflow: auto;
  }

  table {
    width: 100%;
    border-collapse: collapse;
  }

  th,
  td {
    padding: 0.1em 0.75em 0.1em 0;
    border-bottom: 1px solid var(--_line);
    text-align: start;
    vertical-align: baseline;
  }

  th {
    position: sticky;
    top: 0;
    background: var(--_ground);
    color: var(--_soft);
    font-size: var(--_small);
    font-weight: 400;
  }

  td.time {
    padding-top: 0.3em;
    vertical-align: top;
    font-family: var(--_mono);
    font-size: 0.875em;
    white-space: nowrap;
  }

  tr.minor {
    color: var(--_soft);
  }

  tr.lost td button {
    color: var(--_bad);
  }

  tr[aria-current] {
    background: var(--_mark);
  }

  td button {
    width: 100%;
    min-height: 1.9em;
    padding: 0.15em 0;
    border: 0;
    background: none;
    text-align: start;
    overflow-wrap: anywhere;
  }

  td button:hover {
    text-decoration: underline;
  }

  .more {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5em;
    align-items: center;
    padding: 0.4em 0;
  }
`

/** Rows of a part. */
const PART = 200

export class Events extends LitElement {
  static readonly tag = 'mqtt-events'
  static override styles = [sheet, style]
  static override properties = {
    trace: { attribute: false },
    now: { type: Number },
    selected: { type: Number },
  }

  declare trace: Trace | undefined
  declare now: number | undefined
  declare selected: number | undefined
  /** Number of the part that is shown; undefined is the last. */
  #place: number | undefined

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('selected') || this.selected === undefined) return
    const row = this.#rows().findIndex(([index]) => index === this.selected)
    if (row >= 0) this.#place = Math.floor(row / PART)
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('selected')) {
      const scroll = this.renderRoot.querySelector('.scroll')
      const row = this.renderRoot.querySelector<HTMLElement>('tr[aria-current]')
      if (!scroll || !row) return
      const top = row.offsetTop - 40
      if (top < scroll.scrollTop || row.offsetTop + row.offsetHeight > scroll.scrollTop + scroll.clientHeight)
        scroll.scrollTop = top
    }
  }

  override render() {
    const { trace } = this
    const rows = this.#rows()
    if (!trace || rows.length === 0) return html`<p class="soft">Nothing has happened yet.</p>`
    const parts = Math.ceil(rows.length / PART)
    const place = Math.min(this.#place ?? parts - 1, parts - 1)
    return html`
      <div class="scroll" part="scroll" tabindex="0" role="group" aria-label="Events">
        ${parts > 1 ? this.#pager(place, parts, rows.length) : nothing}
        <table part="table" aria-rowcount=${rows.length + 1}>
          <thead>
            <tr aria-rowindex="1">
              <th scope="col">Time</th>
              <th scope="col">Event</th>
            </tr>
          </thead>
          <tbody>
            ${repeat(
              rows.slice(place * PART, (place + 1) * PART),
              ([index]) => index,
              ([index, entry], i) => this.#row(index, entry, place * PART + i),
            )}
          </tbody>
        </table>
      </div>
    `
  }

  #rows(): [number, TraceEntry][] {
    const until = this.now ?? Number.POSITIVE_INFINITY
    return [...(this.trace?.entries.entries() ?? [])].filter(([, { at }]) => at <= until)
  }

  #row(index: number, entry: TraceEntry, row: number) {
    const isMajor = entry.type === 'packet' || (entry.type === 'client' && entry.event === 'message')
    const lost = entry.type === 'packet' && isLost(entry)
    return html`
      <tr
        part="row"
        class=${lost ? 'lost' : isMajor ? '' : 'minor'}
        aria-rowindex=${row + 2}
        aria-current=${index === this.selected ? 'true' : nothing}
      >
        <td class="time">${seconds(entry.at)}</td>
        <td><button @click=${() => this.#select(index)}>${entryText(entry, this.now)}</button></td>
      </tr>
    `
  }

  #pager(place: number, parts: number, count: number) {
    const turn = (to: number) => () => {
      this.#place = to
      this.requestUpdate()
    }
    return html`
      <div class="more">
        <button ?disabled=${place === 0} @click=${turn(place - 1)}>Earlier</button>
        <button ?disabled=${place === parts - 1} @click=${turn(place + 1)}>Later</button>
        <span class="small soft">${place * PART + 1} to ${Math.min(count, (place + 1) * PART)} of ${count} events</span>
      </div>
    `
  }

  #select(index: number): void {
    this.selected = index
    emit(this, 'entry-select', { index })
  }
}
