// The packet inspector: fields beside hexadecimal bytes and their characters, lit both ways.
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { emit, sheet } from './sheet.js'
import type { PacketField, PacketView } from './types.js'
import { hex, toBytes } from './words.js'

/** Bytes and fields of a packet that are drawn before the reader asks for more. */
const DRAWN = 1024
/** Letters of a value that are drawn. */
const LETTERS = 500

const style = css`
  :host {
    container-type: inline-size;
  }

  .both {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1em;
  }

  @container (min-width: 40em) {
    .both {
      grid-template-columns: max-content minmax(0, 1fr);
    }
  }

  .dump {
    align-self: start;
    overflow-x: auto;
    font-family: var(--_mono);
    font-size: 0.875em;
  }

  .row {
    display: flex;
    gap: 0.75em;
    align-items: baseline;
  }

  .offset {
    color: var(--_soft);
    user-select: none;
  }

  .hex,
  .ascii {
    display: flex;
  }

  .byte {
    min-width: 1.9em;
    padding: 0.25em 0;
    border: 0;
    border-bottom: 2px solid transparent;
    text-align: center;
    cursor: pointer;
  }

  .byte.header {
    border-bottom-color: var(--_session);
  }

  .byte.variable {
    border-bottom-color: var(--_answer);
  }

  .byte.payload {
    border-bottom-color: var(--_publish);
  }

  .byte.lit,
  .char.lit {
    background: var(--_mark);
    outline: 1px solid var(--_ink);
    outline-offset: -1px;
  }

  .char {
    min-width: 0.75em;
    padding: 0.25em 0;
    text-align: center;
  }

  .char.dot {
    color: var(--_soft);
  }

  .fields {
    max-height: var(--mqtt-packet-height, 22em);
    overflow-y: auto;
  }

  .field {
    display: grid;
    grid-template-columns: minmax(7em, 1fr) minmax(0, 1.3fr) 5em;
    gap: 0.75em;
    align-items: baseline;
    padding: 0.2em 0.4em;
    border-bottom: 1px solid var(--_line);
    cursor: pointer;
  }

  .field.lit {
    background: var(--_mark);
  }

  .field.wrong {
    background: var(--_bad-ground);
    color: var(--_bad);
  }

  .name {
    padding-left: calc(var(--depth) * 0.9em);
  }

  .group .name {
    font-weight: 600;
  }

  .value {
    overflow-wrap: anywhere;
  }

  .bits {
    display: inline-flex;
    gap: 1px;
    margin-left: 0.5em;
    font-family: var(--_mono);
    font-size: 0.85em;
    vertical-align: baseline;
  }

  .bits span {
    min-width: 1em;
    text-align: center;
    color: var(--_soft);
  }

  .bits .on {
    border-bottom: 2px solid currentcolor;
    color: var(--_ink);
    font-weight: 700;
  }

  .section {
    color: var(--_soft);
    font-size: var(--_small);
    text-align: end;
    white-space: nowrap;
  }

  @media (forced-colors: active) {
    .lit {
      background: Highlight;
      color: HighlightText;
      forced-color-adjust: none;
    }

    .lit * {
      color: HighlightText;
    }
  }
`

export class PacketInspector extends LitElement {
  static readonly tag = 'mqtt-packet'
  static override styles = [sheet, style]
  static override properties = {
    packet: { attribute: false },
    editable: { type: Boolean },
    lit: { state: true },
    perRow: { state: true },
    cursor: { state: true },
    drawn: { state: true },
  }

  declare packet: PacketView | undefined
  declare editable: boolean
  /** Index of the field that is lit. */
  declare lit: number | undefined
  declare perRow: number
  /** Offset of the byte that the keyboard is at. */
  declare cursor: number
  /** Bytes that are drawn, and fields. */
  declare drawn: number

  #bytes: Uint8Array = new Uint8Array()
  readonly #observer = new ResizeObserver(() => this.#measure())

  constructor() {
    super()
    this.editable = false
    this.perRow = 8
    this.cursor = 0
    this.drawn = DRAWN
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#observer.observe(this)
  }

  override disconnectedCallback(): void {
    this.#observer.disconnect()
    super.disconnectedCallback()
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('packet')) return
    const before = changed.get('packet')
    this.#bytes = toBytes(this.packet?.bytes ?? '')
    // An edit of the same packet leaves the cursor where it is.
    if (before && toBytes(before.bytes).length === this.#bytes.length && this.editable) return
    this.lit = undefined
    this.cursor = 0
    this.drawn = DRAWN
  }

