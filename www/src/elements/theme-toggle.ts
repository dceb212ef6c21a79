// A button that changes between light and dark.
import { css, html, LitElement } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import { base, controls } from './styles.ts'

@customElement('mqtt-theme-toggle')
export class ThemeToggle extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      button {
        padding-inline: 0.7rem;
      }

      svg {
        width: 1.1rem;
        height: 1.1rem;
        fill: none;
        stroke: currentColor;
        stroke-linecap: round;
        stroke-width: 2;
      }
    `,
  ]

  @property({ type: Boolean }) dark = false

  override render() {
    const [now, other] = this.dark ? ['Dark', 'light'] : ['Light', 'dark']
    return html`
      <button aria-label="${now} theme. Change to ${other}" @click=${this.#toggle}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <circle cx="12" cy="12" r="9" />
          <path d="M12 3a9 9 0 0 1 0 18z" fill="currentColor" />
        </svg>
        <span>${now}</span>
      </button>
    `
  }

  #toggle(): void {
    this.dispatchEvent(new Event('theme-toggle'))
  }
}
