// Words of the tutorial, apart from its data: a catalogue for each language.
//
// In texts, `[[word]]` or `[[word|as shown]]` is a word of the glossary, `code` stands in
// backquotes, and **strong** between stars.
import type { Belief } from '../model/tutorial/beliefs.ts'
import type { Concept } from '../model/tutorial/concepts.ts'

export interface ChapterTitles {
  readonly title: string
  readonly lead: string
  /** Titles of its exercises. */
  readonly exercises: Readonly<Record<string, string>>
}

export interface ExerciseText {
  /** The situation, a paragraph each. */
  readonly intro: readonly string[]
  readonly question: string
  readonly options: Readonly<Record<string, string>>
  /** The trace's word on each answer. */
  readonly verdicts: Readonly<Record<string, string>>
  /** A thing to look at in the run. */
  readonly run: string
  readonly why: readonly string[]
  /** Buttons that point at an entry. */
  readonly points: Readonly<Record<string, string>>
  readonly task: readonly string[]
  /** Hints that point, the later nearer. */
  readonly hints: readonly string[]
  readonly mistakes: Readonly<Record<string, string>>
  readonly solved: string
}

export interface RecallText {
  readonly question: string
  readonly options: Readonly<Record<string, string>>
  readonly why: string
}

/** Words of a chapter, which are loaded when it is shown. */
export interface ChapterText {
  readonly exercises: Readonly<Record<string, ExerciseText>>
  readonly recall: Readonly<Record<string, RecallText>>
}

/** Words for offers and their fields. */
export interface ActionTexts {
  readonly offers: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
  /** Names of a field's values. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface Catalogue {
  readonly language: string
  readonly titles: Readonly<Record<string, ChapterTitles>>
  /** Loads the words of a chapter. */
  readonly loadChapter: (id: string) => Promise<ChapterText>
  readonly concepts: Readonly<Record<Concept, string>>
  readonly beliefs: Readonly<Record<Belief, string>>
  readonly words: Readonly<Record<string, string>>
  readonly actions: ActionTexts
  readonly page: PageTexts
}

/** Words of the frame around the exercises. `{name}` stands for something. */
export interface PageTexts {
  readonly [name: string]: string
}
