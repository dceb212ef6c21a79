// The last step of an exercise: what the learner may do, and what the trace says to it.
import { html, nothing, type TemplateResult } from 'lit'
import type { Field, Mistake, Offer } from '../model/tutorial/exercise.ts'
import { outlines } from '../model/tutorial/outline.ts'
import { addressOf, type ExerciseRoute } from '../model/tutorial/route.ts'
import { type App, from, type Shown } from './app.ts'
import { rich } from './markup.ts'

/** Result of a task so far. */
export interface Judgement {
  readonly solved?: number
  readonly mistake?: Mistake
  readonly at?: number
}

/** Judges a trace by its goal, then by the wrong turns in their order. */
export function judge({ exercise, facts }: Shown): Judgement {
  const { goal, mistakes } = exercise.task
  const solved = facts && goal(facts)
  if (!facts || solved !== undefined) return solved === undefined ? {} : { solved }
  for (const mistake of mistakes) {
    const at = mistake.find(facts)
    if (at !== undefined) return { mistake, at }
  }
  return {}
}

export function task(app: App, { text }: Shown): TemplateResult {
  const hints = text.hints.slice(0, app.hints)
  return html`
    <h2 id="step-title" tabindex="-1">${app.say('solveTitle')}</h2>
    ${text.task.map(paragraph => html`<p>${rich(app.texts, paragraph)}</p>`)}
    ${
      hints.length > 0
        ? html`<ol class="hints" aria-label=${app.say('hintTitle')}>
            ${hints.map(hint => html`<li tabindex="-1">${rich(app.texts, hint)}</li>`)}
          </ol>`
        : nothing
    }
  `
}

/** Actions for the learner, and how far it has come. */
export function bench(app: App, shown: Shown): TemplateResult {
  const { exercise, text, route } = shown
  const judgement = judge(shown)
  const isLast = app.hints >= text.hints.length
  return html`
    <section class="bench" aria-label=${app.say('bench')}>
      <div class="offers">${exercise.task.offers.map(offer => form(app, offer))}</div>
      ${outcome(app, shown, judgement)}
      <p class="actions">
        ${judgement.solved === undefined ? nothing : next(app, route, true)}
        <button
          aria-disabled=${isLast ? 'true' : 'false'}
          @click=${() => (isLast ? undefined : app.hint())}
        >
          ${app.say(isLast ? 'noHint' : app.hints > 0 ? 'moreHint' : 'hint')}
        </button>
        <button ?disabled=${!app.stage} @click=${() => app.startAgain()}>${app.say('startAgain')}</button>
      </p>
    </section>
  `
}

function form(app: App, offer: Offer): TemplateResult {
  const does = (event: Event): void => {
    event.preventDefault()
    app.act(offer.does(app.valuesOf(offer.id)))
  }
  return html`
    <form class=${`offer ${offer.fields ? 'row' : ''}`} data-offer=${offer.id} @submit=${does}>
      ${offer.fields?.map(one => field(app, offer, one))}
      <button ?disabled=${!app.stage}>${from(app.texts.actions.offers, offer.id)}</button>
    </form>
  `
}

function field(app: App, offer: Offer, { id, ...more }: Field): TemplateResult {
  const { fields, values } = app.texts.actions
  const value = app.valuesOf(offer.id)[id]
  const set = (value: string | boolean): void => app.setValue(offer.id, id, value)
  const input = (event: Event) => event.target as HTMLInputElement
  const control = (): TemplateResult => {
    if (more.type === 'text')
      return html`<input
        type="text"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        .value=${String(value)}
        @input=${(event: Event) => set(input(event).value)}
      />`
    if (more.type === 'check')
      return html`<input type="checkbox" .checked=${value === true} @change=${(event: Event) => set(input(event).checked)} />`
    return html`<select @change=${(event: Event) => set(input(event).value)}>
      ${more.values.map(
        one =>
          html`<option value=${one} ?selected=${String(one) === String(value)}>${from(values[id] ?? {}, String(one))}</option>`,
      )}
    </select>`
  }
  return html`<label class=${more.type}><span>${from(fields, id)}</span>${control()}</label>`
}

function outcome(app: App, { text, exercise, route }: Shown, { solved, mistake, at }: Judgement): TemplateResult {
  const { stage, refusal, brokenLink, texts } = app
  const tone = solved !== undefined ? 'good' : refusal || mistake ? 'wrong' : ''
  const index = solved ?? at
  const isStill = exercise.task.isStepwise === true && stage !== undefined && !stage.isAtEnd && !stage.isPlaying
  const says = (): TemplateResult => {
    if (refusal) return html`${app.say('refused', { problem: refusal })}`
    if (solved !== undefined) return html`<strong>${app.say('solvedTitle')}.</strong> ${rich(texts, text.solved)}`
    if (mistake) return html`<strong>${app.say('notYet')}</strong> ${rich(texts, from(text.mistakes, mistake.id))}`
    if (brokenLink) return html`${app.say('brokenLink', { problem: brokenLink })}`
    if (stage && route.run !== undefined && stage.isAtEnd) return html`${app.say('nothingMore')}`
    return html`${stage ? app.say(isStill ? 'still' : 'waiting') : app.say(app.failure ? 'failed' : 'loading', { problem: app.failure ?? '' })}`
  }
  return html`
    <div class="outcome">
      <p class=${`status ${tone}`} role="status">${says()}</p>
      ${
        index === undefined || refusal
          ? nothing
          : html`<p class="actions">
              <button @click=${() => app.select(index)}>${app.say('showEvidence')}</button>
              ${
                mistake
                  ? html`<span class="small soft">${app.say('belief', { belief: texts.beliefs[mistake.belief] })}</span>`
                  : nothing
              }
            </p>`
      }
    </div>
  `
}

/** The way on: the next exercise, the questions of the chapter, or the next chapter. */
export function next(app: App, route: ExerciseRoute, isMain: boolean): TemplateResult {
  const chapter = outlines.find(({ id }) => id === route.chapter)
  const place = chapter?.exercises.findIndex(({ id }) => id === route.exercise) ?? -1
  const following = chapter?.exercises[place + 1]
  const title = following && app.texts.titles[route.chapter]?.exercises[following.id]
  const address = following
    ? addressOf({ page: 'exercise', chapter: route.chapter, exercise: following.id, step: 'predict' })
    : addressOf({ page: 'recall', chapter: route.chapter, answers: {} })
  return html`<a class=${`button ${isMain ? 'main' : ''}`} href=${address}
    >${title ? app.say('nextExercise', { title }) : app.say('toRecall')}</a
  >`
}
