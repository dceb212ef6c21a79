// `node scripts/planted-faults.mjs [name …]`: plants faults in a copy of the crate, one at a time.
// It prints the worlds that find each, random ones or small cases, and how long that took. It fails
// if one is not found. `WORLDS=n` is the number of random worlds, 2,000 by default.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './lib/command.mjs'
import { inRoot } from './lib/paths.mjs'
import { plantedFaults } from './lib/planted-faults.mjs'

const asked = process.argv.slice(2)
const chosen = plantedFaults.filter(({ name }) => asked.length === 0 || asked.some(text => name.includes(text)))
const copy = join(tmpdir(), `wasmqtt-planted-faults-${process.pid}`)

mkdirSync(copy)
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))
for (const part of ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'src', 'tests', 'bench', 'pkg/module']) {
  cpSync(inRoot(part), join(copy, part), { recursive: true })
}

/** Runs the simulator's tests in the copy. Returns the name of the first that fails, if any. */
async function find() {
  const built = await run('cargo', ['test', '--quiet', '--test', 'simulator', '--no-run'], { cwd: copy })
  if (built.code !== 0) throw new Error(`it does not compile:\n${built.output}`)
  let found
  const tests = ['test', '--test', 'simulator', '--', 'random', 'small', '--test-threads=2']
  const onLine = (line, stop) => {
    const failed = /^test simulator::(\S+) \.\.\. FAILED/.exec(line)
    if (!failed || found) return
    found = failed[1]
    stop()
  }
  const { code, output } = await run('cargo', tests, { cwd: copy, onLine, minutes: 5 })
  if (code !== 0 && !found) found = /panicked at/.test(output) ? 'a panic' : 'it does not end'
  return found
}

const clean = await find()
if (clean) throw new Error(`without a fault, ${clean} fails`)
let missed = 0
console.log('| fault | found by | seconds |\n|---|---|---|')
for (const { name, file, from, to } of chosen) {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${name}: ${file} has its text not once:\n${from}`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
  const start = Date.now()
  const found = await find()
  if (!found) missed += 1
  console.log(`| ${name} | ${found ?? '**nothing**'} | ${((Date.now() - start) / 1000).toFixed(0)} |`)
  writeFileSync(path, text)
}
console.log(`${chosen.length - missed} of ${chosen.length} found`)
process.exitCode = missed > 0 ? 1 : 0
