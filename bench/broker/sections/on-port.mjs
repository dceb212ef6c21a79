// Deliveries by a broker on a port: the broker in one process, the load program in another.
import { askChild } from '../../lib/child.mjs'
import { cases } from '../cases.js'
import { names, peers, startServer } from '../servers/start.mjs'
import { whole } from '../tabulate.mjs'
import { roundMilliseconds } from './in-process.mjs'
import { loadProgram } from './load-program.mjs'

/** The share of the time from which on the load program is the limit. */
const BUSY = 0.9

export function onPort({ quick, beside }) {
  const load = new Load()
  return {
    name: 'on a port',
    title: 'Deliveries a second over TCP on loopback, MQTT 3.1.1, payloads of 64 bytes, all by the same load program.',
    rows: Object.keys(cases),
    columns: names(beside),
    format: whole,
    async measure(row, column) {
      const server = await startServer(column, beside)
      try {
        const { rate, busy } = await askChild(loadProgram, column, [
          'deliver',
          server.port,
          row,
          roundMilliseconds(quick),
        ])
        load.add(busy, row, column)
        return rate
      } finally {
        server.end()
      }
    },
    note: () => load.text,
    goal: (_, figures) => {
      const others = figures.slice(-peers().length).filter(figure => !Number.isNaN(figure))
      return { text: '≥ the best peer', reached: others.every(figure => figures[0] >= figure) }
    },
  }
}

/**
 * How busy the load program was. Where it never waits, its own speed is measured, and the broker
 * may be faster.
 */
class Load {
  #busiest = 0
  #limits = new Set()

  add(share, row, column) {
    this.#busiest = Math.max(this.#busiest, share)
    if (share > BUSY) this.#limits.add(`${row}, ${column}`)
  }

  get text() {
    if (this.#limits.size === 0) return `The load program was busy for ${percent(this.#busiest)} of the time, or less.`
    return `The load program was busy for more than ${percent(BUSY)} of the time, and so the limit, at: ${[...this.#limits].join('; ')}.`
  }
}

const percent = share => `${Math.round(100 * share)} %`
