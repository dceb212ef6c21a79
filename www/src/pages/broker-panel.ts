// The left panel: a connection to any broker, and what is said over it.
import { css, html, LitElement } from 'lit'
import { customElement } from 'lit/decorators.js'
import '../elements/connection-form.ts'
import '../elements/message-list.ts'
import '../elements/publish-form.ts'
import type {
  ConnectRequestEvent,
  PublishRequestEvent,
  SubscribeRequestEvent,
  UnsubscribeRequestEvent,
} from '../elements/requests.ts'
import { base } from '../elements/styles.ts'
import '../elements/subscribe-form.ts'
import '../elements/subscription-list.ts'
import { Connection } from '../model/connection.ts'
import { card } from './card.ts'
import { Watch } from './watch.ts'

@customElement('wasmqtt-broker-panel')
export class BrokerPanel extends LitElement {
  static override styles = [
    base,
    card,
    css`
      mqtt-subscription-list {
        margin-top: var(--space-3);
      }

      @media (min-width: 640px) and (max-width: 1099px) {
        .cards {
          grid-template-columns: 1fr 1fr;
        }

        .wide {
          grid-column: 1 / -1;
        }
      }
    `,
  ]

  readonly #connection = new Connection()

  constructor() {
    super()
    const { state, granted, mail, publishing, subscribing } = this.#connection
    new Watch(this, state, granted, mail, publishing, subscribing)
  }

  override render() {
    const { state, granted, mail, publishing, subscribing } = this.#connection
    const away = state.value.phase !== 'connected'
    return html`
      <h2>Any broker</h2>
      <p class="lead">A client over a WebSocket, in this page.</p>
      <div class="cards">
        <section class="card wide" aria-labelledby="connect">
          <h3 id="connect">Connection</h3>
          <mqtt-connection-form
            .connection=${state.value}
            @connect-request=${({ request }: ConnectRequestEvent) => this.#connection.connect(request)}
            @disconnect-request=${() => this.#connection.disconnect()}
          ></mqtt-connection-form>
        </section>
        <section class="card" aria-labelledby="publish">
          <h3 id="publish">Publish</h3>
          <mqtt-publish-form
            tall
            topic="hello/wasmqtt"
            payload="Hello from a web page"
            ?disabled=${away}
            .outcome=${publishing.value}
            @publish-request=${({ publication }: PublishRequestEvent) => this.#connection.publish(publication)}
          ></mqtt-publish-form>
        </section>
        <section class="card" aria-labelledby="subscribe">
          <h3 id="subscribe">Subscribe</h3>
          <mqtt-subscribe-form
            filter="hello/#"
            ?disabled=${away}
            .outcome=${subscribing.value}
            @subscribe-request=${({ filter, qos }: SubscribeRequestEvent) => this.#connection.subscribe(filter, qos)}
          ></mqtt-subscribe-form>
          <mqtt-subscription-list
            .granted=${granted.value}
            @unsubscribe-request=${({ filter }: UnsubscribeRequestEvent) => this.#connection.unsubscribe(filter)}
          ></mqtt-subscription-list>
        </section>
        <section class="card wide" aria-label="Received messages">
          <mqtt-message-list
            heading="Messages from the broker"
            hint="What arrives for your subscriptions is listed here."
            .mail=${mail.value}
            @clear-request=${() => this.#connection.clearMessages()}
          ></mqtt-message-list>
        </section>
      </div>
    `
  }
}
