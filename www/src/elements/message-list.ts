// The last messages that were received, the newest on top.
import { css, html, LitElement, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import type { Mail } from '../model/mailbox.ts'
import type { ReceivedMessage } from '../model/message.ts'
import { ClearRequestEvent } from './requests.ts'
import { badges, base, controls } from './styles.ts'

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

@customElement('mqtt-message-list')
export class MessageList extends LitElement {
  static override styles = [
    base,
    controls,
    badges,
    css`
      .head {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-height: 1.75rem;
        margin-bottom: var(--space-1);
      }

      h3 {
        font-size: var(--text-s);
        font-weight: 600;
      }

      .scroll {
        max-height: var(--messages-height, 22rem);
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--sunken);
      }

      .empty {
        padding: var(--space-3);
      }

      li {
        display: grid;
        gap: 0.1rem;
        padding: var(--space-2) var(--space-3);
      }

      li + li {
        border-top: 1px solid var(--line);
      }

      .facts {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-1) var(--space-2);
      }

      .facts code {
        flex: 1 1 auto;
        color: var(--ink-soft);
      }

      time {
        color: var(--ink-soft);
        font-size: 0.75rem;
        font-variant-numeric: tabular-nums;
      }

      pre {
        max-height: 8rem;
        overflow: hidden auto;
        font-family: var(--mono);
        font-size: 0.875rem;
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
    `,
  ]

  @property() heading = 'Messages'
  @property() hint = 'Nothing yet.'
  /** A topic whose messages are the will of a client. */
  @property() willTopic = ''
  @property({ attribute: false }) mail: Mail = { messages: [], total: 0 }

  override render() {
    const { messages, total } = this.mail
    return html`
      <div class="head">
        <h3>${this.heading} <span class="soft">${this.#count()}</span></h3>
        <button class="plain" ?hidden=${total === 0} @click=${this.#clear}>Clear</button>
      </div>
      <div class="scroll" role="log" aria-label=${this.heading} tabindex="0">
        ${
          messages.length === 0
            ? html`<p class="empty soft small">${this.hint}</p>`
            : html`<ol>
                ${repeat(
                  messages,
                  ({ id }) => id,
                  message => this.#row(message),
                )}
              </ol>`
        }
      </div>
    `
  }

  #count(): string {
    const { messages, total } = this.mail
    if (total === 0) return ''
    return total === messages.length ? `${total}` : `the last ${messages.length} of ${total}`
  }

  #row(message: ReceivedMessage) {
    const { topic, form, body, cut, payloadBytes, qos, retain, duplicate, receivedAt } = message
    const will = this.willTopic !== '' && topic === this.willTopic
    const size = cut || form === 'hex' ? `${payloadBytes} bytes${cut ? ', cut' : ''}` : ''
    return html`
      <li>
        <div class="facts">
          <code>${topic}</code>
          ${will ? html`<span class="badge bad">Last will</span>` : nothing}
          ${form === 'hex' ? html`<span class="badge">hex</span>` : nothing}
          ${size === '' ? nothing : html`<span class="badge">${size}</span>`}
          <span class="badge accent">QoS ${qos}</span>
          ${retain ? html`<span class="badge">retained</span>` : nothing}
          ${duplicate ? html`<span class="badge">DUP</span>` : nothing}
          <time datetime=${new Date(receivedAt).toISOString()}>${time.format(receivedAt)}</time>
        </div>
        <pre>${body === '' ? html`<span class="soft">(empty)</span>` : body}</pre>
      </li>
    `
  }

  #clear(): void {
    this.dispatchEvent(new ClearRequestEvent())
  }
}
