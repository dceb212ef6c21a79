// The scenario: its choice, its story, and what the story points at.
import { html, nothing, type TemplateResult } from 'lit'
import { addressOf } from '../model/playground/route.ts'
import type { Scenario } from '../model/playground/scenario.ts'
import { bugs, scenarios } from '../model/playground/scenarios.ts'
import { rich } from '../pages/markup.ts'
import type { App } from './app.ts'

export function story(app: App): TemplateResult {
  const { scenario, texts, route } = app
  const text = texts.scenarios[scenario.id]
  return html`
    <section class="story" aria-labelledby="story-title">
      ${picker(app)}
      <h2 id="story-title" tabindex="-1">${text?.title}</h2>
      <p>${rich(texts, text?.story ?? '')}</p>
      ${route.isMended ? html`<p><strong>${app.say('mended')}</strong> ${rich(texts, text?.mended ?? '')}</p>` : nothing}
      ${points(app)}
      <p class="actions">
        ${
          scenario.bug
            ? html`<a class="button" href=${addressOf({ scenario: scenario.id, isMended: !route.isMended })}
                >${app.say(route.isMended ? 'showBug' : 'showMended')}</a
              >`
            : nothing
        }
        <button type="button" @click=${() => app.startAgain()}>${app.say('startAgain')}</button>
      </p>
    </section>
  `
}

function picker(app: App): TemplateResult {
  const open = (event: Event): void => {
    event.preventDefault()
    const scenario = String(new FormData(event.currentTarget as HTMLFormElement).get('scenario'))
    if (scenario === app.scenario.id && !app.route.isMended) app.startAgain()
    else app.go({ scenario, isMended: false })
  }
  const option = ({ id }: Scenario): TemplateResult =>
    html`<option value=${id} .selected=${id === app.scenario.id}>${app.texts.scenarios[id]?.title}</option>`
  return html`
    <form class="picker" @submit=${open}>
      <label>
        ${app.say('scenario')}
        <select name="scenario">
          <optgroup label=${app.say('starts')}>${scenarios.filter(one => !one.bug).map(option)}</optgroup>
          <optgroup label=${app.say('bugs')}>${bugs.map(option)}</optgroup>
        </select>
      </label>
      <button>${app.say('open')}</button>
    </form>
  `
}

function points(app: App): TemplateResult | typeof nothing {
  const { scenario, texts } = app
  const facts = app.facts()
  const found = scenario.points.flatMap(({ id, find }) => {
    const index = facts && find(facts)
    return index === undefined ? [] : [{ id, index }]
  })
  if (found.length === 0) return nothing
  return html`
    <ol class="points" aria-label=${app.say('points')}>
      ${found.map(
        ({ id, index }) => html`
          <li>
            <button
              type="button"
              aria-pressed=${app.route.entry === index ? 'true' : 'false'}
              @click=${() => app.select(index)}
            >
              ${texts.scenarios[scenario.id]?.points[id]}
            </button>
          </li>
        `,
      )}
    </ol>
  `
}
