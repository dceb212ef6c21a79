// Words of the playground, apart from its data: a catalogue for each language. Its marks are those
// of the tutorial's texts.
import type { PageTexts } from './types.ts'

export interface ScenarioText {
  readonly title: string
  /** The situation and what happens in it, two or three sentences. */
  readonly story: string
  /** Buttons that point at an entry. */
  readonly points: Readonly<Record<string, string>>
  /** The way out, for a scenario that goes wrong. */
  readonly mended?: string
}

export interface PlaygroundCatalogue {
  readonly language: string
  readonly words: Readonly<Record<string, string>>
  readonly scenarios: Readonly<Record<string, ScenarioText>>
  readonly page: PageTexts
}
