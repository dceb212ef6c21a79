// The time until a client that subscribes to `#` has the last of many retained messages.
import { askChild } from '../../lib/child.mjs'
import { runInPage } from '../../lib/page.mjs'
import { RETAINED } from '../cases.js'
import { names, startServer } from '../servers/start.mjs'
import { whole } from '../tabulate.mjs'
import { loadProgram } from './load-program.mjs'
import { inNode, pages, systems } from './systems.mjs'

const messagesOf = quick => (quick ? RETAINED.messages / 100 : RETAINED.messages)

export async function retainedInProcess({ quick }) {
  const messages = messagesOf(quick)
  const site = await pages()
  return {
    ...table('retained, in-page', messages),
    columns: Object.keys(systems),
    close: site.close,
    measure: (_, column) =>
      systems[column] === undefined
        ? runInPage(site, 'retained', [messages], 120)
        : askChild(inNode, column, ['retained', systems[column], messages], 120),
  }
}

export function retainedOnPort({ quick }) {
  const messages = messagesOf(quick)
  return {
    ...table('retained, on a port', messages),
    columns: names,
    async measure(_, column) {
      const server = await startServer(column)
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
