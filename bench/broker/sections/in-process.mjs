// Deliveries within one page, or one process of Node: the broker and its clients.
import { askChild } from '../../lib/child.mjs'
import { runInPage } from '../../lib/page.mjs'
import { cases } from '../cases.js'
import { whole } from '../tabulate.mjs'
import { inNode, pages, systems } from './systems.mjs'

/** How long a round publishes. */
export const roundMilliseconds = quick => (quick ? 30 : 300)

export async function inProcess({ quick }) {
  const milliseconds = roundMilliseconds(quick)
  const site = await pages()
  return {
    name: 'in-page',
    title: 'Deliveries a second to clients in the same page or process, MQTT 3.1.1, payloads of 64 bytes.',
    rows: Object.keys(cases).filter(name => !cases[name].apart),
    columns: Object.keys(systems),
    format: whole,
    close: site.close,
    measure(row, column) {
      const args = [row, milliseconds]
      return systems[column] === undefined
        ? runInPage(site, 'deliver', args)
        : askChild(inNode, column, ['deliver', systems[column], ...args])
    },
    goal(row, [page]) {
      const { goal } = cases[row]
      return goal && { text: `≥ ${whole(goal)}`, reached: page >= goal }
    },
  }
}
