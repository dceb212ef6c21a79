// A pseudo-locale: each letter of a catalogue with an accent, so that other texts are seen.
import type { Catalogue, ChapterText } from './types.ts'

const accents = new Map([...'aceinosuyz'].map((letter, place) => [letter, [...'áçéíñóšúýž'][place] ?? letter]))

/** Marks that are kept: a word of the glossary with its text, code, and a value's name. */
const marks = /(\[\[[^\]]+\]\]|`[^`]+`|\{\w+\})/

/** Returns a text with accents. It is a third longer, as texts of other languages are. */
export function accented(text: string): string {
  const pieces = text.split(marks).map(piece => {
    if (piece.startsWith('`') || piece.startsWith('{')) return piece
    if (piece.startsWith('[[')) return `[[${piece.slice(2, -2).split('|').map(letters).join('|')}]]`
    return letters(piece)
  })
  const longer = text.length > 12 ? ` ${'·'.repeat(Math.ceil(text.length / 3))}` : ''
  return pieces.join('') + longer
}

const letters = (text: string): string => text.replace(/[a-z]/g, letter => accents.get(letter) ?? letter)

/** Returns a catalogue with accents everywhere. Keys of the glossary are words too. */
export function pseudo(catalogue: Catalogue, language: string): Catalogue {
  const words = Object.entries(catalogue.words).map(([word, text]) => [letters(word), accented(text)])
  const loadChapter = async (id: string) => mapped(await catalogue.loadChapter(id)) as ChapterText
  return { ...(mapped(catalogue) as Catalogue), language, words: Object.fromEntries(words), loadChapter }
}

function mapped(value: unknown): unknown {
  if (typeof value === 'string') return accented(value)
  if (Array.isArray(value)) return value.map(mapped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapped(member)]))
}
