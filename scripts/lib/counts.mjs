// Counts of the test runners: their last lines, read as numbers.

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {() => Counts} */
export const none = () => ({ passed: 0, failed: 0, skipped: 0 })

/** @type {(a: Counts, b: Counts) => Counts} */
export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

// biome-ignore lint/suspicious/noControlCharactersInRegex: it matches the escape character.
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g

/**
 * Returns the text as a file would show it: no colours, and of each rewritten line its last state.
 */
export const plain = text =>
  text
    .replace(escapes, '')
    .split('\n')
    .map(line => line.replace(/\r+$/, '').split('\r').at(-1))
    .join('\n')

/** Counts of `cargo test` and `wasm-pack test`: a `test result:` line for each binary, summed. */
export function cargo(output) {
  const line = /^\s*test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm
  return [...plain(output).matchAll(line)]
    .map(([, passed, failed, skipped]) => ({ passed: +passed, failed: +failed, skipped: +skipped }))
    .reduce(add, none())
}

/**
 * Counts of `node --test`, summed over runs: the last lines of its TAP (`# pass 3`) or spec
 * (`ℹ pass 3`) reporter.
 */
export function node(output) {
  const sum = word =>
    [...plain(output).matchAll(new RegExp(`^(?:#|ℹ) ${word} (\\d+)$`, 'gm'))].reduce((total, [, n]) => total + +n, 0)
  return { passed: sum('pass'), failed: sum('fail') + sum('cancelled'), skipped: sum('skipped') + sum('todo') }
}

/** Counts of `scripts/planted-faults.mjs`, whose last line has how many faults were found. */
export function plantedFaults(output) {
  const [, found, all] = /^(\d+) of (\d+) found$/m.exec(plain(output)) ?? [0, 0, 0]
  return { passed: +found, failed: all - found, skipped: 0 }
}

/** Counts of Playwright's JSON report. A test that passes only when tried again has not passed. */
export function playwright(report) {
  const { expected, unexpected, flaky, skipped } = JSON.parse(report).stats
  return { passed: expected, failed: unexpected + flaky, skipped }
}

/**
 * Progress of cargo's bar, `Building [==>   ] 12/34: thiserror`, as `12 of 34 crates`; undefined
 * for any other line.
 */
export function crates(line) {
  const found = /Building \[[=> ]*\] (\d+)\/(\d+)/.exec(line)
  return found ? `${found[1]} of ${found[2]} crates` : undefined
}

/** Returns the output without cargo's progress bars, for a person to read. */
export const withoutBars = output =>
  plain(output)
    .split('\n')
    .filter(line => crates(line) === undefined)
    .join('\n')
