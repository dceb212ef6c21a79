// The page of contents, and the glossary.
import { html, nothing, type TemplateResult } from 'lit'
import { type ChapterOutline, type ExerciseOutline, exerciseOutlines, outlines } from '../model/tutorial/outline.ts'
import { addressOf } from '../model/tutorial/route.ts'
import type { App } from './app.ts'
import { plain } from './markup.ts'

const keyOf = (chapter: ChapterOutline, exercise: ExerciseOutline) => `${chapter.id}/${exercise.id}`

const first = (chapter: ChapterOutline, exercise: ExerciseOutline) =>
  addressOf({ page: 'exercise', chapter: chapter.id, exercise: exercise.id, step: 'predict' })

export function contents(app: App): TemplateResult {
  const { texts, progress } = app
  const all = outlines.flatMap(chapter => chapter.exercises.map(exercise => ({ chapter, exercise })))
  const next = all.find(({ chapter, exercise }) => !progress.isSolved(keyOf(chapter, exercise))) ?? all[0]
  const solved = all.filter(({ chapter, exercise }) => progress.isSolved(keyOf(chapter, exercise))).length
  const nextTitle = next && texts.titles[next.chapter.id]?.exercises[next.exercise.id]
  return html`
    <div class="contents">
      <section class="opening">
        <h1 tabindex="-1">${app.say('title')}</h1>
        <p class="lead">${app.say('lead')}</p>
        <p>${app.say('about')}</p>
        ${
          next &&
          html`<p class="actions">
            <a class="button main" href=${first(next.chapter, next.exercise)}>
              ${solved === 0 ? app.say('begin') : app.say('goOn', { title: nextTitle ?? '' })}
            </a>
            <span class="soft">${app.say('solvedCount', { count: solved, all: exerciseOutlines.length })}</span>
          </p>`
        }
        ${denied(app)}
      </section>
      <ol class="chapters">
        ${outlines.map((chapter, place) => entry(app, chapter, place))}
      </ol>
      <p class="actions">
        <button @click=${() => app.forget()}>${app.say('forget')}</button>
        <span class="soft" role="status">${app.isForgotten ? app.say('forgotten') : nothing}</span>
      </p>
    </div>
  `
}

export const denied = (app: App) =>
  app.progress.isDenied ? html`<p class="status" role="status">${app.say('denied')}</p>` : nothing

function entry(app: App, chapter: ChapterOutline, place: number): TemplateResult {
  const { texts, progress } = app
  const text = texts.titles[chapter.id]
  return html`
    <li>
      <h2><span class="number" aria-hidden="true">${place + 1}</span> ${text?.title}</h2>
      <p class="soft">${text?.lead}</p>
      <ul>
        ${chapter.exercises.map(exercise => line(first(chapter, exercise), text?.exercises[exercise.id] ?? '', progress.isSolved(keyOf(chapter, exercise)), app))}
        ${line(addressOf({ page: 'recall', chapter: chapter.id, answers: {} }), app.say('recall'), progress.isRecalled(chapter.id), app)}
      </ul>
    </li>
  `
}

const line = (address: string, title: string, isDone: boolean, app: App): TemplateResult => html`
  <li>
    <a class="entry" href=${address}>
      <span class=${`mark ${isDone ? 'done' : ''}`} aria-hidden="true">${isDone ? '✓' : ''}</span>
      ${title}<span class="hidden">, ${app.say(isDone ? 'solvedMark' : 'openMark')}</span>
    </a>
  </li>
`

export function glossary(app: App): TemplateResult {
  const words = Object.entries(app.texts.words).sort(([a], [b]) => a.localeCompare(b, app.texts.language))
  return html`
    <section class="glossary">
      <h1 tabindex="-1">${app.say('words')}</h1>
      <p class="lead">${app.say('wordsLead')}</p>
      <dl class="words">
        ${words.map(([word, meaning]) => html`<div><dt>${word}</dt><dd>${plain(meaning)}</dd></div>`)}
      </dl>
    </section>
  `
}

/** A page of a chapter that is not loaded yet, or cannot be. */
export function unloaded(app: App, title: string): TemplateResult {
  const { lessonFailure } = app
  return html`
    <section class="opening">
      <h1 tabindex="-1">${title}</h1>
      ${
        lessonFailure === undefined
          ? html`<p class="soft">${app.say('loadingChapter')}</p>`
          : html`<p class="status wrong" role="status">${app.say('chapterFailed', { problem: lessonFailure })}</p>`
      }
    </section>
  `
}

export function unknown(app: App): TemplateResult {
  const path = app.route.page === 'unknown' ? app.route.path : ''
  return html`
    <section class="opening">
      <h1 tabindex="-1">${app.say('unknownTitle')}</h1>
      <p>${app.say('unknown', { path })}</p>
      <p class="actions"><a class="button main" href="#/">${app.say('toContents')}</a></p>
    </section>
  `
}
