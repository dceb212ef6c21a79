/** Lateness above which a timer's host was stopped, in milliseconds. */
const LATE = 1_000
/** Longest grace, in milliseconds. */
const GRACE = 5_000

/**
 * Calls back after so many milliseconds. Returns the function that stops it.
 *
 * A host that was stopped, asleep or blocked, runs its timers before it reads its sockets. The
 * answer may wait there. So a timer that comes late gives one grace.
 */
export function limitTime(milliseconds: number, over: () => void): () => void {
  const due = performance.now() + milliseconds
  let timer = setTimeout(() => {
    if (performance.now() > due + LATE) timer = setTimeout(over, Math.min(milliseconds, GRACE))
    else over()
  }, milliseconds)
  return () => clearTimeout(timer)
}
