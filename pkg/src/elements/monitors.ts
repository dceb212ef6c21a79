// The monitors: the guarantees as a row of lights, each with the entry at which it turned.
import { css, html, LitElement, nothing } from 'lit'
import { emit, sheet } from './sheet.js'
import type { MonitorView } from './types.js'

const style = css`
  ul {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25em 1.5em;
  }

  li {
    display: flex;
    flex-wrap: wrap;
    gap: 0.15em 0.5em;
    align-items: center;
    min-height: 2.75rem;
  }

  .light {
    display: inline-grid;
    place-items: center;
    width: 1.25em;
    height: 1.25em;
    border: 2px solid currentcolor;
    border-radius: 50%;
    font-size: 0.8em;
    font-weight: 700;
    line-height: 1;
  }

  .holds .light {
    color: var(--_answer);
  }

  .pending .light {
    border-style: dashed;
    color: var(--_soft);
  }

  .broken .light {
    border-radius: 0;
    background: var(--_bad);
    border-color: var(--_bad);
    color: var(--_ground);
  }

  .broken .text {
    color: var(--_bad);
    font-weight: 600;
  }

  @media (forced-colors: active) {
    .broken .light {
      border-color: CanvasText;
      color: CanvasText;
    }
  }
`

const lights = { holds: ['✓', 'holds'], pending: ['', 'not decided yet'], broken: ['✕', 'broken'] } as const

export class Monitors extends LitElement {
  static readonly tag = 'mqtt-monitors'
  static override styles = [sheet, style]
  static override properties = { monitors: { attribute: false } }

  declare monitors: readonly MonitorView[]

  constructor() {
    super()
    this.monitors = []
  }

  override render() {
    return html`
      <ul part="list" aria-label="Guarantees">
        ${this.monitors.map(
          ({ text, state, entry }) => html`
            <li class=${state} part=${`monitor ${state}`}>
              <span class="light" aria-hidden="true">${lights[state][0]}</span>
              <span class="text">${text}<span class="hidden">: ${lights[state][1]}</span></span>
              ${
                entry === undefined
                  ? nothing
                  : html`<button part="button" @click=${() => emit(this, 'entry-select', { index: entry })}>Show where</button>`
              }
            </li>
          `,
        )}
      </ul>
    `
  }
}
