/** Reports an error as uncaught: a handler's, or a bug of this package. */
export function reportUncaught(error: unknown): void {
  if (typeof reportError === 'function') reportError(error)
  else console.error(error)
}
