// The catalogue of the page's language, which `?locale=` in its address may choose.
import { english } from './en/index.ts'
import type { Catalogue } from './types.ts'

/** Names of pseudo-locales, as browsers and operating systems have them. */
const pseudoLocales: Readonly<Record<string, { language: string; dir: 'ltr' | 'rtl' }>> = {
  pseudo: { language: 'en-XA', dir: 'ltr' },
  'pseudo-rtl': { language: 'ar-XB', dir: 'rtl' },
}

/** Returns the catalogue, and sets the language of the document and its direction. */
export async function readCatalogue(search: string): Promise<Catalogue> {
  const locale = pseudoLocales[new URLSearchParams(search).get('locale') ?? '']
  if (!locale) return english
  const { pseudo } = await import('./pseudo.ts')
  const catalogue = pseudo(english, locale.language)
  document.documentElement.lang = catalogue.language
  document.documentElement.dir = locale.dir
  return catalogue
}

/** Puts the catalogue's words into the frame of the page, whose first words are English. */
export function fillFrame({ page }: Catalogue): void {
  for (const part of document.querySelectorAll<HTMLElement>('[data-text]')) {
    const text = page[part.dataset.text ?? '']
    if (text !== undefined && part.textContent !== text) part.textContent = text
  }
}
