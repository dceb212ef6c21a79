// Round trips by a broker on a port, one message at a time: percentiles.
import { askChild } from '../../lib/child.mjs'
import { names, peers, startServer } from '../servers/start.mjs'
import { roundMilliseconds } from './in-process.mjs'
import { loadProgram } from './load-program.mjs'

/** The rows: each case with a percentile. */
const rows = ['QoS 0', 'QoS 1'].flatMap(qos => ['p50', 'p99'].map(percentile => `${qos}, one by one, ${percentile}`))

export function roundTrip({ quick, beside }) {
  /** Percentiles that were measured with another row's, by case and column. */
  const measured = new Map()
  return {
    name: 'round trip',
    title:
      'Microseconds of a round trip on the port, one message at a time: at QoS 0 until it has come, at QoS 1 until it is acknowledged.',
    rows,
    columns: names(beside),
    format: figure => figure.toFixed(0),
    async measure(row, column) {
      const [name, percentile] = [row.slice(0, -', p50'.length), row.slice(-'p50'.length)]
      const key = `${name}, ${column}`
      const trips = measured.get(key) ?? (await tripsOf(column, beside, name, quick))
      if (!measured.delete(key)) measured.set(key, trips)
      return trips[percentile]
    },
    goal: (_, figures) => {
      const others = figures.slice(-peers().length).filter(figure => !Number.isNaN(figure))
      return { text: '≤ the best peer', reached: others.every(figure => figures[0] <= figure) }
    },
  }
}

async function tripsOf(column, beside, name, quick) {
  const server = await startServer(column, beside)
  try {
    const { trips } = await askChild(loadProgram, column, ['deliver', server.port, name, roundMilliseconds(quick)])
    return trips
  } finally {
    server.end()
  }
}
