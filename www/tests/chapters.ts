// All chapters of the tutorial with their words, which the page loads one by one.
import { loadChapter } from '../src/model/tutorial/chapters/index.ts'
import type { ChapterOutline, ExerciseOutline } from '../src/model/tutorial/outline.ts'
import { exerciseOutlines, outlines } from '../src/model/tutorial/outline.ts'
import { english } from '../src/texts/en/index.ts'
import type { ChapterText, ExerciseText } from '../src/texts/types.ts'

export const chapters = await Promise.all(outlines.map(({ id }) => loadChapter(id)))
export const exercises = chapters.flatMap(chapter => chapter.exercises)

/** Words of the chapters, by their names. */
export const texts: Readonly<Record<string, ChapterText>> = Object.fromEntries(
  await Promise.all(outlines.map(async ({ id }) => [id, await english.loadChapter(id)] as const)),
)

/** Returns what an exercise teaches and needs. */
export function outlineOf(id: string): ExerciseOutline {
  const outline = exerciseOutlines.find(one => one.id === id)
  if (!outline) throw new Error(`the exercise ${id} has no outline`)
  return outline
}

export const chapterOf = (exercise: string): ChapterOutline | undefined =>
  outlines.find(({ exercises }) => exercises.some(({ id }) => id === exercise))

export const textOf = (exercise: string): ExerciseText | undefined =>
  texts[chapterOf(exercise)?.id ?? '']?.exercises[exercise]
