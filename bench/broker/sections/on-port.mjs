// Deliveries by a broker on a port: the broker in one process, the load program in another.
import { askChild } from '../../lib/child.mjs'
import { cases } from '../cases.js'
import { names, startServer } from '../servers/start.mjs'
import { whole } from '../tabulate.mjs'
import { roundMilliseconds } from './in-process.mjs'
import { loadProgram } from './load-program.mjs'

export function onPort({ quick }) {
  return {
    name: 'on a port',
    title: 'Deliveries a second over TCP on loopback, MQTT 3.1.1, 64 bytes, all by the same load program.',
    rows: Object.keys(cases),
    columns: names,
    format: whole,
    async measure(row, column) {
      const server = await startServer(column)
      try {
        return await askChild(loadProgram, column, ['deliver', server.port, row, roundMilliseconds(quick)])
      } finally {
        server.end()
      }
    },
    goal: (_, [ours, aedes]) => ({ text: "≥ aedes'", reached: ours >= aedes || (ours > 0 && Number.isNaN(aedes)) }),
  }
}
