// Light or dark: the system's choice, until the user chooses.

const key = 'wasmqtt-theme'
const prefersDark = matchMedia('(prefers-color-scheme: dark)')

type Theme = 'light' | 'dark'

/**
 * Restores the theme that was chosen before, and lets the page's button change it. The button is
 * named by the theme that it leads to.
 */
export function themeButton({ dark, light } = { dark: 'Dark theme', light: 'Light theme' }): void {
  const button = document.getElementById('theme')
  const { dataset } = document.documentElement
  const before = stored()
  if (before) dataset.theme = before
  const theme = (): Theme => themeOf(dataset.theme) ?? (prefersDark.matches ? 'dark' : 'light')
  const name = (): void => {
    if (button) button.textContent = theme() === 'dark' ? light : dark
  }
  name()
  prefersDark.addEventListener('change', name)
  button?.addEventListener('click', () => {
    const choice = theme() === 'dark' ? 'light' : 'dark'
    dataset.theme = choice
    name()
    try {
      localStorage.setItem(key, choice)
    } catch {
      // Storage may be refused; the choice then lasts as long as the page.
    }
  })
}

function stored(): Theme | undefined {
  try {
    return themeOf(localStorage.getItem(key))
  } catch {
    return undefined
  }
}

const themeOf = (text: string | null | undefined): Theme | undefined =>
  text === 'light' || text === 'dark' ? text : undefined
