// The memory that a broker's process takes with many connections that do nothing.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { Child } from '../../lib/child.mjs'
import { names, startServer } from '../servers/start.mjs'
import { loadProgram } from './load-program.mjs'

const CONNECTIONS = 10_000
const GOAL = 200e6
/** Milliseconds in which what connecting left behind is collected. */
const SETTLE = 2_000
/** Files that a process has open besides its connections, at the most. */
const SPARE_FILES = 100

export function idle({ quick, beside }) {
  const wanted = quick ? 200 : CONNECTIONS
  // Node raises its own limit as far as it may, and its children have it.
  const files = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || Number.POSITIVE_INFINITY
  const connections = Math.min(wanted, files - SPARE_FILES)
  const short = connections < wanted ? ` A process may have ${files} files open here, too few for ${CONNECTIONS}.` : ''
  const row = `${connections.toLocaleString('en')} connections`
  return {
    name: 'idle',
    title: `Resident memory of the broker's process in MB, before and with connections that do nothing.${short}`,
    rows: ['no connections', row],
    columns: names(beside),
    format: bytes => (bytes / 1e6).toFixed(1),
    measure: (name, column) => measure(column, name === row ? connections : 0, quick ? 100 : SETTLE, beside),
    // Fewer connections do not tell it, since most of the memory is Node's own.
    goal: (name, [ours]) =>
      name === row && connections === CONNECTIONS ? { text: `< ${GOAL / 1e6}`, reached: ours < GOAL } : undefined,
  }
}

async function measure(name, connections, settle, beside) {
  const server = await startServer(name, beside)
  const load = new Child(loadProgram, name)
  try {
    await load.ask(['connectIdle', server.port, connections], 120)
    await new Promise(resolve => setTimeout(resolve, settle))
    return residentBytes(server.pid)
  } finally {
    load.end()
    server.end()
  }
}

/** The resident memory of a process. */
function residentBytes(pid) {
  const file = `/proc/${pid}/status`
  const kilobytes = existsSync(file)
    ? /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
  return Number(kilobytes) * 1024
}
