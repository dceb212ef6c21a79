// The page of an exercise: its steps beside the world.
import { html, nothing, type TemplateResult } from 'lit'
import type { Option } from '../model/tutorial/exercise.ts'
import { Facts } from '../model/tutorial/facts.ts'
import { exerciseOutlines, outlines, teacherOf } from '../model/tutorial/outline.ts'
import { addressOf, type ExerciseRoute, type Step, steps } from '../model/tutorial/route.ts'
import { type App, from, type Shown } from './app.ts'
import { denied } from './contents.ts'
import { rich } from './markup.ts'
import { bench, next, task } from './task.ts'
import { world } from './world.ts'

/** Returns what the address shows. */
export function shownOf(app: App, route: ExerciseRoute): Shown | undefined {
  const lesson = app.lessons.get(route.chapter)
  const exercise = lesson?.chapter.exercises.find(({ id }) => id === route.exercise)
  const text = lesson?.text.exercises[route.exercise]
  if (!lesson || !exercise || !text) return undefined
  const facts = app.stage && new Facts(app.stage.trace, app.stage.from, app.simulator?.dissect)
  const title = app.texts.titles[route.chapter]?.exercises[route.exercise] ?? ''
  return { chapter: lesson.chapter, exercise, route, title, text, facts }
}

const ways: Record<Step, (app: App, shown: Shown) => TemplateResult> = { predict, run, why, solve: task }

export function exercisePage(app: App, shown: Shown): TemplateResult {
  const { route, title } = shown
  const place = outlines.findIndex(({ id }) => id === route.chapter)
  return html`
    <div class="exercise">
      <header>
        <p class="soft">
          <a href="#/">${app.say('contents')}</a> ·
          ${app.say('chapterOf', { number: place + 1, count: outlines.length })}:
          ${app.texts.titles[route.chapter]?.title}
        </p>
        <h1>${title}</h1>
        <nav aria-label=${app.say('steps')}>
          <ol class="steps-nav">
            ${steps.map(
              (step, place) => html`
                <li>
                  <a
                    class="stop"
                    href=${addressOf(clean(route, step))}
                    aria-current=${step === route.step ? 'step' : nothing}
                    ><span class="number" aria-hidden="true">${place + 1}</span> ${app.say(step)}</a
                  >
                </li>
              `,
            )}
          </ol>
        </nav>
      </header>
      <section class=${`step ${route.step}`} aria-labelledby="step-title">
        ${denied(app)} ${ways[route.step](app, shown)}
      </section>
      ${route.step === 'solve' ? bench(app, shown) : nothing} ${world(app, shown)}
    </div>
  `
}

/** The same exercise at another step, with the answer that was given. */
export function clean({ page, chapter, exercise, answer }: ExerciseRoute, step: Step): ExerciseRoute {
  return { page, chapter, exercise, step, ...(answer === undefined ? {} : { answer }) }
}

function predict(app: App, shown: Shown): TemplateResult {
  const { route, exercise, text } = shown
  const { texts, marked = route.answer } = app
  const commit = (event: Event): void => {
    event.preventDefault()
    if (marked === undefined) return
    app.progress.choose(`${route.chapter}/${route.exercise}`, marked)
    app.go({ ...clean(route, 'run'), answer: marked })
  }
  return html`
    ${buildsOn(app, shown)} ${text.intro.map(paragraph => html`<p>${rich(texts, paragraph)}</p>`)}
    <h2 id="step-title" tabindex="-1">${app.say('predictTitle')}</h2>
    <form @submit=${commit}>
      <fieldset class="options">
        <legend>${rich(texts, text.question)}</legend>
        ${exercise.options.map(
          ({ id }) => html`
            <label>
              <input
                type="radio"
                name="answer"
                value=${id}
                required
                .checked=${marked === id}
                @change=${() => app.mark(id)}
              />
              <span>${rich(texts, from(text.options, id))}</span>
            </label>
          `,
        )}
      </fieldset>
      <p class="actions">
        <button class="main">${app.say('commit')}</button>
        <a class="button" href=${addressOf({ page: 'exercise', chapter: route.chapter, exercise: route.exercise, step: 'run' })}
          >${app.say('skip')}</a
        >
      </p>
    </form>
  `
}

