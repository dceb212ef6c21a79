// Three buttons of which one is pressed: the quality of service.
import { css, html, LitElement } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { QoS } from '../model/message.ts'
import { QosChangeEvent } from './requests.ts'
import { base, controls } from './styles.ts'

const choices: readonly { qos: QoS; meaning: string }[] = [
  { qos: 0, meaning: 'at most once' },
  { qos: 1, meaning: 'at least once' },
  { qos: 2, meaning: 'exactly once' },
]

@customElement('mqtt-qos-picker')
export class QosPicker extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      fieldset {
        border: 0;
        min-width: 0;
      }

      legend {
        padding: 0;
      }

      .choices {
        display: inline-flex;
        padding: 2px;
        border: 1px solid var(--line-strong);
        border-radius: var(--radius);
        background: var(--surface);
      }

      .choices label {
        position: relative;
        margin: 0;
        color: var(--ink);
        cursor: pointer;
      }

      input {
        position: absolute;
        inset: 0;
        margin: 0;
        opacity: 0;
        cursor: inherit;
      }

      .choices span {
        display: grid;
        place-items: center;
        min-width: 2.35rem;
        height: calc(2.375rem - 6px);
        border-radius: 0.375rem;
        font-size: var(--text-m);
        font-variant-numeric: tabular-nums;
      }

      input:checked + span {
        background: var(--accent);
        color: var(--accent-ink);
        font-weight: 650;
      }

      input:not(:checked) + span:hover {
        background: var(--accent-soft);
      }

      input:focus-visible + span {
        outline: 2px solid var(--accent);
        outline-offset: 3px;
      }
    `,
  ]

  @property({ attribute: false }) qos: QoS = 0
  @property() label = 'QoS'

  override render() {
    return html`
      <fieldset>
        <legend class="label">${this.label}</legend>
        <div class="choices">
          ${choices.map(
            ({ qos, meaning }) => html`
              <label title=${meaning}>
                <input
                  type="radio"
                  name="qos"
                  value=${qos}
                  aria-label="QoS ${qos}, ${meaning}"
                  .checked=${qos === this.qos}
                  @change=${() => this.#choose(qos)}
                />
                <span aria-hidden="true">${qos}</span>
              </label>
            `,
          )}
        </div>
      </fieldset>
    `
  }

  #choose(qos: QoS): void {
    this.qos = qos
    this.dispatchEvent(new QosChangeEvent(qos))
  }
}
