// `node scripts/planted-faults.mjs [name …]`: plants faults in a copy of the crate, and sees that
// worlds find each of them.
//
// One build has all faults, and each run one of them. It prints the worlds that find a fault,
// random ones or small cases, and how long that took. It fails if one is not found. `WORLDS=n` is
// the number of random worlds, 2,000 by default.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './lib/command.mjs'
import { inRoot } from './lib/paths.mjs'
import { plant, plantedFaults, plantedModule } from './lib/planted-faults.mjs'

const asked = process.argv.slice(2)
const copy = join(tmpdir(), `wasmqtt-planted-faults-${process.pid}`)

mkdirSync(copy)
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))
for (const part of ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'src', 'tests', 'bench', 'pkg/module']) {
  cpSync(inRoot(part), join(copy, part), { recursive: true })
}
const change = (file, by) => writeFileSync(join(copy, file), by(readFileSync(join(copy, file), 'utf8')))
for (const [index, { file }] of plantedFaults.entries()) change(file, text => plant(text, index + 1))
change('src/lib.rs', text => `${text}mod planted;\n`)
writeFileSync(join(copy, 'src', 'planted.rs'), plantedModule)

/** In this folder its dependencies are built already. */
const env = { CARGO_TARGET_DIR: inRoot('target') }

/** Runs the simulator's tests with a fault. Returns the name of the first that fails, if any. */
async function find(number) {
  let found
  const tests = ['test', '--test', 'simulator', '--', 'random', 'small', '--test-threads=2']
  const onLine = (line, stop) => {
    const failed = /^test simulator::(\S+) \.\.\. FAILED/.exec(line)
    if (!failed || found) return
    found = failed[1]
    stop()
  }
  const { code, output } = await run('cargo', tests, {
    cwd: copy,
    env: { ...env, PLANTED_FAULT: `${number}` },
    onLine,
    // A machine that does other work is slow.
    minutes: 15,
  })
  if (code !== 0 && !found) found = /panicked at/.test(output) ? 'a panic' : 'it does not end'
  return found
}

const built = await run('cargo', ['test', '--quiet', '--test', 'simulator', '--no-run'], { cwd: copy, env })
if (built.code !== 0) throw new Error(`it does not compile:\n${built.output}`)
const clean = await find(0)
if (clean) throw new Error(`without a fault, ${clean} fails`)
let [chosen, missed] = [0, 0]
console.log('| fault | found by | seconds |\n|---|---|---|')
for (const [index, { name }] of plantedFaults.entries()) {
  if (asked.length > 0 && !asked.some(text => name.includes(text))) continue
  chosen += 1
  const start = Date.now()
  const found = await find(index + 1)
  if (!found) missed += 1
  console.log(`| ${name} | ${found ?? '**nothing**'} | ${((Date.now() - start) / 1000).toFixed(1)} |`)
}
console.log(`${chosen - missed} of ${chosen} found`)
process.exitCode = missed > 0 ? 1 : 0