  override render() {
    if (!this.packet) return html`<p class="soft"><slot>Select a packet to see its bytes.</slot></p>`
    return html`<div class="both">${this.#dump()} ${this.#table()}</div>`
  }

  #fields(): readonly PacketField[] {
    return this.packet?.fields ?? []
  }

  #dump() {
    const end = this.#end()
    const rows: number[] = []
    for (let start = 0; start < end; start += this.perRow) rows.push(start)
    const lit = this.lit === undefined ? undefined : this.#fields()[this.lit]
    const cells = (start: number) =>
      [...this.#bytes.subarray(start, Math.min(end, start + this.perRow))].map((byte, i) => [byte, start + i] as const)
    const isLit = (at: number) => (lit && at >= lit.start && at < lit.end ? 'lit' : '')
    return html`
      <div
        class="dump"
        part="bytes"
        role="group"
        aria-label=${`${this.#bytes.length} bytes, hexadecimal${this.editable ? ', can be typed over' : ''}`}
        @keydown=${this.#onByteKey}
      >
        ${rows.map(
          start => html`
            <div class="row">
              <span class="offset" aria-hidden="true">${start.toString(16).padStart(4, '0')}</span>
              <span class="hex">
                ${cells(start).map(
                  ([byte, at]) => html`<span
                    class=${`byte ${this.#part(at)} ${isLit(at)}`}
                    role="button"
                    tabindex=${at === this.cursor ? 0 : -1}
                    aria-label=${`byte ${at}: ${hex(byte)}, ${this.#leafAt(at)?.name ?? 'unknown'}`}
                    data-at=${at}
                    @click=${() => this.#light(at)}
                    @focus=${() => this.#light(at)}
                    @pointerenter=${() => this.#light(at)}
                    >${hex(byte)}</span
                  >`,
                )}
              </span>
              <span class="ascii" aria-hidden="true">
                ${cells(start).map(([byte, at]) => {
                  const isShown = byte > 31 && byte < 127
                  return html`<span class=${`char ${isShown ? '' : 'dot'} ${isLit(at)}`}>${isShown ? String.fromCharCode(byte) : '·'}</span>`
                })}
              </span>
            </div>
          `,
        )}
        ${end < this.#bytes.length ? this.#more(end) : nothing}
      </div>
    `
  }

  /** Offset behind the last byte that is drawn. */
  #end(): number {
    return Math.min(this.#bytes.length, this.drawn)
  }

  #more(end: number) {
    const rest = this.#bytes.length - end
    const next = Math.min(rest, this.drawn)
    return html`<button part="more" @click=${this.#drawMore}>Show ${next} of ${rest} more bytes</button>`
  }

  #drawMore(): void {
    this.drawn *= 2
  }

  #table() {
    const fields = this.#fields()
    if (fields.length === 0) return nothing
    return html`
      <div
        class="fields"
        part="fields"
        role="listbox"
        tabindex="0"
        aria-label="Fields of the packet"
        aria-activedescendant=${this.lit === undefined ? nothing : `field-${this.lit}`}
        @keydown=${this.#onFieldKey}
      >
        ${fields.slice(0, this.drawn).map((field, index) => this.#field(field, index))}
      </div>
    `
  }

  #field(field: PacketField, index: number) {
    const { depth, isGroup, name, section } = field
    const fault = this.packet?.error
    const error = fault?.field === index ? fault.problem : ''
    const isLit = index === this.lit
    return html`
      <div
        class=${`field ${isGroup ? 'group' : ''} ${isLit ? 'lit' : ''} ${error ? 'wrong' : ''}`}
        part="field"
        role="option"
        id=${`field-${index}`}
        aria-selected=${isLit}
        @click=${() => this.#pick(index)}
        @pointerenter=${() => this.#pick(index)}
      >
        <span class="name" .style=${`--depth:${Math.min(depth, 4)}`}>${name}</span>
        <span class="value">${valueText(field, this.#bytes)}${isLit ? this.#bits(field) : nothing}${error ? html`: ${error}` : nothing}</span>
        <span class="section">${section}</span>
      </div>
    `
  }

  /** The bits of a field's first byte, those of the field marked. */
  #bits({ start, end, bits }: PacketField) {
    const byte = this.#bytes[start]
    if (byte === undefined || end - start !== 1) return nothing
    const [high, low] = bits ?? [7, 0]
    const digits = byte.toString(2).padStart(8, '0')
    return html`<span class="bits" part="bits" aria-label=${`bits ${high} to ${low} of ${digits}`} role="img"
      >${[...digits].map((digit, i) => html`<span class=${7 - i <= high && 7 - i >= low ? 'on' : ''}>${digit}</span>`)}</span
    >`
  }

  #part(at: number): string {
    const top = this.#fields().find(({ depth, start, end }) => depth === 0 && at >= start && at < end)
    if (top?.name === 'Fixed Header') return 'header'
    return top && /payload/i.test(top.name) ? 'payload' : 'variable'
  }

  #leafAt(at: number): PacketField | undefined {
    return this.#fields().find(({ isGroup, start, end }) => !isGroup && at >= start && at < end)
  }

  /** Lights the field of a byte: of several in one byte, the group that holds them. */
  #light(at: number): void {
    const fields = this.#fields()
    const leaf = fields.findIndex(({ isGroup, start, end }) => !isGroup && at >= start && at < end)
    const group = fields[leaf]?.bits
      ? fields.findLastIndex((field, i) => i < leaf && field.isGroup && field.end > at)
      : leaf
    this.cursor = at
    this.#pick(group < 0 ? leaf : group)
  }

  #pick(index: number): void {
    const field = this.#fields()[index]
    this.lit = index
    emit(this, 'field-select', { field })
    void this.updateComplete.then(() => {
      const list = this.renderRoot.querySelector<HTMLElement>('.fields')
      const row = this.renderRoot.querySelector<HTMLElement>(`#field-${index}`)
      if (!list || !row || list.matches(':hover')) return
      const top = row.offsetTop - list.offsetTop
      if (top < list.scrollTop) list.scrollTop = top
      else if (top + row.offsetHeight > list.scrollTop + list.clientHeight)
        list.scrollTop = top + row.offsetHeight - list.clientHeight
    })
  }

  #onByteKey(event: KeyboardEvent): void {
    const moves: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.perRow,
      ArrowDown: this.perRow,
      Home: -this.cursor,
      End: this.#end() - 1 - this.cursor,
    }
    const move = moves[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (move === undefined) {
      this.#type(event)
      return
    }
    event.preventDefault()
    const at = Math.max(0, Math.min(this.#end() - 1, this.cursor + move))
    this.renderRoot.querySelector<HTMLElement>(`[data-at="${at}"]`)?.focus()
  }

  /** A typed digit moves into the byte from the right. */
  #type(event: KeyboardEvent): void {
    const byte = this.#bytes[this.cursor]
    if (!this.editable || byte === undefined || !/^[0-9a-f]$/i.test(event.key)) return
    event.preventDefault()
    const bytes = this.#bytes.slice()
    bytes[this.cursor] = ((byte << 4) | Number.parseInt(event.key, 16)) & 0xff
    emit(this, 'bytes-edit', { bytes, at: this.cursor })
  }

  #onFieldKey(event: KeyboardEvent): void {
    const last = Math.min(this.#fields().length, this.drawn) - 1
    const now = this.lit ?? -1
    const steps: Record<string, number> = {
      ArrowDown: Math.min(last, now + 1),
      ArrowUp: Math.max(0, now - 1),
      Home: 0,
      End: last,
    }
    const next = steps[event.key]
    if (next === undefined) return
    event.preventDefault()
    this.#pick(next)
  }

  #measure(): void {
    const em = Number.parseFloat(getComputedStyle(this).fontSize) || 16
    const width = this.clientWidth / em
    this.perRow = width < 26 ? 4 : width < 60 ? 8 : 16
  }
}

/** Returns a field's value in words, cut where it is long. */
function valueText(field: PacketField, bytes: Uint8Array): string {
  const text = wholeText(field, bytes)
  return text.length > LETTERS ? `${text.slice(0, LETTERS)}… (${text.length} letters)` : text
}

function wholeText({ isGroup, start, end, value, meaning, isUndecoded }: PacketField, bytes: Uint8Array): string {
  if (isUndecoded) return 'cannot be told apart'
  if (meaning !== undefined)
    return value === undefined ? meaning : `${meaning} (${typeof value === 'number' ? code(value) : value})`
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (value !== undefined && typeof value !== 'object') return String(value)
  if (isGroup) return ''
  const part = bytes.subarray(start, end)
  const isText = part.every(byte => byte > 31 && byte < 127)
  return isText ? new TextDecoder().decode(part) : `${end - start} bytes`
}

const code = (value: number): string => (value < 10 ? String(value) : `0x${hex(value)}`)
