// Deliveries within one page, or one process of Node: the broker and its clients.
import { askChild } from '../../lib/child.mjs'
import { runInPage } from '../../lib/page.mjs'
import { cases } from '../cases.js'
import { whole } from '../tabulate.mjs'
import { inNode, pages, systems } from './systems.mjs'

/** How long a round publishes. */
export const roundMilliseconds = quick => (quick ? 30 : 300)

export async function inProcess({ quick, beside }) {
  const milliseconds = roundMilliseconds(quick)
  const measured = systems(beside)
  const sites = await pages(measured)
  return {
    name: 'in-page',
    title: 'Deliveries a second to clients in the same page or process, MQTT 3.1.1, payloads of 64 bytes.',
    rows: Object.keys(cases).filter(name => !cases[name].apart),
    columns: Object.keys(measured),
    format: whole,
    close: () => {
      for (const site of sites.values()) site.close()
    },
    measure(row, column) {
      const args = [row, milliseconds]
      const system = measured[column]
      return system.module
        ? askChild(inNode(system), column, ['deliver', system.module, ...args])
        : runInPage(sites.get(system.folder), 'deliver', args)
    },
    goal(row, [page]) {
      const { goal } = cases[row]
      return goal && { text: `≥ ${whole(goal)}`, reached: page >= goal }
    },
  }
}
