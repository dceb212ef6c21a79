// The questions at the end of a chapter: its own, and those of the chapter before.
import { html, nothing, type TemplateResult } from 'lit'
import type { Recall } from '../model/tutorial/exercise.ts'
import { outlines } from '../model/tutorial/outline.ts'
import { addressOf, chaptersOf, type RecallRoute } from '../model/tutorial/route.ts'
import { type App, from, type Lesson } from './app.ts'
import { rich } from './markup.ts'

interface Asked {
  readonly key: string
  readonly lesson: Lesson
  readonly recall: Recall
  /** Options in the order in which they stand. */
  readonly options: readonly string[]
}

/** Returns the questions of chapters. */
function questionsOf(lessons: readonly Lesson[]): Asked[] {
  return lessons.flatMap(lesson => {
    const { id, recall } = lesson.chapter
    const place = outlines.findIndex(outline => outline.id === id)
    return recall.map((recall, index) => ({
      key: `${id}.${recall.id}`,
      lesson,
      recall,
      options: rotated(recall.options, index + place + 1),
    }))
  })
}

const rotated = <T>(list: readonly T[], by: number): T[] => {
  const turn = by % list.length
  return [...list.slice(turn), ...list.slice(0, turn)]
}

/** The page, or undefined until its chapters are loaded. */
export function recallPage(app: App, route: RecallRoute): TemplateResult | undefined {
  const wanted = chaptersOf(route)
  const lessons = wanted.flatMap(id => app.lessons.get(id) ?? [])
  if (lessons.length < wanted.length) return undefined
  const place = outlines.findIndex(({ id }) => id === route.chapter)
  const asked = questionsOf(lessons)
  const isDone = asked.every(({ key, recall }) => route.answers[key] === recall.right)
  if (isDone) app.progress.recall(route.chapter)
  const check = (event: Event): void => {
    event.preventDefault()
    const given = new FormData(event.target as HTMLFormElement)
    const answers = Object.fromEntries([...given].map(([key, value]) => [key, String(value)]))
    app.answer({ ...route, answers })
  }
  return html`
    <section class="recall">
      <p class="soft">
        <a href="#/">${app.say('contents')}</a> ·
        ${app.say('chapterOf', { number: place + 1, count: outlines.length })}: ${app.texts.titles[route.chapter]?.title}
      </p>
      <h1 tabindex="-1">${app.say('recall')}</h1>
      <p class="lead">${app.say('recallLead')}</p>
      <form class="questions" @submit=${check}>
        ${asked.map(one => question(app, route, one))}
        <p class="actions">
          <button class=${isDone ? '' : 'main'}>${app.say('check')}</button>
          ${onward(app, place, isDone)}
        </p>
        <p class=${`status ${isDone ? 'good' : ''}`} role="status">${isDone ? app.say(place + 1 < outlines.length ? 'recallDone' : 'recallDoneLast') : nothing}</p>
      </form>
    </section>
  `
}

function question(app: App, route: RecallRoute, { key, lesson, recall, options }: Asked): TemplateResult {
  const text = lesson.text.recall[recall.id]
  const given = route.answers[key]
  const isRight = given === recall.right
  return html`
    <fieldset class="options">
      <legend>${rich(app.texts, text?.question ?? '')}</legend>
      ${options.map(
        option => html`
          <label>
            <input type="radio" name=${key} value=${option} .checked=${given === option} />
            <span>${rich(app.texts, from(text?.options ?? {}, option))}</span>
          </label>
        `,
      )}
      ${
        given === undefined
          ? nothing
          : html`<p class=${`status ${isRight ? 'good' : 'wrong'}`}>
              <strong>${app.say(isRight ? 'recallRight' : 'recallWrong')}</strong>
              ${isRight ? rich(app.texts, text?.why ?? '') : html`<a href=${lookUp(lesson)}>${app.say('lookUp')}</a>`}
            </p>`
      }
    </fieldset>
  `
}

const lookUp = ({ chapter }: Lesson): string => {
  const exercise = chapter.exercises[0]
  return exercise ? addressOf({ page: 'exercise', chapter: chapter.id, exercise: exercise.id, step: 'why' }) : '#/'
}

function onward(app: App, place: number, isDone: boolean): TemplateResult {
  const following = outlines[place + 1]
  const exercise = following?.exercises[0]
  if (!following || !exercise) return html`<a class="button" href="#/">${app.say('toContents')}</a>`
  const address = addressOf({ page: 'exercise', chapter: following.id, exercise: exercise.id, step: 'predict' })
  const title = app.texts.titles[following.id]?.title ?? ''
  return html`<a class=${`button ${isDone ? 'main' : ''}`} href=${address}>${app.say('nextChapter', { title })}</a>`
}
