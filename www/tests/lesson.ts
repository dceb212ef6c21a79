// A learner who uses the keyboard alone, and never loses the focus.
import { expect, type Locator, type Page } from '@playwright/test'

export class Learner {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key)
    expect(await this.page.evaluate(() => document.activeElement?.tagName), `after ${key}`).not.toBe('BODY')
  }

  /** Goes to a control by the tabulator, backwards if it lies before. */
  async reach(control: Locator): Promise<void> {
    await expect(control).toBeVisible()
    const isBefore = await this.#isBefore(control)
    for (let i = 0; i < 120; i += 1) {
      const place = await control.evaluate(element => {
        const root = element.getRootNode() as Document | ShadowRoot
        return root.activeElement === element ? 'there' : document.activeElement?.tagName
      })
      if (place === 'there') return
      if (i > 0) expect(place, 'the focus').not.toBe('BODY')
      await this.page.keyboard.press(isBefore ? 'Shift+Tab' : 'Tab')
    }
    throw new Error(`no way by the tabulator to ${control}`)
  }

  /** True if a control lies before the focus. */
  #isBefore(control: Locator): Promise<boolean> {
    return control.evaluate(element => {
      const active = document.activeElement
      const root = element.getRootNode()
      const outer = root instanceof ShadowRoot ? root.host : element
      return active !== null && (outer.compareDocumentPosition(active) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0
    })
  }

  /** Presses a button, or follows a link. */
  async use(control: Locator): Promise<void> {
    await this.reach(control)
    await this.press('Enter')
  }

  /** Marks one of several options. */
  async choose(option: Locator): Promise<void> {
    const group = this.page.locator(`input[name="${await option.getAttribute('name')}"]`)
    const isBefore = await this.#isBefore(option)
    // The tabulator stops at one of a group, and the arrows go on from there.
    for (let i = 0; i < 120; i += 1) {
      if (await group.evaluateAll(inputs => inputs.some(input => input === document.activeElement))) break
      await this.press(isBefore ? 'Shift+Tab' : 'Tab')
    }
    if (!(await option.isChecked())) await this.press('Space')
    for (let i = 0; i < 8 && !(await option.isChecked()); i += 1) await this.press('ArrowDown')
    await expect(option).toBeChecked()
  }

  /** Sets the field of an offer: text, a choice, or a mark. */
  async set(field: Locator, value: string | boolean): Promise<void> {
    await this.reach(field)
    if (typeof value === 'boolean') {
      if ((await field.isChecked()) !== value) await this.press('Space')
    } else if (await field.evaluate(element => element instanceof HTMLSelectElement)) {
      await this.press('Home')
      for (let i = 0; i < 8 && (await field.inputValue()) !== value; i += 1) await this.press('ArrowDown')
      await expect(field).toHaveValue(value)
    } else {
      await this.press('ControlOrMeta+a')
      if (value === '') await this.press('Delete')
      else await this.page.keyboard.type(value)
    }
  }

  /** Goes to the title of a step, which has the focus by then. */
  async arrives(title: string): Promise<void> {
    const heading = this.page.getByRole('heading', { name: title })
    await expect(heading).toBeFocused()
  }
}
