// Measures the longest wait of a ping beside hostile inputs: `npm run bench -- hostile`, or with a
// part of a row's name `npm run bench -- hostile wills`. It runs natively, then in Node and in a
// page.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { askChild } from '../lib/child.mjs'
import { runInPage } from '../lib/page.mjs'
import { serve } from '../lib/site.mjs'
import { print } from '../lib/table.mjs'
import { ROWS } from './page/rows.js'

/** The goal: the longest wait of the ping in Node and in a page, in milliseconds. */
const WAIT_MAX = 50
/** Time limit of a row, in seconds. */
const SECONDS = 60

// Options of the other benchmarks mean nothing here.
const { positionals } = parseArgs({
  options: { runs: { type: 'string' }, quick: { type: 'boolean' }, beside: { type: 'string' } },
  allowPositionals: true,
  strict: false,
})
const { status } = spawnSync('cargo', ['bench', '--quiet', '--bench', 'hostile', '--', ...positionals], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1

const program = fileURLToPath(new URL('page/in-node.js', import.meta.url))
const folder = fileURLToPath(new URL('page/', import.meta.url))
const names = Object.keys(ROWS).filter(
  name => positionals.length === 0 || positionals.some(part => name.includes(part)),
)
const cells = ({ wait, memory }) => [
  `${wait.toFixed(1)}${wait > WAIT_MAX ? ' late' : ''}`,
  `${Math.ceil(memory / 1000)}`,
]

const rows = [['input', 'Node (ms)', 'memory (KB)', 'page (ms)', 'memory (KB)']]
const site = await serve({ rows: "export { run } from './rows.js'" }, folder)
try {
  for (const name of names) {
    const inNode = await askChild(program, name, name, SECONDS)
    const inPage = await runInPage(site, 'rows', [name], SECONDS)
    if (Math.max(inNode.wait, inPage.wait) > WAIT_MAX) process.exitCode = 1
    rows.push([name, ...cells(inNode), ...cells(inPage)])
  }
} finally {
  site.close()
}
if (names.length > 0) {
  console.log()
  print(rows)
  console.log(`\nThe goal is ${WAIT_MAX} ms. It is processor time in Node, and time in a page.`)
}
