/** Tells an error of a handler, or of ours, as one that nobody caught. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error)
  else console.error(error)
}
