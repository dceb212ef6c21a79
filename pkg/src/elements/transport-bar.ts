// The transport bar: play, step, speed and time of a world.
import { css, html, LitElement, nothing } from 'lit'
import { emit, sheet } from './sheet.js'
import type { BranchView } from './types.js'
import { seconds } from './words.js'

const style = css`
  :host {
    container-type: inline-size;
  }

  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5em 0.75em;
    align-items: center;
  }

  .group {
    display: flex;
    align-items: center;
  }

  .group > * + * {
    margin-left: -1px;
  }

  .play {
    min-width: 5.5em;
    font-weight: 600;
  }

  label {
    display: flex;
    gap: 0.5em;
    align-items: center;
    min-width: 0;
  }

  .scrub {
    flex: 1 1 12em;
  }

  input {
    flex: 1;
    min-width: 4em;
    height: 2.75rem;
    margin: 0;
    accent-color: var(--_ink);
  }

  .speed input {
    width: 6em;
  }

  output {
    font-family: var(--_mono);
    font-size: 0.875em;
    white-space: nowrap;
  }

  @container (max-width: 26em) {
    .scrub {
      flex-basis: 100%;
    }
  }
`

const units = ['event', 'packet', 'timer'] as const

export class TransportBar extends LitElement {
  static readonly tag = 'mqtt-transport'
  static override styles = [sheet, style]
  static override properties = {
    playing: { type: Boolean },
    disabled: { type: Boolean },
    now: { type: Number },
    end: { type: Number },
    speed: { type: Number },
    branches: { attribute: false },
    branch: { type: Number },
    unit: { state: true },
  }

  declare playing: boolean
  declare disabled: boolean
  /** The world's clock, and the last moment that can be gone to, in milliseconds. */
  declare now: number
  declare end: number
  /** World's time a real one; 1 is as in life. */
  declare speed: number
  declare branches: readonly BranchView[]
  declare branch: number
  declare unit: (typeof units)[number]

  constructor() {
    super()
    this.playing = false
    this.disabled = false
    this.now = 0
    this.end = 0
    this.speed = 1
    this.branches = []
    this.branch = 0
    this.unit = 'event'
  }

  override render() {
    const { playing, disabled, now, end, speed } = this
    return html`
      <div class="bar" part="bar" role="group" aria-label="Time">
        <button class="play" part="button" ?disabled=${disabled} @click=${this.#play}>${playing ? '❚❚ Pause' : '▶ Play'}</button>
        <span class="group">
          <button part="button" ?disabled=${disabled} @click=${() => emit(this, 'transport-step', { unit: this.unit })}>Step</button>
          <select part="select" aria-label="Step to the next" ?disabled=${disabled} @change=${this.#onUnit}>
            ${units.map(unit => html`<option ?selected=${unit === this.unit}>${unit}</option>`)}
          </select>
        </span>
        <label class="scrub">
          <span class="small soft">Time</span>
          <input
            part="range"
            type="range"
            min="0"
            .max=${String(Math.max(1, end))}
            step="1"
            ?disabled=${disabled}
            .value=${String(Math.min(now, end))}
            aria-valuetext=${seconds(now)}
            @input=${this.#seek}
          />
          <output>${seconds(now)}</output>
        </label>
        <label class="speed">
          <span class="small soft">Speed</span>
          <input
            part="range"
            type="range"
            min="-2"
            max="2"
            step="0.25"
            ?disabled=${disabled}
            .value=${String(Math.log10(speed))}
            aria-valuetext=${`${factor(speed)} times`}
            @input=${this.#setSpeed}
          />
          <output>×${factor(speed)}</output>
        </label>
        ${this.branches.length > 1 ? this.#branchPicker() : nothing}
      </div>
    `
  }

  #branchPicker() {
    return html`
      <label>
        <span class="small soft">Branch</span>
        <select part="select" ?disabled=${this.disabled} @change=${this.#onBranch}>
          ${this.branches.map(({ name }, i) => html`<option value=${i} ?selected=${i === this.branch}>${name}</option>`)}
        </select>
      </label>
    `
  }

  #play(): void {
    this.playing = !this.playing
    emit(this, this.playing ? 'transport-play' : 'transport-pause', {})
  }

  #onUnit(event: Event): void {
    this.unit = units.find(unit => unit === (event.target as HTMLSelectElement).value) ?? 'event'
  }

  #onBranch(event: Event): void {
    this.branch = Number((event.target as HTMLSelectElement).value)
    emit(this, 'transport-branch', { branch: this.branch })
  }

  #seek(event: Event): void {
    this.now = Number((event.target as HTMLInputElement).value)
    emit(this, 'transport-seek', { time: this.now })
  }

  #setSpeed(event: Event): void {
    this.speed = 10 ** Number((event.target as HTMLInputElement).value)
    emit(this, 'transport-speed', { speed: this.speed })
  }
}

const factor = (speed: number): string => String(Number(speed.toPrecision(2)))
