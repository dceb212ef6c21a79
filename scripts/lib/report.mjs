// Report of a run: each step's name while it runs, then its time and its counts. The totals come
// last.

import { run } from './command.mjs'
import { add, crates, none, withoutBars } from './counts.mjs'

const firstBeat = 2_000
const beat = 30_000

/** Failure of a step, told in one line. */
export class StepError extends Error {}

/**
 * Runner of steps, one after the other, which sums their counts.
 *
 * Other steps may need a step by its `name`. A step whose need failed is not run, and counts as
 * failed.
 */
export class Report {
  #failed = new Set()
  #totals = none()
  #verbose
  #out
  #live

  /** @param {{ verbose?: boolean, out?: NodeJS.WriteStream }} [options] */
  constructor({ verbose = false, out = process.stdout } = {}) {
    this.#verbose = verbose
    this.#out = out
    this.#live = Boolean(out.isTTY) && !process.env.CI
  }

  /** Returns the names of the steps that failed. */
  get failed() {
    return [...this.#failed]
  }

  get totals() {
    return this.#totals
  }

  /**
   * @param {string} name
   * @param {{ needs?: string[] }} options
   * @param {(step: Step) => Promise<{ passed?: number, failed?: number, skipped?: number, note?:
   * string } | void>} action Throws, or returns counts with `failed` above zero, if the step
   * failed. A set-up step returns no counts.
   */
  async step(name, { needs = [] }, action) {
    const unmet = needs.filter(need => this.#failed.has(need))
    const step = new Step(this.#verbose ? text => this.#out.write(text) : undefined)
    const started = performance.now()
    const stop = this.#beats(name, step, started)
    let result
    let problem
    try {
      if (unmet.length > 0) throw new StepError(`not run, since it needs: ${unmet.join(', ')}`)
      result = await action(step)
    } catch (error) {
      problem = error instanceof StepError ? error.message : error.stack
    } finally {
      stop()
    }
    const counts = { ...none(), ...result }
    if (problem) counts.failed ||= 1
    this.#totals = add(this.#totals, counts)
    if (counts.failed > 0) this.#failed.add(name)
    this.#line(`${counts.failed > 0 ? '✘' : '✔'} ${name}${tell(counts, result?.note)} (${duration(started)})`)
    if (problem) this.#line(indent(problem))
    if (counts.failed > 0 && !this.#verbose && step.output) this.#line(indent(withoutBars(step.output)))
    return counts.failed === 0
  }

  /** Prints the totals on one plain line, and returns the exit code. */
  close() {
    const { passed, failed, skipped } = this.#totals
    if (this.#failed.size > 0) this.#line(`Failed: ${this.failed.join(', ')}`)
    this.#line(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    return failed === 0 && passed > 0 ? 0 : 1
  }

  /**
   * Reports that a step runs. A terminal shows one line that is rewritten; a log gets a line now
   * and then.
   */
  #beats(name, step, started) {
    const tick = () => {
      const text = `… ${name}${step.progress ? `: ${step.progress}` : ''} (${duration(started)})`
      if (this.#live) this.#out.write(`\r\u001b[2K${text.slice(0, (this.#out.columns || 80) - 1)}`)
      else this.#out.write(`${text}\n`)
    }
    if (this.#verbose) {
      this.#out.write(`… ${name}\n`)
      return () => {}
    }
    if (this.#live) {
      tick()
      const timer = setInterval(tick, 500)
      return () => clearInterval(timer)
    }
    let timer = setTimeout(() => {
      tick()
      timer = setInterval(tick, beat)
    }, firstBeat)
    // One call clears either kind.
    return () => clearTimeout(timer)
  }

  #line(text) {
    this.#out.write(`${this.#live ? '\r\u001b[2K' : ''}${text}\n`)
  }
}

/** Step, as its action sees it: it runs programs whose output belongs to the step. */
class Step {
  output = ''
  progress = ''
  #echo

  constructor(echo) {
    this.#echo = echo
  }

  /** Adds to the output that is shown if the step fails. */
  log(text) {
    this.output += text
    this.#echo?.(withoutBars(text))
  }

  /**
   * Runs a program, which may fail. `progress` returns the text to report for a line of its output.
   */
  async try(program, args, { env, progress, onLine, ...options } = {}) {
    const header = `$ ${[program, ...args].join(' ')}\n`
    this.log(header)
    const result = await run(program, args, {
      ...options,
      env: { ...machineReadable, ...env },
      onLine: (line, stop) => {
        this.progress = crates(line) ?? progress?.(line) ?? this.progress
        onLine?.(line, stop)
      },
    })
    this.log(result.output.endsWith('\n') || !result.output ? result.output : `${result.output}\n`)
    if (result.problem) this.log(`${program} ${result.problem}\n`)
    return result
  }

  /** Runs a program that must succeed, and returns its output. */
  async exec(program, args, options) {
    const { code, output, problem } = await this.try(program, args, options)
    if (code !== 0) throw new StepError(`${program} ${problem ?? `failed with exit code ${code}`}`)
    return output
  }

  /** Runs a program that counts as one check. */
  async check(program, args, options) {
    await this.exec(program, args, options)
    return { passed: 1 }
  }

  /**
   * Runs a test runner, whose counts `read` finds in its output. A runner without a test has
   * failed.
   */
  async tests(read, program, args, options) {
    const { code, output } = await this.try(program, args, options)
    return judged(code, readOr(read, output))
  }
}

// cargo draws its bars even into a pipe, so that their numbers can be reported. No program uses
// colours.
const machineReadable = {
  CARGO_TERM_COLOR: 'never',
  CARGO_TERM_PROGRESS_WHEN: 'always',
  CARGO_TERM_PROGRESS_WIDTH: '100',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
}

function readOr(read, output) {
  try {
    return read(output)
  } catch (error) {
    throw new StepError(`its totals cannot be read: ${error.message}`)
  }
}

/**
 * Returns the counts of a runner that ended with `code`. Neither silence nor a bad exit code
 * passes.
 */
export function judged(code, counts) {
  if (code !== 0 && counts.failed === 0) return { ...counts, failed: 1, note: `exit code ${code}` }
  if (counts.passed + counts.failed === 0) return { ...counts, failed: 1, note: 'ran no test' }
  return counts
}

function tell({ passed, failed, skipped }, note) {
  const parts = []
  if (passed + failed > 1) parts.push(`${passed} passed`)
  if (failed > 0 && passed + failed > 1) parts.push(`${failed} failed`)
  if (skipped > 0) parts.push(`${skipped} skipped`)
  if (note) parts.push(note)
  return parts.length > 0 ? `: ${parts.join(', ')}` : ''
}

function duration(started) {
  const seconds = (performance.now() - started) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

const indent = text => text.trimEnd().replace(/^/gm, '    ')
