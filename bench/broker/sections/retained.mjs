// The time until a client that subscribes to `#` has the last of many retained messages.
import { askChild } from '../../lib/child.mjs'
import { runInPage } from '../../lib/page.mjs'
import { RETAINED } from '../cases.js'
import { names, startServer } from '../servers/start.mjs'
import { whole } from '../tabulate.mjs'
import { loadProgram } from './load-program.mjs'
import { inNode, pages, systems } from './systems.mjs'

const messagesOf = quick => (quick ? RETAINED.messages / 100 : RETAINED.messages)

export async function retainedInProcess({ quick, beside }) {
  const messages = messagesOf(quick)
  const measured = systems(beside)
  const sites = await pages(measured)
  return {
    ...table('retained, in-page', messages),
    columns: Object.keys(measured),
    close: () => {
      for (const site of sites.values()) site.close()
    },
    measure: (_, column) => {
      const system = measured[column]
      return system.module
        ? askChild(inNode(system), column, ['retained', system.module, messages], 120)
        : runInPage(sites.get(system.folder), 'retained', [messages], 120)
    },
  }
}

export function retainedOnPort({ quick, beside }) {
  const messages = messagesOf(quick)
  return {
    ...table('retained, on a port', messages),
    columns: names(beside),
    async measure(_, column) {
      const server = await startServer(column, beside)
      try {
        return await askChild(loadProgram, column, ['retained', server.port, messages], 120)
      } finally {
        server.end()
      }
    },
  }
}

const table = (name, messages) => ({
  name,
  title: `Milliseconds from a client's SUBSCRIBE to # until it has the last retained message; ${name.split(', ')[1]}.`,
  rows: [`${whole(messages)} retained`],
  format: whole,
})
