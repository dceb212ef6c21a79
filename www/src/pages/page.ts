// The whole page: its head, and the panels side by side.
import { css, html, LitElement } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { base } from '../elements/styles.ts'
import '../elements/theme-toggle.ts'
import './broker-panel.ts'
import './filter-panel.ts'
import './household-panel.ts'
import { chooseTheme, onSystemTheme, restoreTheme, theme } from './theme.ts'

@customElement('wasmqtt-page')
export class Page extends LitElement {
  static override styles = [
    base,
    css`
      header,
      main {
        max-width: 92rem;
        margin-inline: auto;
        padding-inline: clamp(var(--space-3), 2.5vw, 2rem);
      }

      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-1) var(--space-3);
        padding-block: var(--space-4);
      }

      h1 {
        display: flex;
        align-items: center;
        gap: 0.6rem;
        margin: 0;
        font-size: 1.375rem;
        font-weight: 700;
        letter-spacing: -0.02em;
      }

      h1 svg {
        width: 1.9rem;
        height: 1.9rem;
        border-radius: 0.5rem;
        background: var(--accent);
        color: var(--accent-ink);
      }

      header p {
        flex: 1 1 12rem;
      }

      main {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-5);
        padding-bottom: 3rem;
      }

      .side {
        display: grid;
        gap: var(--space-4);
        align-content: start;
      }

      @media (max-width: 639px) {
        header p {
          order: 1;
          flex-basis: 100%;
        }

        mqtt-theme-toggle {
          margin-left: auto;
        }
      }

      @media (min-width: 1100px) {
        main {
          grid-template-columns: minmax(19rem, 24rem) minmax(0, 1fr);
        }
      }
    `,
  ]

  @state() private theme = theme()
  #leave: (() => void) | undefined

  override connectedCallback(): void {
    super.connectedCallback()
    restoreTheme()
    this.#leave = onSystemTheme(() => this.#refresh())
    this.#refresh()
  }

  override disconnectedCallback(): void {
    this.#leave?.()
    super.disconnectedCallback()
  }

  override render() {
    return html`
      <header>
        <h1>
          <svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.4">
            <path d="M8 6v20M24 6v20" opacity=".6" />
            <path d="M8 11h15M19.5 7.5 23.500 11l-4 3.500M24 21H9M12.5 17.5 8.5 21l4 3.500" />
          </svg>
          wasmqtt
        </h1>
        <p class="soft">MQTT in a web page: a client, a broker, and every packet between them.</p>
        <mqtt-theme-toggle ?dark=${this.theme === 'dark'} @theme-toggle=${this.#toggle}></mqtt-theme-toggle>
      </header>
      <main>
        <wasmqtt-broker-panel></wasmqtt-broker-panel>
        <div class="side">
          <wasmqtt-household-panel></wasmqtt-household-panel>
          <wasmqtt-filter-panel></wasmqtt-filter-panel>
        </div>
      </main>
    `
  }

  #toggle(): void {
    chooseTheme(this.theme === 'dark' ? 'light' : 'dark')
    this.#refresh()
  }

  #refresh(): void {
    this.theme = theme()
  }
}
