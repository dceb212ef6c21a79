// Measures the broker beside others: `npm run bench -- broker`, or with arguments
// `npm run bench -- broker --quick`.
import { writeFileSync } from 'node:fs'
import { readOptions } from '../../scripts/lib/options.mjs'
import { machine } from '../lib/table.mjs'
import { idle } from './sections/idle.mjs'
import { inProcess } from './sections/in-process.mjs'
import { onPort } from './sections/on-port.mjs'
import { retainedInProcess, retainedOnPort } from './sections/retained.mjs'
import { roundTrip } from './sections/round-trip.mjs'
import { showRouter } from './sections/router.mjs'
import { tabulate } from './tabulate.mjs'

const usage = `npm run bench -- broker [--runs N] [--only TEXT] [--quick] [--json FILE] [--beside DIR]

  --runs N     the median of N runs; 3
  --only TEXT  the tables, or else the rows, whose name has the text
  --quick      one run, short and small: whether everything works, and no figures to keep
  --json FILE  all figures of all runs
  --beside DIR another checkout, built: its broker is measured in the same run`

const { runs, only, quick, json, beside } = readOptions(
  {
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    beside: { type: 'string' },
  },
  usage,
)
const settings = { runs: quick ? 1 : Number(runs), only, quick }
const tables = [inProcess, onPort, roundTrip, idle, retainedInProcess, retainedOnPort]
const results = {}

const count = settings.runs > 1 ? `The median of ${settings.runs} runs` : 'One run'
console.log(`${machine()} ${count}, each in fresh processes.`)
for (const make of tables) {
  const table = await make({ quick, beside })
  try {
    Object.assign(results, await tabulate(table, settings))
  } finally {
    table.close?.()
  }
}
const withRouter = 'router'.includes(only) && !quick
if (withRouter) await showRouter()
if (Object.keys(results).length === 0 && !withRouter) {
  console.error(`Nothing is named ${only}.`)
  process.exitCode = 2
}
if (json) writeFileSync(json, `${JSON.stringify({ machine: machine(), results }, null, 2)}\n`)
