// The same run at each quality of service, side by side.
import { html, type TemplateResult } from 'lit'
import type { Variant } from '../model/playground/comparison.ts'
import type { Counters } from '../model/playground/counters.ts'
import type { App } from './app.ts'

const rows: readonly (readonly [keyof Counters, text: string])[] = [
  ['published', 'published'],
  ['owed', 'owed'],
  ['delivered', 'delivered'],
  ['lost', 'lost'],
  ['duplicate', 'duplicate'],
  ['waiting', 'waitingCopies'],
  ['packets', 'packetCount'],
  ['bytes', 'byteCount'],
]

export function comparison(app: App): TemplateResult {
  const toggled = (event: Event): void => app.compare((event.currentTarget as HTMLDetailsElement).open)
  return html`
    <details class="comparison" @toggle=${toggled}>
      <summary>${app.say('comparison')}</summary>
      <p class="soft">${app.say('comparisonLead')}</p>
      ${outcome(app)}
    </details>
  `
}

function outcome(app: App): TemplateResult {
  const { comparison } = app
  if (!comparison) return html`<p>${app.say('comparing')}</p>`
  if (comparison.type === 'failed') return html`<p>${app.say('comparisonFailed', { problem: comparison.problem })}</p>`
  const { variants } = comparison
  return html`
    <div class="counts">
      <table>
        <thead>
          <tr>
            <th scope="col">${app.say('counter')}</th>
            ${variants.map(({ qos }) => html`<th scope="col">${app.say('qosOf', { qos })}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name, text]) => html`
              <tr data-counter=${name}>
                <th scope="row">${app.say(text)}</th>
                ${variants.map(({ counters }) => cell(name, counters[name]))}
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
    <div class="variants">${variants.map(variant => picture(app, variant))}</div>
  `
}

const cell = (name: keyof Counters, value: number): TemplateResult =>
  html`<td class=${name === 'lost' && value > 0 ? 'bad' : ''}>${value}</td>`

const picture = (app: App, { qos, trace }: Variant): TemplateResult => html`
  <figure>
    <figcaption>${app.say('qosOf', { qos })}</figcaption>
    <mqtt-space-time
      .trace=${trace}
      label=${`${app.say('qosOf', { qos })}: ${app.say('packets', { clients: trace.clients.join(', ') })}`}
    ></mqtt-space-time>
  </figure>
`
