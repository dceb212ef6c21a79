// Forms of the playground, and their fields. They keep what was typed.
import { html, nothing, type TemplateResult } from 'lit'
import type { FormName } from '../model/playground/actions.ts'
import type { App } from './app.ts'

/** A form whose button does what its name says. */
export const form = (app: App, name: FormName, label: string, fields: unknown): TemplateResult =>
  plainForm(name, label, fields, data => app.submit(name, data))

/** A form that gives its fields to a function. */
export function plainForm(
  name: string,
  label: string,
  fields: unknown,
  does: (data: FormData) => void,
): TemplateResult {
  const submit = (event: Event): void => {
    event.preventDefault()
    does(new FormData(event.currentTarget as HTMLFormElement))
  }
  return html`
    <form class="fields" data-form=${name} @submit=${submit}>
      ${fields}
      <button class="go">${label}</button>
    </form>
  `
}

/** A button that does what a form without fields does. */
export const action = (app: App, name: FormName, label: string): TemplateResult =>
  html`<button type="button" data-form=${name} @click=${() => app.submit(name, new FormData())}>${label}</button>`

export const text = (label: string, name: string, value = '', isNeeded = false): TemplateResult => html`
  <label class="wide">
    ${label}
    <input name=${name} value=${value} ?required=${isNeeded} autocomplete="off" autocapitalize="off" spellcheck="false" />
  </label>
`

export const number = (label: string, name: string, value: number | '' = '', placeholder = ''): TemplateResult => html`
  <label>
    ${label}
    <input
      name=${name}
      type="number"
      min="0"
      step="any"
      inputmode="numeric"
      value=${value}
      placeholder=${placeholder || nothing}
    />
  </label>
`

export const check = (label: string, name: string, isOn = false): TemplateResult =>
  html`<label class="check"><input type="checkbox" name=${name} ?checked=${isOn} /> ${label}</label>`

export const choice = (
  label: string,
  name: string,
  values: readonly (readonly [value: string | number, label: string])[],
  initial: string | number = values[0]?.[0] ?? '',
): TemplateResult => html`
  <label>
    ${label}
    <select name=${name}>
      ${values.map(([value, label]) => html`<option value=${value} ?selected=${value === initial}>${label}</option>`)}
    </select>
  </label>
`

export const qos = (label: string, name = 'qos', initial = 0): TemplateResult =>
  choice(
    label,
    name,
    [
      [0, '0'],
      [1, '1'],
      [2, '2'],
    ],
    initial,
  )
