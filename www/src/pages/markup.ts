// Texts of a catalogue as templates: words of the glossary, code, and strong words.
import { html, type TemplateResult } from 'lit'
import type { Catalogue } from '../texts/types.ts'

export type Piece =
  | { readonly type: 'text' | 'code' | 'strong'; readonly text: string }
  | { readonly type: 'word'; readonly text: string; readonly word: string }

/** Splits a text at its marks. */
export function piecesOf(text: string): Piece[] {
  return text.split(/(\[\[[^\]]+\]\]|`[^`]+`|\*\*[^*]+\*\*)/).flatMap((part): Piece[] => {
    if (part === '') return []
    if (part.startsWith('[[')) {
      const [word = '', shown = word] = part.slice(2, -2).split('|')
      return [{ type: 'word', word, text: shown }]
    }
    if (part.startsWith('`') && part.length > 2) return [{ type: 'code', text: part.slice(1, -1) }]
    if (part.startsWith('**') && part.length > 4) return [{ type: 'strong', text: part.slice(2, -2) }]
    return [{ type: 'text', text: part }]
  })
}

let count = 0

/** Returns a text with its marks. A word of the glossary opens its meaning. */
export function rich(texts: Pick<Catalogue, 'words'>, text: string): TemplateResult[] {
  return piecesOf(text).map(piece => {
    if (piece.type === 'code') return html`<code>${piece.text}</code>`
    if (piece.type === 'strong') return html`<strong>${piece.text}</strong>`
    if (piece.type !== 'word') return html`${piece.text}`
    count += 1
    return word(texts, piece.word, piece.text, `word-${count}`)
  })
}

function word(texts: Pick<Catalogue, 'words'>, name: string, shown: string, id: string): TemplateResult {
  return html`<button type="button" class="word" popovertarget=${id}>${shown}</button
    ><span popover class="meaning" id=${id}><strong>${name}</strong> ${plain(texts.words[name] ?? '')}</span>`
}

/** Returns a text whose only marks are code. */
export function plain(text: string): TemplateResult[] {
  return piecesOf(text).map(piece => (piece.type === 'code' ? html`<code>${piece.text}</code>` : html`${piece.text}`))
}

/** Puts values into a text of the frame. */
export function say(
  texts: Pick<Catalogue, 'page'>,
  name: string,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return (texts.page[name] ?? name).replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole))
}
