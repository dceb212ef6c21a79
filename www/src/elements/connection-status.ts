// The state of a connection, in words.
import { css, html, LitElement, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { ConnectionState } from '../model/connection.ts'
import './problem-note.ts'
import { base } from './styles.ts'

@customElement('mqtt-connection-status')
export class ConnectionStatus extends LitElement {
  static override styles = [
    base,
    css`
      p {
        display: grid;
        grid-template-columns: auto 1fr;
        align-items: baseline;
        gap: var(--space-2);
        overflow-wrap: anywhere;
        font-size: var(--text-s);
      }

      p::before {
        width: 0.6rem;
        height: 0.6rem;
        border: 2px solid var(--line-strong);
        border-radius: 50%;
        content: '';
      }

      .connecting::before {
        border-color: var(--accent);
      }

      .connected::before {
        border-color: var(--good);
        background: var(--good);
      }

      .failed::before {
        border-color: var(--bad);
        background: var(--bad);
      }

      mqtt-problem {
        margin-top: var(--space-2);
      }

      @media (prefers-reduced-motion: no-preference) {
        .connecting::before {
          animation: wait 900ms ease-in-out infinite alternate;
        }

        @keyframes wait {
          to {
            background: var(--accent);
          }
        }
      }
    `,
  ]

  @property({ attribute: false }) connection: ConnectionState = { phase: 'idle' }

  override render() {
    return html`<div role="status">${this.#words()}</div>`
  }

  #words() {
    const { connection } = this
    switch (connection.phase) {
      case 'idle':
        return html`<p>Not connected.</p>`
      case 'connecting':
        return html`<p class="connecting"><span>Connecting to <code>${connection.url}</code>…</span></p>`
      case 'connected':
        return html`<p class="connected">
          <span
            >Connected to <code>${connection.url}</code> as <code>${connection.clientId}</code>, MQTT
            ${connection.version === 5 ? '5.0' : '3.1.1'}.</span
          >
        </p>`
      case 'closed':
        return html`
          <p class=${connection.problem ? 'failed' : ''}>Not connected${connection.problem ? '.' : ': disconnected.'}</p>
          ${connection.problem ? html`<mqtt-problem .problem=${connection.problem}></mqtt-problem>` : nothing}
        `
    }
  }
}
