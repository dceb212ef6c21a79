// A topic filter held against topics: which match, and why not, level by level.
import { css, html, LitElement, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import type { FilterReport as Report, TopicVerdict } from '../model/filter-check.ts'
import './level-strip.ts'
import { reasonOf } from './level-words.ts'
import './problem-note.ts'
import { FilterChangeEvent, TopicAddEvent, TopicRemoveEvent } from './requests.ts'
import { badges, base, controls } from './styles.ts'

@customElement('mqtt-filter-report')
export class FilterReport extends LitElement {
  static override styles = [
    base,
    controls,
    badges,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr));
        gap: var(--space-2);
        margin-block: var(--space-3);
      }

      li {
        display: grid;
        gap: var(--space-2);
        align-content: start;
        padding: var(--space-2) var(--space-2) var(--space-3) var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius);
      }

      .head {
        display: flex;
        align-items: start;
        gap: var(--space-2);
      }

      .head code {
        flex: 1;
        padding-block: 0.15rem;
        font-weight: 600;
      }

      li p {
        color: var(--ink-soft);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }

      mqtt-problem {
        margin-top: var(--space-3);
      }
    `,
  ]

  @property({ attribute: false }) report: Report = { filter: '', topics: [] }
  @state() private topic = ''

  override render() {
    const { filter, topics, problem } = this.report
    return html`
      <label for="filter">Filter to explain</label>
      <input
        id="filter"
        class="mono-input"
        autocomplete="off"
        spellcheck="false"
        .value=${filter}
        @input=${(event: Event) => this.dispatchEvent(new FilterChangeEvent((event.target as HTMLInputElement).value))}
      />
      <div role="status">${problem ? html`<mqtt-problem .problem=${problem}></mqtt-problem>` : nothing}</div>
      <ul aria-label="Topics">
        ${repeat(
          topics,
          ({ topic }) => topic,
          verdict => this.#row(verdict, problem !== undefined),
        )}
      </ul>
      <form class="row" @submit=${this.#add}>
        <div class="grow">
          <label for="topic">Another topic</label>
          <input
            id="topic"
            class="mono-input"
            autocomplete="off"
            spellcheck="false"
            .value=${this.topic}
            @input=${(event: Event) => (this.topic = (event.target as HTMLInputElement).value)}
          />
        </div>
        <button>Add topic</button>
      </form>
    `
  }

  #row(verdict: TopicVerdict, unknown: boolean) {
    const { topic, matches, levels, problem } = verdict
    const undecided = unknown || problem !== undefined || levels.length === 0
    return html`
      <li data-topic=${topic}>
        <div class="head">
          <code>${topic}</code>
          <button class="plain" aria-label="Remove ${topic}" @click=${() => this.#remove(topic)}>✕</button>
        </div>
        ${
          undecided
            ? nothing
            : html`<mqtt-level-strip .levels=${levels} ?matched=${matches}></mqtt-level-strip>
                <p>
 <span class="badge ${matches ? 'good' : 'bad'}">${matches ? '✓ matches' : '✕ no match'}</span>
 ${reasonOf(verdict)}
 </p>`
        }
        ${problem ? html`<mqtt-problem .problem=${problem}></mqtt-problem>` : nothing}
      </li>
    `
  }

  #add(event: SubmitEvent): void {
    event.preventDefault()
    if (this.topic === '') return
    this.dispatchEvent(new TopicAddEvent(this.topic))
    this.topic = ''
  }

  #remove(topic: string): void {
    this.dispatchEvent(new TopicRemoveEvent(topic))
  }
}
