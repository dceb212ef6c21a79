// The levels of a filter over those of a topic, each pair with its verdict.
import { css, html, LitElement } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { LevelVerdict } from '../model/filter-check.ts'
import { levelWords } from './level-words.ts'
import { base } from './styles.ts'

@customElement('mqtt-level-strip')
export class LevelStrip extends LitElement {
  static override styles = [
    base,
    css`
      ol {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1);
      }

      li {
        display: grid;
        min-width: 3rem;
        max-width: 100%;
        overflow: hidden;
        border: 1px solid var(--good);
        border-radius: 0.375rem;
        font-family: var(--mono);
        font-size: 0.75rem;
        line-height: 1.55rem;
        text-align: center;
      }

      li.no {
        border: 1px dashed var(--bad);
      }

      span {
        padding: 0 0.5rem;
        overflow-wrap: anywhere;
      }

      .filter {
        background: var(--good-soft);
        color: var(--good);
        font-weight: 650;
      }

      .no .filter {
        background: var(--bad-soft);
        color: var(--bad);
      }
    `,
  ]

  /** Up to the one that decides. */
  @property({ attribute: false }) levels: readonly LevelVerdict[] = []
  @property({ type: Boolean }) matched = false

  override render() {
    return html`
      <ol aria-label="Levels, of the filter over those of the topic">
        ${this.levels.map(
          (level, index) => html`
            <li class=${this.matched || index < this.levels.length - 1 ? 'yes' : 'no'} title=${levelWords(level)} data-verdict=${level.verdict}>
              <span class="filter">${cell(level.filter)}</span>
              <span class="topic">${cell(level.topic)}</span>
            </li>
          `,
        )}
      </ol>
    `
  }
}

/** An ended side is a dash, an empty level is a box that is empty. */
const cell = (level: string | undefined): string => (level === undefined ? '–' : level === '' ? '␣' : level)
