import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Token in a lock: a process, its start, the scope of its number, and a unique part. */
const TOKEN = /^([1-9]\d*) (\S+) (\S+) (\S+)$/

/** Tokens of this copy of the module. */
const held = new Set<string>()

/** Returns a token of this process, until {@link forget} ends it. */
export function newToken(): string {
  const token = `${process.pid} ${startOf(process.pid)} ${place()} ${randomUUID()}`
  held.add(token)
  return token
}

export const forget = (token: string) => held.delete(token)

/** Returns the holder's name, for people. */
export function nameOf(token: string): string {
  const [, pid, , where] = TOKEN.exec(token) ?? []
  if (!where) return 'another'
  return where === place() ? `process ${pid}` : `process ${pid} of ${decodeURIComponent(where.split('/')[0] ?? '')}`
}

/** True if the process of a token runs; undefined if it cannot be looked up from here. */
export function isRunning(token: string): boolean | undefined {
  const [, pid, start, where] = TOKEN.exec(token) ?? []
  if (where !== place()) return undefined
  // In this process it may be another thread's or another copy's. Without a start it may be of an
  // earlier process.
  if (Number(pid) === process.pid && start === '-') return held.has(token)
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // A process of another user runs too.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  // A later process may have the same number. The start of other users' processes may be hidden.
  const now = startOf(Number(pid))
  return now === '-' || now === start
}

/**
 * Returns the start of a process where the system tells it. Linux has it in the 22nd field, of
 * which the second may have spaces.
 */
function startOf(pid: number): string {
  const fields = asked(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
    .replace(/^.*\) /s, '')
    .split(' ')
  return fields[19] ?? '-'
}

/**
 * Returns the scope of a process number: the host, its boot (hosts may share a name), and the PID
 * namespace. Two containers may each have a process 1.
 */
function place(): string {
  const boot = asked(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  return `${encodeURIComponent(hostname())}/${boot}/${asked(() => readlinkSync('/proc/self/ns/pid'))}`
}

/** Returns the system's answer, or `-`. */
function asked(ask: () => string): string {
  try {
    return ask()
  } catch {
    return '-'
  }
}
