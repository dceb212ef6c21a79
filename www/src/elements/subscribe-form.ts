// A topic filter, a QoS, and a button that subscribes.
import { html, LitElement } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { QoS } from '../model/message.ts'
import type { Outcome } from '../model/outcome.ts'
import './outcome-note.ts'
import './qos-picker.ts'
import { type QosChangeEvent, SubscribeRequestEvent } from './requests.ts'
import { base, controls } from './styles.ts'

@customElement('mqtt-subscribe-form')
export class SubscribeForm extends LitElement {
  static override styles = [base, controls]

  @property() filter = ''
  @property({ attribute: false }) qos: QoS = 0
  @property({ type: Boolean }) disabled = false
  @property({ attribute: false }) outcome: Outcome = { type: 'none' }

  override render() {
    return html`
      <form @submit=${this.#submit}>
       <div class="fields">
        <div>
          <label for="filter">Topic filter</label>
          <input
            id="filter"
            class="mono-input"
            autocomplete="off"
            spellcheck="false"
            .value=${this.filter}
            @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)}
          />
        </div>
        <div class="row">
          <mqtt-qos-picker
            label="Maximum QoS"
            .qos=${this.qos}
            @qos-change=${(event: QosChangeEvent) => (this.qos = event.qos)}
          ></mqtt-qos-picker>
          <button class="grow" ?disabled=${this.disabled}>Subscribe</button>
        </div>
       </div>
        <mqtt-outcome .outcome=${this.outcome}></mqtt-outcome>
      </form>
    `
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault()
    if (!this.disabled) this.dispatchEvent(new SubscribeRequestEvent(this.filter, this.qos))
  }
}
