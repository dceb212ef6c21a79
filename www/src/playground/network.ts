// Be the network: the pending events, of which the visitor chooses the next.
import { html, nothing, type TemplateResult } from 'lit'
import { type Pending, pendingOf } from '../model/playground/network.ts'
import type { Stage } from '../model/tutorial/stage.ts'
import type { App } from './app.ts'

export function network(app: App): TemplateResult {
  const { stage, isNetwork } = app
  return html`
    <section class="network" aria-labelledby="network-title">
      <div class="bar">
        <h2 id="network-title" tabindex="-1">${app.say('network')}</h2>
        <button type="button" aria-pressed=${isNetwork ? 'true' : 'false'} @click=${() => app.takeOver(!isNetwork)}>
          ${app.say(isNetwork ? 'handBack' : 'takeOver')}
        </button>
      </div>
      ${isNetwork && stage ? pending(app, stage) : html`<p class="soft small">${app.say('networkLead')}</p>`}
    </section>
  `
}

function pending(app: App, stage: Stage): TemplateResult {
  const { trace, choices } = stage.pending()
  const all = pendingOf(trace, choices)
  if (all.length === 0) return html`<p>${app.say('nothingPending')}</p>`
  return html`
    <ol class="pending">
      ${all.map(
        one => html`
          <li>
            <button type="button" @click=${() => app.pick(one.index)}>${named(app, one)}</button>
            <span class="soft small">${one.in > 0 ? app.say('inTime', { time: duration(one.in) }) : nothing}</span>
          </li>
        `,
      )}
    </ol>
  `
}

const duration = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${milliseconds} ms` : `${Number((milliseconds / 1_000).toFixed(1))} s`

function named(app: App, { type, client = '', direction, packet }: Pending): string {
  const to = direction === 'up' ? app.say('theBroker') : client
  const from = direction === 'up' ? client : app.say('theBroker')
  switch (type) {
    case 'opens':
      return app.say('opens', { client })
    case 'packet':
      return app.say('arrives', { kind: packet?.kind ?? app.say('bytesKind'), from, to })
    case 'close':
      return app.say('closeArrives', { client, to: direction === 'up' ? app.say('TheBroker') : client })
    case 'learns':
      return app.say('learns', { client, to: direction === 'up' ? app.say('TheBroker') : client })
    case 'timer':
      return app.say('timer', { who: client || app.say('theBroker') })
    case 'stored':
      return app.say('stored')
  }
}
