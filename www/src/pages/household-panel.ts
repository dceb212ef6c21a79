// The right panel: two clients and a broker inside the page, and the packets between them.
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import '../elements/ladder-diagram.ts'
import '../elements/message-list.ts'
import '../elements/packet-detail.ts'
import '../elements/publish-form.ts'
import type { PacketSelectEvent, PublishRequestEvent, SubscribeRequestEvent } from '../elements/requests.ts'
import { badges, base, controls } from '../elements/styles.ts'
import '../elements/subscribe-form.ts'
import { Household, type Listening, type Presence, will } from '../model/household.ts'
import type { Run, TracePacket } from '../model/trace.ts'
import { card } from './card.ts'
import { householdStyles } from './household-styles.ts'
import { Watch } from './watch.ts'

const initially: Listening = { filter: 'home/#', qos: 2 }

@customElement('wasmqtt-household-panel')
export class HouseholdPanel extends LitElement {
  static override styles = [base, controls, badges, card, householdStyles]

  readonly #household = new Household()
  /** The run that is looked at; undefined: the newest. */
  @state() private runId: number | undefined
  @state() private selected: number | undefined

  constructor() {
    super()
    const { state, runs, mail, doing, subscribing } = this.#household
    new Watch(this, state, runs, mail, doing, subscribing)
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    void this.#household.start(initially)
  }

  override render() {
    return html`
      <h2>Inside this page</h2>
      <p class="lead">Two clients and a broker, all in WebAssembly. Every packet between them is drawn.</p>
      <div class="cards">
        <div class="pair">${this.#sensor()} ${this.#dashboard()}</div>
        ${this.#packets()}
      </div>
    `
  }

  #sensor() {
    const { state, doing } = this.#household
    const { sensor } = state.value
    return html`
      <section class="card" aria-labelledby="sensor">
        <div class="title"><h3 id="sensor">Sensor</h3>${presence(sensor)}</div>
        <mqtt-publish-form
          topic="home/kitchen/temperature"
          payload="21.5"
          .qos=${2}
          ?disabled=${sensor !== 'connected'}
          .outcome=${doing.value}
          @publish-request=${({ publication }: PublishRequestEvent) => this.#newest(() => this.#household.publish(publication))}
        ></mqtt-publish-form>
        <div class="fate">
          <p class="soft small">
            Its last will: <code>${will.payload}</code> to <code>${will.topic}</code>
          </p>
          ${
            sensor === 'away'
              ? html`<button @click=${() => this.#newest(() => this.#household.revive())}>Bring the sensor back</button>`
              : html`<button
                  class="danger"
                  ?disabled=${sensor !== 'connected'}
                  @click=${() => this.#newest(() => this.#household.kill())}
                >
                  Kill the sensor
                </button>`
          }
        </div>
      </section>
    `
  }

  #dashboard() {
    const { state, mail, subscribing } = this.#household
    const { dashboard, listening } = state.value
    return html`
      <section class="card" aria-labelledby="dashboard">
        <div class="title"><h3 id="dashboard">Dashboard</h3>${presence(dashboard)}</div>
        <mqtt-subscribe-form
          .filter=${initially.filter}
          .qos=${initially.qos}
          ?disabled=${dashboard !== 'connected'}
          .outcome=${subscribing.value}
          @subscribe-request=${({ filter, qos }: SubscribeRequestEvent) =>
            this.#newest(() => this.#household.listen({ filter, qos }))}
        ></mqtt-subscribe-form>
        <p class="soft small listening">
          ${listening ? html`Listens to <code>${listening.filter}</code>, QoS ${listening.qos} at most.` : 'Listens to nothing.'}
        </p>
        <mqtt-message-list
          heading="Messages at the dashboard"
          hint="Publish something from the sensor."
          willTopic=${will.topic}
          .mail=${mail.value}
          @clear-request=${() => this.#household.clearMessages()}
        ></mqtt-message-list>
      </section>
    `
  }

  #packets() {
    const runs = this.#household.runs.value
    const run = runs.find(({ id }) => id === this.runId) ?? runs.at(-1)
    const packets = run?.entries.filter(entry => entry.type === 'packet') ?? []
    const packet = packets.find(({ id }) => id === this.selected)
    return html`
      <section class="card" aria-labelledby="packets">
        <div class="title">
          <h3 id="packets">Packets</h3>
          ${this.#runPicker(runs, run)}
          <span class="soft small">${packets.length === 1 ? '1 packet' : `${packets.length} packets`}</span>
        </div>
        <div class="ladder">
          <div class="scroll">
            <mqtt-ladder
              .entries=${run?.entries ?? []}
              .selected=${packet?.id}
              @packet-select=${(event: PacketSelectEvent) => {
                this.selected = event.packetId
              }}
            ></mqtt-ladder>
            ${run && run.dropped > 0 ? html`<p class="soft small">${run.dropped} more packets are not drawn.</p>` : nothing}
          </div>
          <mqtt-packet-detail .packet=${packet as TracePacket | undefined}></mqtt-packet-detail>
        </div>
      </section>
    `
  }

  #runPicker(runs: readonly Run[], shown: Run | undefined) {
    return html`
      <label class="visually-hidden" for="run">What was done</label>
      <select
        id="run"
        @change=${(event: Event) => {
          this.runId = Number((event.target as HTMLSelectElement).value)
        }}
      >
        ${repeat(
          [...runs].reverse(),
          ({ id }) => id,
          ({ id, title }) => html`<option value=${id} .selected=${id === shown?.id}>${id}. ${title}</option>`,
        )}
      </select>
    `
  }

  /** Does something, and shows the run that follows from it. */
  #newest(action: () => Promise<unknown>): void {
    this.runId = undefined
    this.selected = undefined
    void action()
  }
}

function presence(presence: Presence) {
  const words = { connecting: 'connecting', connected: 'connected', away: 'gone' }
  const tone = { connecting: '', connected: 'good', away: 'bad' }
  return html`<span class="badge ${tone[presence]}">${words[presence]}</span>`
}