/** The exercises that this one builds on, and that are not solved. */
function buildsOn(app: App, { exercise }: Shown): TemplateResult | typeof nothing {
  const needs = exerciseOutlines.find(({ id }) => id === exercise.id)?.needs ?? []
  const missing = needs.flatMap(concept => {
    const taught = teacherOf(concept)
    if (!taught) return []
    const path = {
      page: 'exercise',
      chapter: taught.chapter.id,
      exercise: taught.exercise.id,
      step: 'predict',
    } as const
    return app.progress.isSolved(`${path.chapter}/${path.exercise}`) ? [] : [{ concept, path }]
  })
  if (missing.length === 0) return nothing
  return html`
    <p class="small soft">
      ${app.say('buildsOn')}
      ${missing.map(
        ({ concept, path }, place) =>
          html`${place > 0 ? ', ' : ''}<a href=${addressOf(path)}>${app.texts.concepts[concept]}</a>`,
      )}
    </p>
  `
}

function run(app: App, shown: Shown): TemplateResult {
  const { route, text } = shown
  const { stage } = app
  const isOver = stage?.isAtEnd === true
  return html`
    <h2 id="step-title" tabindex="-1">${app.say('runTitle')}</h2>
    <p>${rich(app.texts, text.run)}</p>
    <p class="actions">
      <button
        class=${isOver ? '' : 'main'}
        ?disabled=${!stage}
        @click=${() => (stage?.isPlaying ? stage.pause() : stage?.play())}
      >
        ${stage?.isPlaying ? app.say('pause') : app.say(isOver ? 'playAgain' : 'play')}
      </button>
      <button ?disabled=${!stage} @click=${() => stage?.look(Number.POSITIVE_INFINITY)}>${app.say('skipRun')}</button>
    </p>
    <div class="verdict" role="status">${isOver ? verdict(app, shown) : nothing}</div>
    <p class="actions">
      <a class=${`button ${isOver ? 'main' : ''}`} href=${addressOf(clean(route, 'why'))}>${app.say('toWhy')}</a>
    </p>
  `
}

/** The trace's word on the answer that was given. */
function verdict(app: App, { exercise, route, text, facts }: Shown): TemplateResult {
  const chosen = exercise.options.find(({ id }) => id === route.answer)
  const right = exercise.options.find(({ belief }) => belief === undefined)
  if (!chosen) return html`<p>${rich(app.texts, from(text.verdicts, right?.id ?? ''))}</p>`
  const isRight = chosen.belief === undefined
  return html`
    <p class="soft">${app.say('chosen')} ${rich(app.texts, from(text.options, chosen.id))}</p>
    <p class=${`status ${isRight ? 'good' : 'wrong'}`}>
      <strong>${app.say(isRight ? 'right' : 'wrong')}</strong> ${rich(app.texts, from(text.verdicts, chosen.id))}
    </p>
    ${evidence(app, chosen, facts)}
  `
}

function evidence(app: App, option: Option, facts: Facts | undefined): TemplateResult | typeof nothing {
  const index = facts && option.evidence(facts)
  if (index === undefined) return nothing
  const { belief } = option
  return html`
    <p class="actions">
      <button @click=${() => app.select(index)}>${app.say('showEvidence')}</button>
      ${belief ? html`<span class="small soft">${app.say('belief', { belief: app.texts.beliefs[belief] })}</span>` : nothing}
    </p>
  `
}

function why(app: App, { exercise, route, text, facts }: Shown): TemplateResult {
  return html`
    <h2 id="step-title" tabindex="-1">${app.say('whyTitle')}</h2>
    ${text.why.map(paragraph => html`<p>${rich(app.texts, paragraph)}</p>`)}
    <p class="actions">
      ${exercise.points.map(({ id, find }) => {
        const index = facts && find(facts)
        return html`<button ?disabled=${index === undefined} @click=${() => app.select(index)}>
          ${app.say('show', { what: from(text.points, id) })}
        </button>`
      })}
    </p>
    <p class="actions next">
      <a class="button main" href=${addressOf(clean(route, 'solve'))}>${app.say('toSolve')}</a>
      ${next(app, route, false)}
    </p>
  `
}
