// A problem in words, with MQTT's reason code and the broken rule.
import { css, html, LitElement, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { Problem } from '../model/problem.ts'
import { reasonText } from './reason.ts'
import { base } from './styles.ts'

@customElement('mqtt-problem')
export class ProblemNote extends LitElement {
  static override styles = [
    base,
    css`
      div {
        padding: var(--space-2) var(--space-3);
        border-left: 3px solid var(--bad);
        border-radius: 0.25rem var(--radius) var(--radius) 0.25rem;
        background: var(--bad-soft);
        color: var(--ink);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }

      strong {
        color: var(--bad);
      }
    `,
  ]

  @property({ attribute: false }) problem?: Problem

  override render() {
    if (!this.problem) return nothing
    const { title, text, reasonCode, rule } = this.problem
    // Facts that the text has already are left out.
    const facts = [
      ...(reasonCode === undefined || text.includes(reasonText(reasonCode))
        ? []
        : [`Reason code ${reasonText(reasonCode)}.`]),
      ...(rule === undefined || text.includes(rule) ? [] : [`Rule ${rule}.`]),
    ]
    return html`<div><strong>${title}:</strong> ${ended(text)}${facts.map(fact => html` <span>${fact}</span>`)}</div>`
  }
}

const ended = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)
