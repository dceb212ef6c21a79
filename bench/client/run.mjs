// Measures the client beside others: `npm run bench`, or with arguments
// `npm run bench -- client --quick`.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runInPage } from '../lib/page.mjs'
import { peers } from '../lib/peers.mjs'
import { serve } from '../lib/site.mjs'
import { machine, median, print } from '../lib/table.mjs'
import { longRuns, modules } from './long-run.mjs'
import { sizes } from './sizes.mjs'

/** The column of the other checkout's client. */
const BESIDE = 'beside'
const clients = ['wasmqtt', 'by-hand', 'mqttjs', 'paho', ...peers]
/** Goals of wasmqtt, as multiples of the hand-written client's rate. */
const goals = {
  'receive 64 B': 1.0,
  'receive 64 B, fifty a frame': 1.0,
  'receive 16 KiB': 0.8,
  'receive QoS 1': 1.0,
  'send QoS 0': 1.3,
  'send QoS 1, 64 in flight': 1.0,
}

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    client: { type: 'string', multiple: true, default: clients },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    // Another checkout, built: its client is measured in the same run.
    beside: { type: 'string' },
  },
})
const runs = options.quick ? 1 : Number(options.runs)
const scale = options.quick ? 0.25 : 1
const OVER_TIME = 'over time'
const isWanted = name => !options.only || name.includes(options.only)
const cases = Object.keys(goals).filter(isWanted)
if (cases.length === 0 && !isWanted(OVER_TIME)) {
  console.error(`No case is named ${options.only}; there are: ${[...Object.keys(goals), OVER_TIME].join('; ')}`)
  process.exit(2)
}

const parts = clients.map(client => ({ [client]: entry(client), ...modules(client) }))
const site = await serve(Object.assign({}, ...parts), import.meta.dirname)
const other =
  options.beside && (await serve({ [BESIDE]: entry('wasmqtt') }, resolve(options.beside, 'bench', 'client')))
if (other) options.client = [options.client[0], BESIDE, ...options.client.slice(1)]
const rates = {}
try {
  await sizesTable()
  // Client after client, again and again: the machine's moods fall on all of them.
  for (let run = 1; run <= runs; run++) {
    for (const name of cases) {
      for (const client of options.client) {
        const rate = await runInPage(client === BESIDE ? other : site, client, [name, scale]).catch(error =>
          unmeasured(client, error),
        )
        rates[name] ??= {}
        rates[name][client] ??= []
        rates[name][client].push(rate)
        console.error(`run ${run} of ${runs}: ${name}, ${client}: ${Math.round(rate).toLocaleString('en')} messages/s`)
      }
    }
  }
  const measured = options.client.filter(client => client !== BESIDE)
  if (isWanted(OVER_TIME) && !(await longRuns(site, measured, options.quick))) process.exitCode = 1
} finally {
  site.close()
  other?.close()
}
if (cases.length > 0) ratesTable()
if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine: machine(), rates }, null, 2)}\n`)

/** The module that measures a client. */
function entry(client) {
  return `
    import { measure } from './cases.js'
    import { connect } from './clients/${client}.js'
    export const run = (name, scale) => measure(connect, name, scale)
  `
}

/** Another client that fails leaves a gap in the table; ours ends the run. */
function unmeasured(client, error) {
  if (client === 'wasmqtt') throw error
  console.error(String(error))
  return Number.NaN
}

function ratesTable() {
  console.log(
    `\nMessages a second, the median of ${runs}; in brackets against the client written by hand. ${machine()}\n`,
  )
  const header = ['', ...options.client, 'goal for wasmqtt']
  const rows = cases.map(name => {
    const yardstick = median(rates[name]['by-hand'] ?? [Number.NaN])
    const cells = options.client.map(client => {
      const rate = median(rates[name][client])
      if (Number.isNaN(rate)) return 'no end'
      const ratio = Number.isNaN(yardstick) ? '' : ` (${(rate / yardstick).toFixed(2)})`
      return `${Math.round(rate).toLocaleString('en')}${ratio}`
    })
    const ratio = median(rates[name].wasmqtt ?? [Number.NaN]) / yardstick
    const verdict = Number.isNaN(ratio) ? '' : ratio >= goals[name] ? ', reached' : ', NOT reached'
    return [name, ...cells, `${goals[name].toFixed(1)}${verdict}`]
  })
  print([header, ...rows])
}

async function sizesTable() {
  console.log('What a page downloads, bundled and minified, in bytes:\n')
  const rows = (await sizes()).map(({ name, gzip, brotli, goal }) => {
    const verdict =
      goal === undefined ? '' : `≤ ${goal.toLocaleString('en')}, ${gzip <= goal ? 'reached' : 'NOT reached'}`
    return [name, gzip.toLocaleString('en'), brotli.toLocaleString('en'), verdict]
  })
  print([['', 'gzip', 'brotli', 'goal'], ...rows])
  console.log()
}
