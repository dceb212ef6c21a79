// The filters that are subscribed to, each with a button to leave it.
import { css, html, LitElement } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import type { GrantedFilter } from '../model/connection.ts'
import { UnsubscribeRequestEvent } from './requests.ts'
import { badges, base, controls } from './styles.ts'

@customElement('mqtt-subscription-list')
export class SubscriptionList extends LitElement {
  static override styles = [
    base,
    controls,
    badges,
    css`
      ul {
        display: grid;
        gap: var(--space-1);
      }

      li {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        padding: var(--space-1) var(--space-1) var(--space-1) var(--space-3);
        border-radius: var(--radius);
        background: var(--sunken);
      }

      code {
        flex: 1;
      }
    `,
  ]

  @property({ attribute: false }) granted: readonly GrantedFilter[] = []

  override render() {
    if (this.granted.length === 0) return html`<p class="soft small">No subscriptions.</p>`
    return html`
      <ul aria-label="Subscriptions">
        ${repeat(
          this.granted,
          ({ filter }) => filter,
          ({ filter, qos }) => html`
            <li>
              <code>${filter}</code>
              <span class="badge">QoS ${qos}</span>
              <button class="plain" aria-label="Unsubscribe from ${filter}" @click=${() => this.#leave(filter)}>
                Unsubscribe
              </button>
            </li>
          `,
        )}
      </ul>
    `
  }

  #leave(filter: string): void {
    this.dispatchEvent(new UnsubscribeRequestEvent(filter))
  }
}
