import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** What stands in a lock: a process, when it began, where its number means that process, and what no other lock has. */
const TOKEN = /^([1-9]\d*) (\S+) (\S+) (\S+)$/

/** The tokens of this copy of the module. */
const held = new Set<string>()

/** A token of this process, which {@link forget} ends. */
export function newToken(): string {
  const token = `${process.pid} ${startOf(process.pid)} ${place()} ${randomUUID()}`
  held.add(token)
  return token
}

export const forget = (token: string) => held.delete(token)

/** Who it is, in words. */
export function nameOf(token: string): string {
  const [, pid, , where] = TOKEN.exec(token) ?? []
  if (!where) return 'another'
  return where === place() ? `process ${pid}` : `process ${pid} of ${decodeURIComponent(where.split('/')[0] ?? '')}`
}

/** Whether the process of a token runs; undefined of one that cannot be looked up from here. */
export function isRunning(token: string): boolean | undefined {
  const [, pid, start, where] = TOKEN.exec(token) ?? []
  if (where !== place()) return undefined
  // Of this process it may be another thread's, or another copy's of this module; without a start it cannot be told from one
  // that had the same number earlier.
  if (Number(pid) === process.pid && start === '-') return held.has(token)
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // Another user's is there too.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  // Not another process that was given the same number later. Of other users' it may not be told.
  const now = startOf(Number(pid))
  return now === '-' || now === start
}

/** When a process began, where the system tells: Linux does, in the 22nd field, of which the second may have spaces. */
function startOf(pid: number): string {
  const fields = asked(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
    .replace(/^.*\) /s, '')
    .split(' ')
  return fields[19] ?? '-'
}

/**
 * Where the number of a process means one process: the host, its start (hosts may share a name), and the namespace of its
 * processes. In two containers each may be number 1.
 */
function place(): string {
  const boot = asked(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  return `${encodeURIComponent(hostname())}/${boot}/${asked(() => readlinkSync('/proc/self/ns/pid'))}`
}

/** What the system says, or `-`. */
function asked(ask: () => string): string {
  try {
    return ask()
  } catch {
    return '-'
  }
}
