// The topic trie: filters as a tree, and a topic that walks it level by level as a set of cursors.
import { css, html, LitElement, nothing } from 'lit'
import { emit, sheet } from './sheet.js'
import type { TopicLevel, TrieFilter } from './types.js'

const style = css`
  .walk {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25em;
    align-items: center;
    margin-bottom: 0.75em;
  }

  .level {
    padding: 0.1em 0.5em;
    border: 1px solid var(--_line);
    font-family: var(--_mono);
  }

  .level.here {
    border-color: var(--_ink);
    background: var(--_mark);
  }

  .tree ul {
    padding-left: 1.4em;
  }

  .tree li {
    position: relative;
  }

  .tree ul li::before {
    position: absolute;
    top: 0;
    left: -0.9em;
    width: 0.7em;
    height: 0.9em;
    border: 1px solid var(--_strong);
    border-width: 0 0 1px 1px;
    content: '';
  }

  .tree ul li:not(:last-child)::after {
    position: absolute;
    top: 0;
    bottom: 0;
    left: -0.9em;
    border-left: 1px solid var(--_strong);
    content: '';
  }

  .node {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 0.2em 0.6em;
    align-items: baseline;
    padding: 0.1em 0.35em;
  }

  .node code {
    font-weight: 600;
  }

  .here > .node {
    background: var(--_mark);
    outline: 1px solid var(--_ink);
  }

  .here > .node code::before {
    content: '▸ ';
  }

  .why {
    margin-top: 0.75em;
    border-top: 1px solid var(--_line);
  }

  .why li {
    padding: 0.3em 0;
    border-bottom: 1px solid var(--_line);
    overflow-wrap: anywhere;
  }

  .yes {
    color: var(--_answer);
    font-weight: 600;
  }

  .no {
    color: var(--_bad);
    font-weight: 600;
  }
`

interface Node {
  readonly level: string
  readonly depth: number
  readonly children: Map<string, Node>
  /** Filters that end here, and all that pass. */
  readonly ends: TrieFilter[]
  readonly filters: TrieFilter[]
}

export class TopicTrie extends LitElement {
  static readonly tag = 'mqtt-topic-trie'
  static override styles = [sheet, style]
  static override properties = {
    filters: { attribute: false },
    topic: { type: String },
    step: { type: Number },
  }

  declare filters: readonly TrieFilter[]
  declare topic: string
  /** Levels walked so far; undefined is all. */
  declare step: number | undefined

  constructor() {
    super()
    this.filters = []
    this.topic = ''
  }

  override render() {
    if (this.filters.length === 0) return html`<p class="soft">No subscription yet.</p>`
    return html`
      ${this.topic ? this.#walk() : nothing}
      <ul class="tree" part="tree" aria-label="Filters, level by level">
        ${[...treeOf(this.filters).children.values()].map(node => this.#node(node))}
      </ul>
      ${this.topic ? html`<ul class="why" part="sentences">${this.filters.map(filter => this.#sentence(filter))}</ul>` : nothing}
    `
  }

  get #steps(): number {
    return this.step ?? Number.POSITIVE_INFINITY
  }

  #walk() {
    const levels = this.topic.split('/')
    const step = Math.min(this.#steps, levels.length)
    return html`
      <div class="walk" part="walk" role="group" aria-label="Walk of the topic">
        ${levels.map((level, i) => html`<span class=${`level ${i === step - 1 ? 'here' : ''}`}>${level === '' ? '(empty)' : level}</span>`)}
        <button ?disabled=${step <= 0} @click=${() => this.#go(step - 1)}>Level back</button>
        <button ?disabled=${step >= levels.length} @click=${() => this.#go(step + 1)}>Next level</button>
      </div>
    `
  }

  #go(step: number): void {
    this.step = step
    emit(this, 'trie-step', { step })
  }

  #node(node: Node): unknown {
    const isHere = this.topic !== '' && node.filters.some(filter => this.#isAt(filter, node))
    return html`
      <li class=${isHere ? 'here' : ''}>
        <span class="node" part="node">
          <code>${node.level === '' ? '(empty level)' : node.level}</code>
          ${node.ends.map(({ owner, qos }) =>
            owner === undefined
              ? nothing
              : html`<span class="small soft">${owner}${qos === undefined ? '' : `, QoS ${qos}`}</span>`,
          )}
          ${isHere ? html`<span class="hidden">the topic is here</span>` : nothing}
        </span>
        ${node.children.size > 0 ? html`<ul>${[...node.children.values()].map(child => this.#node(child))}</ul>` : nothing}
      </li>
    `
  }

  /** True if the walk stands at the node: its levels matched so far, and it is the last of them. */
  #isAt({ levels = [] }: TrieFilter, { depth }: Node): boolean {
    const walked = Math.min(this.#steps, this.topic.split('/').length)
    const matched = levels.findIndex(({ verdict }) => !fits(verdict))
    const reached = Math.min(matched < 0 ? levels.length : matched, walked)
    const isHash = levels[depth]?.verdict === 'hash'
    return depth < reached && (depth === reached - 1 || isHash) && (reached === walked || isHash)
  }

  #sentence({ filter, owner, matches, levels = [] }: TrieFilter) {
    if (matches === undefined) return nothing
    const at = levels.findIndex(({ verdict }) => !fits(verdict))
    const why = matches ? agreement(levels) : difference(levels[at], at)
    return html`
      <li>
        <code>${filter}</code>${owner === undefined ? nothing : html` <span class="small soft">${owner}</span>`}
        <span class=${matches ? 'yes' : 'no'}>${matches ? 'yes' : 'no'}:</span> ${why}
      </li>
    `
  }
}

function treeOf(filters: readonly TrieFilter[]): Node {
  const root: Node = { level: '', depth: -1, children: new Map(), ends: [], filters: [] }
  for (const filter of filters) {
    let node = root
    for (const [depth, level] of filter.filter.split('/').entries()) {
      const child: Node = node.children.get(level) ?? { level, depth, children: new Map(), ends: [], filters: [] }
      node.children.set(level, child)
      child.filters.push(filter)
      node = child
    }
    node.ends.push(filter)
  }
  return root
}

const fits = (verdict: TopicLevel['verdict']): boolean =>
  verdict === 'equal' || verdict === 'plus' || verdict === 'hash'

const quoted = (level: string | undefined) => (level === '' ? html`an empty level` : html`<code>${level}</code>`)

function difference(level: TopicLevel | undefined, at: number) {
  const number = at + 1
  switch (level?.verdict) {
    case 'differs':
      return html`level ${number} is ${quoted(level.topic)}, not ${quoted(level.filter)}`
    case 'topic-ended':
      return html`the topic ends before level ${number}, ${quoted(level.filter)}`
    case 'filter-ended':
      return html`the topic goes on with level ${number}, ${quoted(level.topic)}, and the filter does not`
    case 'dollar-hidden':
      return html`a wildcard at the first level does not match a topic that begins with <code>$</code>`
    default:
      return 'the filter does not match'
  }
}

function agreement(levels: readonly TopicLevel[]) {
  const parts = levels.filter(({ verdict }) => verdict !== 'equal')
  if (parts.length === 0) return 'each level is the same'
  return parts.map(({ verdict, topic }, i) => {
    const start = i > 0 ? ', ' : ''
    if (verdict === 'plus') return html`${start}<code>+</code> takes ${quoted(topic)}`
    return topic === undefined || topic === ''
      ? html`${start}<code>#</code> takes the parent level too`
      : html`${start}<code>#</code> takes ${quoted(topic)}`
  })
}
