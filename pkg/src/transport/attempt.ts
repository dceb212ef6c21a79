import { nextTask } from '../util/next-task.js'

/**
 * Calls a method of a socket, which may be homemade. If it throws, or returns a promise that
 * rejects, `failed` is called in a task of its own, and the result is undefined.
 */
export function attempt<T>(call: () => T, failed: () => void): T | undefined {
  const fail = () => nextTask(failed)
  try {
    const result = call()
    if (typeof result === 'object' && result !== null && 'then' in result) Promise.resolve(result).catch(fail)
    return result
  } catch {
    fail()
    return undefined
  }
}
