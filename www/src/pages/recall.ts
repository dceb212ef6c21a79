// The questions at the end of a chapter: its own, and those of the chapter before.
import { html, nothing, type TemplateResult } from 'lit'
import type { Chapter, Recall } from '../model/tutorial/exercise.ts'
import { addressOf, type RecallRoute } from '../model/tutorial/route.ts'
import { chapters } from '../model/tutorial/syllabus.ts'
import { type App, from } from './app.ts'
import { rich } from './markup.ts'

interface Asked {
  readonly key: string
  readonly chapter: Chapter
  readonly recall: Recall
  /** Options in the order in which they stand. */
  readonly options: readonly string[]
}

/** Returns the questions of a chapter, those of the chapter before last. */
export function questionsOf(chapter: Chapter): Asked[] {
  const place = chapters.indexOf(chapter)
  const asked = [chapter, ...chapters.slice(Math.max(0, place - 1), place)]
  return asked.flatMap(one =>
    one.recall.map((recall, index) => ({
      key: `${one.id}.${recall.id}`,
      chapter: one,
      recall,
      options: rotated(recall.options, index + chapters.indexOf(one) + 1),
    })),
  )
}

const rotated = <T>(list: readonly T[], by: number): T[] => {
  const turn = by % list.length
  return [...list.slice(turn), ...list.slice(0, turn)]
}

export function recallPage(app: App, route: RecallRoute): TemplateResult {
  const place = chapters.findIndex(({ id }) => id === route.chapter)
  const chapter = chapters[place]
  if (!chapter) return html``
  const asked = questionsOf(chapter)
  const isDone = asked.every(({ key, recall }) => route.answers[key] === recall.right)
  if (isDone) app.progress.recall(chapter.id)
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
        ${app.say('chapterOf', { number: place + 1, count: chapters.length })}: ${app.texts.chapters[chapter.id]?.title}
      </p>
      <h1 tabindex="-1">${app.say('recall')}</h1>
      <p class="lead">${app.say('recallLead')}</p>
      <form class="questions" @submit=${check}>
        ${asked.map(one => question(app, route, one))}
        <p class="actions">
          <button class=${isDone ? '' : 'main'}>${app.say('check')}</button>
          ${onward(app, place, isDone)}
        </p>
        <p class=${`status ${isDone ? 'good' : ''}`} role="status">${isDone ? app.say(place + 1 < chapters.length ? 'recallDone' : 'recallDoneLast') : nothing}</p>
      </form>
    </section>
  `
}

function question(app: App, route: RecallRoute, { key, chapter, recall, options }: Asked): TemplateResult {
  const text = app.texts.chapters[chapter.id]?.recall[recall.id]
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
              ${isRight ? rich(app.texts, text?.why ?? '') : html`<a href=${lookUp(chapter)}>${app.say('lookUp')}</a>`}
            </p>`
      }
    </fieldset>
  `
}

const lookUp = (chapter: Chapter): string => {
  const exercise = chapter.exercises[0]
  return exercise ? addressOf({ page: 'exercise', chapter: chapter.id, exercise: exercise.id, step: 'why' }) : '#/'
}

function onward(app: App, place: number, isDone: boolean): TemplateResult {
  const following = chapters[place + 1]
  const exercise = following?.exercises[0]
  if (!following || !exercise) return html`<a class="button" href="#/">${app.say('toContents')}</a>`
  const address = addressOf({ page: 'exercise', chapter: following.id, exercise: exercise.id, step: 'predict' })
  const title = app.texts.chapters[following.id]?.title ?? ''
  return html`<a class=${`button ${isDone ? 'main' : ''}`} href=${address}>${app.say('nextChapter', { title })}</a>`
}
