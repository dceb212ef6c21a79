// The fields of a message, and a button that publishes it.
import { css, html, LitElement } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { QoS } from '../model/message.ts'
import type { Outcome } from '../model/outcome.ts'
import './outcome-note.ts'
import './qos-picker.ts'
import { PublishRequestEvent, type QosChangeEvent } from './requests.ts'
import { base, controls } from './styles.ts'

@customElement('mqtt-publish-form')
export class PublishForm extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      textarea {
        min-height: 3.6rem;
      }
    `,
  ]

  @property() topic = ''
  @property() payload = ''
  @property({ attribute: false }) qos: QoS = 0
  /** True if the payload has room for several lines. */
  @property({ type: Boolean }) tall = false
  @property({ type: Boolean }) disabled = false
  @property({ attribute: false }) outcome: Outcome = { type: 'none' }
  @state() private retain = false

  override render() {
    return html`
      <form @submit=${this.#submit}>
       <div class="fields">
        <div>
          <label for="topic">Topic</label>
          <input
            id="topic"
            class="mono-input"
            autocomplete="off"
            spellcheck="false"
            .value=${this.topic}
            @input=${(event: Event) => (this.topic = (event.target as HTMLInputElement).value)}
          />
        </div>
        <div>
          <label for="payload">Payload</label>
          ${this.#payloadField()}
        </div>
        <div class="row">
          <mqtt-qos-picker .qos=${this.qos} @qos-change=${(event: QosChangeEvent) => (this.qos = event.qos)}></mqtt-qos-picker>
          <label class="check">
            <input
              type="checkbox"
              .checked=${this.retain}
              @change=${(event: Event) => (this.retain = (event.target as HTMLInputElement).checked)}
            />
            Retain
          </label>
          <button class="primary grow" ?disabled=${this.disabled}>Publish</button>
        </div>
       </div>
        <mqtt-outcome .outcome=${this.outcome}></mqtt-outcome>
      </form>
    `
  }

  #payloadField() {
    const take = (event: Event) => {
      this.payload = (event.target as HTMLInputElement | HTMLTextAreaElement).value
    }
    return this.tall
      ? html`<textarea id="payload" class="mono-input" rows="2" .value=${this.payload} @input=${take}></textarea>`
      : html`<input id="payload" class="mono-input" autocomplete="off" .value=${this.payload} @input=${take} />`
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault()
    if (this.disabled) return
    const { topic, payload, qos, retain } = this
    this.dispatchEvent(new PublishRequestEvent({ topic, payload, qos, retain }))
  }
}
