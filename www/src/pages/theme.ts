// Light or dark: what the system asks for, until the user chooses.

const key = 'wasmqtt-theme'
const prefersDark = matchMedia('(prefers-color-scheme: dark)')

export type Theme = 'light' | 'dark'

/** The theme that is shown now. */
export const theme = (): Theme => chosen() ?? (prefersDark.matches ? 'dark' : 'light')

/** Shows the chosen theme, if one was chosen before. */
export function restoreTheme(): void {
  const before = stored()
  if (before) document.documentElement.dataset.theme = before
}

export function chooseTheme(choice: Theme): void {
  document.documentElement.dataset.theme = choice
  try {
    localStorage.setItem(key, choice)
  } catch {
    // Storage may be refused; the choice then lasts as long as the page.
  }
}

/** Calls `listener` when the system changes its mind, until the returned function is called. */
export function onSystemTheme(listener: () => void): () => void {
  prefersDark.addEventListener('change', listener)
  return () => prefersDark.removeEventListener('change', listener)
}

const chosen = (): Theme | undefined => themeOf(document.documentElement.dataset.theme)

function stored(): Theme | undefined {
  try {
    return themeOf(localStorage.getItem(key))
  } catch {
    return undefined
  }
}

const themeOf = (text: string | null | undefined): Theme | undefined =>
  text === 'light' || text === 'dark' ? text : undefined
