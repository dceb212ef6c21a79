// The tutorial: reads the address, keeps the world, and draws the page that both ask for.
import { html, render, type TemplateResult } from 'lit'
import { define } from 'wasmqtt/elements'
import type * as Simulator from 'wasmqtt/simulator'
import { inNextFrame } from './model/frame.ts'
import { themeButton } from './model/theme.ts'
import { loadChapter } from './model/tutorial/chapters/index.ts'
import type { Exercise, Value, Values } from './model/tutorial/exercise.ts'
import { Progress } from './model/tutorial/progress.ts'
import {
  addressOf,
  chaptersOf,
  type ExerciseRoute,
  type RecallRoute,
  type Route,
  readRoute,
} from './model/tutorial/route.ts'
import type { Item } from './model/tutorial/script.ts'
import type * as Stages from './model/tutorial/stage.ts'
import type { App, Lesson, Noted } from './pages/app.ts'
import { contents, glossary, unknown, unloaded } from './pages/contents.ts'
import { exercisePage, shownOf } from './pages/exercise.ts'
import { say } from './pages/markup.ts'
import { recallPage } from './pages/recall.ts'
import { judge } from './pages/task.ts'
import { fillFrame, readCatalogue } from './texts/locale.ts'
import type { Catalogue } from './texts/types.ts'

const main = document.getElementById('main') as HTMLElement

class Tutorial implements App {
  readonly texts: Catalogue
  readonly progress = new Progress(() => localStorage)
  route: Route = readRoute(location.hash)
  readonly lessons = new Map<string, Lesson>()
  lessonFailure: string | undefined
  simulator: typeof Simulator | undefined
  stage: Stages.Stage | undefined
  failure: string | undefined
  refusal: string | undefined
  brokenLink: string | undefined
  hints = 0
  marked: string | undefined
  isForgotten = false
  #stages: typeof Stages | undefined
  #values: Record<string, Values> = {}
  readonly #redraw = inNextFrame(() => this.#draw())
  /** Speed that was chosen, which the next world begins with. */
  #speed = 1

  constructor(texts: Catalogue) {
    this.texts = texts
  }

  async begin(): Promise<void> {
    addEventListener('hashchange', () => void this.#follow())
    main.ariaBusy = 'true'
    this.#draw()
    await Promise.all([this.#loadLessons(), this.#loadSimulator()])
    this.#setUp()
    main.ariaBusy = 'false'
    this.#draw()
  }

  async #loadSimulator(): Promise<void> {
    try {
      const [simulator, stages] = await Promise.all([import('wasmqtt/simulator'), import('./model/tutorial/stage.ts')])
      await simulator.load()
      this.simulator = simulator
      this.#stages = stages
    } catch (error) {
      this.failure = problemOf(error)
    }
  }

  /** Loads the chapters of the page that is shown, with their words. */
  async #loadLessons(): Promise<void> {
    const missing = chaptersOf(this.route).filter(id => !this.lessons.has(id))
    this.lessonFailure = undefined
    try {
      const load = async (id: string): Promise<void> => {
        const [chapter, text] = await Promise.all([loadChapter(id), this.texts.loadChapter(id)])
        this.lessons.set(id, { chapter, text })
      }
      await Promise.all(missing.map(load))
    } catch (error) {
      this.lessonFailure = problemOf(error)
    }
    this.#draw()
  }

  valuesOf(offer: string): Values {
    const fields = this.#exercise?.task.offers.find(({ id }) => id === offer)?.fields ?? []
    const initial = Object.fromEntries(fields.map(({ id, initial }) => [id, initial]))
    return { ...initial, ...this.#values[offer] }
  }

  setValue(offer: string, field: string, value: Value): void {
    this.#values = { ...this.#values, [offer]: { ...this.#values[offer], [field]: value } }
    this.#redraw()
  }

  mark(option: string): void {
    this.marked = option
    this.#redraw()
  }

  go(route: Route): void {
    location.hash = addressOf(route)
  }

  note(part: Noted): void {
    if (this.route.page !== 'exercise') return
    this.#replace({ ...this.route, ...part } as ExerciseRoute)
  }

  answer(route: RecallRoute): void {
    this.#replace(route)
    this.#redraw()
  }

  act(does: readonly Item[] | 'packet'): void {
    const { stage } = this
    const task = this.#exercise?.task
    if (!stage || !task) return
    this.refusal = undefined
    this.brokenLink = undefined
    try {
      if (does === 'packet') stage.step('packet')
      else stage.act(does, task.isStepwise === true)
    } catch (error) {
      this.refusal = problemOf(error)
    }
    this.note({ entry: undefined, at: undefined, run: stage.link })
    this.#redraw()
  }

  forget(): void {
    this.progress.clear()
    this.isForgotten = true
    this.#redraw()
  }

  startAgain(): void {
    this.#values = {}
    this.refusal = undefined
    this.brokenLink = undefined
    this.note({ entry: undefined, at: undefined, run: undefined })
    this.#setUp()
    this.#redraw()
  }

  hint(): void {
    this.hints += 1
    this.#draw()
    main.querySelector<HTMLElement>('.hints li:last-child')?.focus()
  }

  select(index: number | undefined): void {
    const { stage } = this
    const at = index === undefined ? undefined : stage?.trace.entries[index]?.at
    // What is not there yet at the moment that is looked at is gone to.
    if (stage && at !== undefined && at > stage.now) stage.look(at)
    this.note({ entry: index })
    this.#redraw()
    // The picture has packets; another entry is found in the table.
    const entry = index === undefined ? undefined : stage?.trace.entries[index]
    const events = main.querySelector<HTMLDetailsElement>('details.events')
    if (events && entry && entry.type !== 'packet') events.open = true
  }

  say(name: string, values?: Readonly<Record<string, string | number>>): string {
    return say(this.texts, name, values)
  }

  get #exercise(): Exercise | undefined {
    const { route } = this
    if (route.page !== 'exercise') return undefined
    return this.lessons.get(route.chapter)?.chapter.exercises.find(({ id }) => id === route.exercise)
  }

  #replace(route: Route): void {
    this.route = readRoute(addressOf(route))
    history.replaceState(null, '', addressOf(route))
  }

