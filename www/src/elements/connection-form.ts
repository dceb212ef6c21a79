// The connection form: address, version, credentials.
import { css, html, LitElement, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { ConnectionState, ConnectRequest } from '../model/connection.ts'
import './connection-status.ts'
import { ConnectRequestEvent, DisconnectRequestEvent } from './requests.ts'
import { base, controls } from './styles.ts'

@customElement('mqtt-connection-form')
export class ConnectionForm extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      summary {
        width: fit-content;
        border-radius: 0.25rem;
        color: var(--ink-soft);
        cursor: pointer;
        font-size: var(--text-s);
        font-weight: 550;
      }

      summary:hover {
        color: var(--accent-strong);
      }

      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 9rem), 1fr));
        gap: var(--space-3);
      }

      details .pair {
        padding-top: var(--space-3);
      }

      mqtt-connection-status {
        margin-top: var(--space-3);
      }
    `,
  ]

  @property({ attribute: false }) connection: ConnectionState = { phase: 'idle' }
  @state() private request: ConnectRequest = {
    url: 'ws://localhost:9001',
    version: 5,
    clientId: '',
    username: '',
    password: '',
  }

  override render() {
    const { phase } = this.connection
    const up = phase === 'connecting' || phase === 'connected'
    return html`
      <form @submit=${this.#submit}>
        <div class="fields">
          ${this.#text('url', 'Broker address (WebSocket URL)', { inputmode: 'url', disabled: up })}
          <div class="pair">
            <div>
              <label for="version">MQTT version</label>
              <select id="version" ?disabled=${up} @change=${this.#version}>
                <option value="5" ?selected=${this.request.version === 5}>5.0</option>
                <option value="4" ?selected=${this.request.version === 4}>3.1.1</option>
              </select>
            </div>
            ${this.#text('clientId', 'Client identifier', { placeholder: 'optional', disabled: up })}
          </div>
          <details>
            <summary>User name and password</summary>
            <div class="pair">
              ${this.#text('username', 'User name', { disabled: up })}
              ${this.#text('password', 'Password', { type: 'password', disabled: up })}
            </div>
          </details>
          ${
            up
              ? html`<button type="button" @click=${this.#disconnect}>
                  ${phase === 'connected' ? 'Disconnect' : 'Stop connecting'}
                </button>`
              : html`<button class="primary">Connect</button>`
          }
        </div>
        <mqtt-connection-status .connection=${this.connection}></mqtt-connection-status>
      </form>
    `
  }

  #text(
    name: Exclude<keyof ConnectRequest, 'version'>,
    label: string,
    more: { type?: string; inputmode?: 'url'; placeholder?: string; disabled: boolean },
  ) {
    return html`
      <div>
        <label for=${name}>${label}</label>
        <input
          id=${name}
          class="mono-input"
          type=${more.type ?? 'text'}
          inputmode=${more.inputmode ?? nothing}
          placeholder=${more.placeholder ?? nothing}
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          ?disabled=${more.disabled}
          .value=${this.request[name]}
          @input=${(event: Event) => {
            this.request = { ...this.request, [name]: (event.target as HTMLInputElement).value }
          }}
        />
      </div>
    `
  }

  #version(event: Event): void {
    const version = (event.target as HTMLSelectElement).value === '4' ? 4 : 5
    this.request = { ...this.request, version }
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault()
    this.dispatchEvent(new ConnectRequestEvent({ ...this.request, url: this.request.url.trim() }))
  }

  #disconnect(): void {
    this.dispatchEvent(new DisconnectRequestEvent())
  }
}
