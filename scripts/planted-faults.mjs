// `node scripts/planted-faults.mjs [name …]`: plants faults in a copy of the crate, and sees that
// worlds find each of them.
//
// One build has all faults, and each run one of them. It prints what finds a fault: a guarantee,
// after so many random worlds, or another test. It fails if one is not found. `WORLDS=n` is the
// number of random worlds, 300 by default.
import { availableParallelism } from 'node:os'
import { run } from './lib/command.mjs'
import { buildWithFaults } from './lib/faulty-crate.mjs'
import { plantedFaults } from './lib/planted-faults.mjs'

/** Tests that find what random worlds rarely come to. */
const others = ['expiry', 'small']

const asked = process.argv.slice(2)
const worlds = process.env.WORLDS ?? '300'
const chosen = plantedFaults
  .map(({ name }, index) => ({ name, number: index + 1 }))
  .filter(({ name }) => asked.length === 0 || asked.some(text => name.includes(text)))

const program = await buildWithFaults()
// A few show that no fault is there by itself. The crate's own tests run more.
const clean = await findAtRandom(0, 20)
if (clean) throw new Error(`without a fault: ${clean.by}`)
console.log('| fault | found by | worlds | seconds |\n|---|---|---|---|')
const queue = chosen.values()
const found = await Promise.all(Array.from({ length: availableParallelism() }, () => searchAll(queue)))
const count = found.flat().filter(Boolean).length
console.log(`${count} of ${chosen.length} found`)
process.exitCode = count < chosen.length ? 1 : 0

/** Searches the faults that no other search has taken. */
async function searchAll(faults) {
  const all = []
  for (const { name, number } of faults) {
    const start = performance.now()
    const one = (await findAtRandom(number)) ?? (await findElsewhere(number))
    const seconds = ((performance.now() - start) / 1_000).toFixed(1)
    console.log(`| ${name} | ${one?.by ?? '**nothing**'} | ${one?.worlds ?? ''} | ${seconds} |`)
    all.push(one)
  }
  return all
}

/** Runs random worlds with a fault, up to the first that fails. */
async function findAtRandom(number, most = worlds) {
  let found
  const result = await test(number, most, ['random_worlds', '--nocapture'], (line, stop) => {
    const failed = /^seed (\d+): ([^:]+)/.exec(line)
    if (!failed || found) return
    found = { by: failed[2], worlds: +failed[1] + 1 }
    stop()
  })
  return found ?? ended(result)
}

/** Runs the other tests with a fault, up to the first that fails. */
async function findElsewhere(number) {
  let found
  const result = await test(number, worlds, others, (line, stop) => {
    const failed = /^test simulator::(\w+)::\S+ \.\.\. FAILED/.exec(line)
    if (!failed || found) return
    found = { by: `the tests \`${failed[1]}\`` }
    stop()
  })
  return found ?? ended(result)
}

function test(number, most, args, onLine) {
  return run(program, [...args, '--test-threads=1'], {
    env: { PLANTED_FAULT: `${number}`, WORLDS: `${most}` },
    onLine,
    // A machine that does other work is slow.
    minutes: 15,
  })
}

/** Returns what ended a test in which no guarantee was broken, if something did. */
function ended({ code, output }) {
  if (code === 0) return undefined
  return { by: output.includes('panicked at') ? 'a panic of the core' : 'it does not end' }
}
