// The outcome of a request, in words, announced to screen readers as it changes.
import { css, html, LitElement, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { Outcome } from '../model/outcome.ts'
import './problem-note.ts'
import { base } from './styles.ts'

@customElement('mqtt-outcome')
export class OutcomeNote extends LitElement {
  static override styles = [
    base,
    css`
      /* The box is there from the start, since only then what comes into it is told. */
      p,
      mqtt-problem {
        margin-top: var(--space-3);
      }

      p {
        color: var(--ink-soft);
        font-size: var(--text-s);
      }

      .done::before {
        content: '✓ ';
        color: var(--good);
        font-weight: 700;
      }
    `,
  ]

  @property({ attribute: false }) outcome: Outcome = { type: 'none' }

  override render() {
    return html`<div role="status">${this.#words()}</div>`
  }

  #words() {
    const { outcome } = this
    switch (outcome.type) {
      case 'none':
        return nothing
      case 'waiting':
        return html`<p>${outcome.text}</p>`
      case 'done':
        return html`<p class="done">${outcome.text}</p>`
      case 'failed':
        return html`<mqtt-problem .problem=${outcome.problem}></mqtt-problem>`
    }
  }
}
