// The application, as a page of the tutorial knows it.
import type * as Simulator from 'wasmqtt/simulator'
import type { Chapter, Exercise, Value, Values } from '../model/tutorial/exercise.ts'
import type { Facts } from '../model/tutorial/facts.ts'
import type { Progress } from '../model/tutorial/progress.ts'
import type { ExerciseRoute, RecallRoute, Route } from '../model/tutorial/route.ts'
import type { Item } from '../model/tutorial/script.ts'
import type { Stage } from '../model/tutorial/stage.ts'
import type { Catalogue, ChapterText, ExerciseText } from '../texts/types.ts'

/** Parts of an address that change without a new page; undefined takes one away. */
export type Noted = { readonly [Part in 'answer' | 'at' | 'entry' | 'run']?: ExerciseRoute[Part] | undefined }

/** A chapter with its words. */
export interface Lesson {
  readonly chapter: Chapter
  readonly text: ChapterText
}

export interface App {
  readonly texts: Catalogue
  readonly route: Route
  readonly progress: Progress
  /** Chapters that are loaded, by their names. */
  readonly lessons: ReadonlyMap<string, Lesson>
  /** Why a chapter could not be loaded. */
  readonly lessonFailure: string | undefined
  /** The simulator's module, once it is there. */
  readonly simulator: typeof Simulator | undefined
  readonly stage: Stage | undefined
  /** Why the world could not be started. */
  readonly failure: string | undefined
  /** Why the last action was refused. */
  readonly refusal: string | undefined
  /** Why the run of the address could not be opened. */
  readonly brokenLink: string | undefined
  /** Hints that were asked for. */
  readonly hints: number
  /** Option that is marked, and not yet said. */
  readonly marked: string | undefined
  valuesOf(offer: string): Values
  setValue(offer: string, field: string, value: Value): void
  mark(option: string): void
  /** Notes the answers of the questions of a chapter. */
  answer(route: RecallRoute): void
  /** Goes to a page or a step. */
  go(route: Route): void
  /** Changes the address without a new page. */
  note(part: Noted): void
  /** True once the progress was forgotten on this page. */
  readonly isForgotten: boolean
  forget(): void
  act(does: readonly Item[] | 'packet'): void
  startAgain(): void
  hint(): void
  select(index: number | undefined): void
  say(name: string, values?: Readonly<Record<string, string | number>>): string
}

/** An exercise with its place and its words. */
export interface Shown {
  readonly chapter: Chapter
  readonly exercise: Exercise
  readonly route: ExerciseRoute
  readonly title: string
  readonly text: ExerciseText
  readonly facts: Facts | undefined
}

/** Returns a text by its name, which the tests hold to exist. */
export const from = (texts: Readonly<Record<string, string>>, name: string): string => texts[name] ?? name
