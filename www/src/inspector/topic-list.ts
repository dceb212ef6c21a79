// The topics of a capture as nested lists, each with its latest message.
import { make, part } from '../model/part.ts'
import type { TopicNode, Topics } from '../model/topics.ts'

/** Characters of a payload that a row shows. */
const PREVIEW_MAX = 200

export class TopicList {
  readonly #place = part('topics')
  readonly #note = part('topics-note')
  readonly #remove: (topic: string) => void

  /** @param remove called to remove the retained message of a topic */
  constructor(remove: (topic: string) => void) {
    this.#remove = remove
  }

  draw(topics: Topics): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.topic
    const { root, dropped } = topics
    this.#note.hidden = root.children.size > 0 && dropped === 0
    this.#note.textContent =
      dropped > 0
        ? `There are more topics than are shown: ${dropped} messages were on others.`
        : 'Topics appear with their first message.'
    this.#place.replaceChildren(...(root.children.size > 0 ? [this.#list(root)] : []))
    if (focused !== undefined) this.#place.querySelector<HTMLElement>(`[data-topic="${CSS.escape(focused)}"]`)?.focus()
  }

  #list(node: TopicNode): HTMLUListElement {
    const children = [...node.children.values()].sort((a, b) => (a.level < b.level ? -1 : 1))
    return make('ul', {}, ...children.map(child => this.#item(child)))
  }

  #item(node: TopicNode): HTMLLIElement {
    const row = make('div', {}, make('code', { textContent: node.level || '(empty level)' }))
    if (node.count > 0) row.append(make('span', { className: 'small soft', textContent: times(node.count) }))
    if (node.payload) row.append(make('span', { className: 'value', textContent: preview(node.payload) }))
    if (node.retained !== 'no') {
      const textContent = node.retained === 'told' ? 'retained' : 'retained (inferred)'
      row.append(make('span', { className: 'retained', textContent }), this.#button(node))
    }
    return make('li', {}, row, ...(node.children.size > 0 ? [this.#list(node)] : []))
  }

  #button({ topic }: TopicNode): HTMLButtonElement {
    const button = make('button', { type: 'button', textContent: 'Remove it' })
    button.setAttribute('aria-label', `Remove the retained message of ${topic}`)
    button.dataset.topic = topic
    button.addEventListener('click', () => this.#remove(topic))
    return button
  }
}

const times = (count: number): string => (count === 1 ? '1 message' : `${count} messages`)

function preview(payload: Uint8Array): string {
  if (payload.length === 0) return '(no bytes)'
  const text = new TextDecoder().decode(payload.subarray(0, PREVIEW_MAX))
  return payload.length > PREVIEW_MAX ? `${text}…` : text
}
