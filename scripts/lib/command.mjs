// Child process whose output is kept whole, that ends in time, and that does not outlive us.
import { spawn } from 'node:child_process'
import { root } from './paths.mjs'

const living = new Set()

/**
 * Runs a program to its end and never rejects.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, minutes?: number, onLine?:
 * (line: string, stop: () => void) => void }} [options] `env` is laid over our own environment;
 * `minutes` is the time after which the program and its children are ended; `onLine` sees each line
 * of output, and may end the program by `stop`.
 * @returns {Promise<{ code: number, output: string, problem?: string }>} `code` is -1 where the
 * program did not end by itself, and `problem`, said of the program, tells why.
 */
export function run(program, args, { cwd = root, env = {}, minutes = 20, onLine = () => {} } = {}) {
  return new Promise(resolve => {
    // A process group of its own, so that ending it ends the browsers and servers it started.
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    living.add(child)
    let problem
    let unfinished = ''
    const chunks = []
    const take = text => {
      chunks.push(text)
      const lines = (unfinished + text).split(/[\r\n]/)
      unfinished = lines.pop()
      for (const line of lines) onLine(line, () => end(child, 'SIGTERM'))
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
    const timer = setTimeout(() => {
      problem = `ended after ${minutes} minutes`
      end(child)
    }, minutes * 60_000)
    const finish = code => {
      clearTimeout(timer)
      living.delete(child)
      resolve({ code, output: chunks.join(''), problem })
    }
    child.on('error', error => {
      problem = error.code === 'ENOENT' ? 'is not installed' : error.message
      finish(-1)
    })
    child.on('close', (code, signal) => {
      if (signal) problem ??= `ended by ${signal}`
      finish(code ?? -1)
    })
  })
}

/** Returns the trimmed output of a program, or undefined if it is missing or fails. */
export async function outputOf(program, args, options) {
  const { code, output } = await run(program, args, { minutes: 1, ...options })
  return code === 0 ? output.trim() : undefined
}

function end(child, signal = 'SIGKILL') {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}

function endAll() {
  for (const child of living) end(child)
}

process.on('exit', endAll)
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => process.exit(code))
}
