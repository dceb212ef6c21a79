// The filter field: which topics a filter matches, and why not.
import { html, LitElement } from 'lit'
import { customElement } from 'lit/decorators.js'
import '../elements/filter-report.ts'
import type { FilterChangeEvent, TopicAddEvent, TopicRemoveEvent } from '../elements/requests.ts'
import { base } from '../elements/styles.ts'
import { FilterCheck } from '../model/filter-check.ts'
import { card } from './card.ts'
import { Watch } from './watch.ts'

const topics = [
  'home/kitchen/temperature',
  'home/kitchen/humidity',
  'home/temperature',
  'home/kitchen/oven/temperature',
  'garden/kitchen/temperature',
  '$SYS/kitchen/temperature',
]

@customElement('wasmqtt-filter-panel')
export class FilterPanel extends LitElement {
  static override styles = [base, card]

  readonly #check = new FilterCheck('home/+/temperature', topics)

  constructor() {
    super()
    new Watch(this, this.#check.report)
  }

  protected override firstUpdated(): void {
    void this.#check.start()
  }

  override render() {
    return html`
      <section class="card" aria-labelledby="filters">
        <h3 id="filters">Which topics does a filter match?</h3>
        <mqtt-filter-report
          .report=${this.#check.report.value}
          @filter-change=${({ filter }: FilterChangeEvent) => this.#check.setFilter(filter)}
          @topic-add=${({ topic }: TopicAddEvent) => this.#check.addTopic(topic)}
          @topic-remove=${({ topic }: TopicRemoveEvent) => this.#check.removeTopic(topic)}
        ></mqtt-filter-report>
      </section>
    `
  }
}
