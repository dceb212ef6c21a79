// Subscriptions of the inspector: the form that adds one, and the list that removes one.
import type { Client } from 'wasmqtt'
import { make, part } from '../model/part.ts'
import { messageOf } from './connection.ts'

type QoS = 0 | 1 | 2

export class Subscriptions {
  readonly #form = part<HTMLFormElement>('subscribe')
  readonly #list = part<HTMLUListElement>('filters')
  readonly #refused = part('refused')
  readonly #clientOf: () => Client | undefined
  readonly #changed: () => void
  /** Filters and their QoS, which the next connection subscribes to again. */
  readonly #filters = new Map<string, QoS>()

  /** @param changed called when the list has changed */
  constructor(clientOf: () => Client | undefined, changed: () => void) {
    this.#clientOf = clientOf
    this.#changed = changed
    this.#form.addEventListener('submit', event => {
      event.preventDefault()
      const input = this.#field('filter')
      void this.#add(input.value, Number(this.#field('qos').value) as QoS).then(isAdded => {
        if (!isAdded) return
        input.value = ''
        input.focus()
      })
    })
  }

  get filters(): ReadonlyMap<string, QoS> {
    return this.#filters
  }

  /** Sets the filters that the first connection subscribes to. */
  restore(filters: Iterable<[string, QoS]>): void {
    for (const [filter, qos] of filters) this.#filters.set(filter, qos)
    this.#draw()
  }

  /** Subscribes a new client to all filters. */
  begin(client: Client): void {
    for (const [filter, qos] of this.#filters) {
      client.subscribe(filter, { qos }, () => {}).catch(error => this.#refuse(client, filter, error))
    }
  }

  #refuse(client: Client, filter: string, error: unknown): void {
    // The status says why a whole client is over.
    if (client.status.phase === 'closed') return
    this.#filters.delete(filter)
    this.#say(messageOf(error))
    this.#draw()
    this.#changed()
  }

  async #add(filter: string, qos: QoS): Promise<boolean> {
    const client = this.#clientOf()
    if (!client) return false
    this.#say('')
    try {
      if (this.#filters.has(filter)) await client.unsubscribe(filter)
      await client.subscribe(filter, { qos }, () => {})
    } catch (error) {
      this.#say(messageOf(error))
      return false
    }
    this.#filters.set(filter, qos)
    this.#draw()
    this.#changed()
    return true
  }

  async #remove(filter: string): Promise<void> {
    this.#filters.delete(filter)
    this.#draw()
    this.#field('filter').focus()
    this.#changed()
    try {
      await this.#clientOf()?.unsubscribe(filter)
    } catch (error) {
      this.#say(messageOf(error))
    }
  }

  #field(name: 'filter' | 'qos'): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement
  }

  #say(text: string): void {
    this.#refused.textContent = text
    this.#refused.classList.toggle('wrong', text !== '')
  }

  #draw(): void {
    this.#list.replaceChildren(
      ...[...this.#filters].map(([filter, qos]) => {
        const remove = make('button', { type: 'button', textContent: 'Remove' })
        remove.setAttribute('aria-label', `Remove ${filter}`)
        remove.addEventListener('click', () => void this.#remove(filter))
        const name = make('span', {}, make('code', { textContent: filter }), ` at QoS ${qos}`)
        return make('li', {}, name, remove)
      }),
    )
  }
}
