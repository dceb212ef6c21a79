// Measures the longest wait of a ping beside hostile inputs: `npm run bench -- hostile`, or with a
// part of a row's name `npm run bench -- hostile wills`.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

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