  /** Another address: another page, another step, or the same with another moment. */
  async #follow(): Promise<void> {
    const before = placeOf(this.route)
    this.route = readRoute(location.hash)
    const place = placeOf(this.route)
    if (before === place) {
      this.#redraw()
      return
    }
    this.hints = 0
    this.isForgotten = false
    this.marked = undefined
    this.refusal = undefined
    this.brokenLink = undefined
    this.#values = {}
    this.#setUp()
    this.#arrive()
    if (chaptersOf(this.route).every(id => this.lessons.has(id))) return
    await this.#loadLessons()
    if (placeOf(this.route) !== place) return
    this.#setUp()
    this.#arrive()
  }

  /** Draws a new page from its top, whose title has the focus. */
  #arrive(): void {
    this.#draw()
    const title = main.querySelector<HTMLElement>('#step-title') ?? main.querySelector<HTMLElement>('h1')
    title?.focus({ preventScroll: true })
    scrollTo(0, 0)
  }

  /** Makes the world of the step that is shown. */
  #setUp(): void {
    if (this.stage) this.#speed = this.stage.speed
    this.stage?.free()
    this.stage = undefined
    const { route } = this
    const exercise = this.#exercise
    if (!exercise || !this.#stages || route.page !== 'exercise') return
    const changed = () => this.#moved()
    const { Stage } = this.#stages
    if (route.step === 'solve') {
      const { task } = exercise
      const begin = (run?: string) =>
        new Stage(task.world ?? exercise.world, task.start ?? exercise.start, true, changed, run)
      try {
        this.stage = begin(route.run)
      } catch (error) {
        this.brokenLink = problemOf(error)
        this.stage = begin()
      }
      this.stage.speed = this.#speed
    } else {
      this.stage = new Stage(exercise.world, exercise.start, false, changed)
      this.stage.speed = this.#speed
      const begun = this.stage.now
      this.stage.perform(exercise.show)
      if (route.step === 'predict') this.stage.look(begun)
      if (route.step === 'run' && route.at === undefined) {
        this.stage.look(begun)
        this.stage.play()
      }
    }
    if (route.at !== undefined) this.stage.look(route.at)
  }

  /** The time or the trace of the world has moved. */
  #moved(): void {
    const { stage, route } = this
    if (stage && !stage.isPlaying && route.page === 'exercise' && route.step !== 'predict') {
      const run = route.step === 'solve' && route.run !== undefined ? stage.link : route.run
      if (stage.seen !== route.at || run !== route.run) this.note({ at: stage.seen, run })
    }
    this.#redraw()
  }

  #draw(): void {
    const { route } = this
    const shown = route.page === 'exercise' ? shownOf(this, route) : undefined
    if (shown?.route.step === 'solve' && judge(shown).solved !== undefined)
      this.progress.solve(`${shown.route.chapter}/${shown.route.exercise}`)
    const title = shown?.title
    document.title = title ? `${title} – ${this.say('title')}` : this.say('title')
    render(html`${shown ? exercisePage(this, shown) : this.#page()}`, main)
  }

  #page(): TemplateResult {
    const { route } = this
    if (route.page === 'contents') return contents(this)
    if (route.page === 'words') return glossary(this)
    const isRecall = route.page === 'recall'
    if (!isRecall && route.page !== 'exercise') return unknown(this)
    const title = isRecall ? this.say('recall') : this.texts.titles[route.chapter]?.exercises[route.exercise]
    return (isRecall && recallPage(this, route)) || unloaded(this, title ?? '')
  }
}

/** Place of a route, without the moment and what was done there. */
function placeOf(route: Route): string {
  if (route.page === 'exercise') return `${route.chapter}/${route.exercise}/${route.step}`
  return route.page === 'recall' ? `recall ${route.chapter}` : route.page
}

const problemOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')

const texts = await readCatalogue(location.search)
define()
fillFrame(texts)
themeButton({ dark: texts.page.dark ?? '', light: texts.page.light ?? '' })
main.replaceChildren()
document.querySelector('.skip')?.addEventListener('click', event => {
  event.preventDefault()
  main.focus()
})
void new Tutorial(texts).begin()
