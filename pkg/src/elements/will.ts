// The will strip: where a last will stands, and the deadline at which the broker gives a client up.
import { css, html, LitElement, nothing } from 'lit'
import { sheet } from './sheet.js'
import type { WillFate, WillView } from './types.js'
import { span } from './words.js'

const style = css`
  ol {
    display: flex;
    flex-wrap: wrap;
    gap: 0.4em;
    margin: 0.5em 0;
  }

  li {
    padding: 0.15em 0.6em;
    border: 1px dashed var(--_strong);
    color: var(--_soft);
  }

  li.past {
    border-style: solid;
    border-color: var(--_line);
    color: var(--_ink);
  }

  li.here {
    border: 2px solid var(--_ink);
    color: var(--_ink);
    background: var(--_mark);
    font-weight: 600;
  }

  li.fired.here {
    border-color: var(--_bad);
    background: var(--_bad-ground);
    color: var(--_bad);
  }

  li + li::before {
    content: '→ ';
    font-weight: 400;
  }

  li.or::before {
    content: 'or ';
  }

  .bar {
    height: 0.5em;
    border: 1px solid var(--_strong);
  }

  .bar div {
    height: 100%;
    background: var(--_strong);
    forced-color-adjust: none;
  }

  .late div {
    background: var(--_bad);
  }

  @media (forced-colors: active) {
    li.here {
      outline: 2px solid Highlight;
    }

    .bar div {
      background: Highlight;
    }
  }
`

/** States of a will, and those that come before each. */
const words: Record<WillFate, { readonly text: string; readonly past: readonly WillFate[]; readonly says: string }> = {
  armed: { text: 'armed', past: [], says: 'The broker holds the will while the client is connected.' },
  cleared: { text: 'cleared', past: ['armed'], says: 'The client said goodbye, so the will is deleted.' },
  delayed: { text: 'delaying', past: ['armed'], says: 'The connection is gone, and the will waits for its delay.' },
  cancelled: {
    text: 'cancelled',
    past: ['armed', 'delayed'],
    says: 'The client came back in time, so nothing is published.',
  },
  fired: { text: 'published', past: ['armed', 'delayed'], says: 'The broker has published the will.' },
}

export class WillStrip extends LitElement {
  static readonly tag = 'mqtt-will'
  static override styles = [sheet, style]
  static override properties = { will: { attribute: false }, now: { type: Number } }

  declare will: WillView | undefined
  declare now: number

  constructor() {
    super()
    this.now = 0
  }

  override render() {
    const { will } = this
    if (!will) return html`<p class="soft">This client has no will.</p>`
    const { past, says } = words[will.fate]
    const order: WillFate[] = ['armed', 'cleared', 'delayed', 'cancelled', 'fired']
    return html`
      <p>
        <span class="soft">Last will</span> <code>${will.topic}</code>${will.payload ? html`: <code>${will.payload}</code>` : nothing}${
          will.delay ? html`, <span class="soft">after a delay of ${will.delay} s</span>` : nothing
        }
      </p>
      <ol part="states">
        ${order.map(fate => {
          const isHere = fate === will.fate
          const state = isHere ? 'here' : past.includes(fate) ? 'past' : ''
          const or = fate === 'delayed' || fate === 'fired' ? 'or' : ''
          return html`<li class=${`${fate} ${state} ${or}`} part=${`state ${state}`} aria-current=${isHere ? 'step' : nothing}>${words[fate].text}</li>`
        })}
      </ol>
      <p class="small" role="status">${says}</p>
      ${this.#deadline(will)}
    `
  }

  #deadline({ keepAlive, deadline, fate }: WillView) {
    if (!keepAlive || deadline === undefined || fate !== 'armed') return nothing
    const left = Math.max(0, deadline - this.now)
    const part = Math.min(1, left / (keepAlive * 1500))
    return html`
      <p class="small soft">
        The broker gives up ${left > 0 ? html`in ${span(left)}` : 'now'} without a packet: 1.5 × the keep alive of ${keepAlive} s.
      </p>
      <div class=${`bar ${part < 0.34 ? 'late' : ''}`} part="deadline" aria-hidden="true">
        <div .style=${`width:${part * 100}%`}></div>
      </div>
    `
  }
}
