/** Calls back when a page comes back to life, since browsers hold timers back meanwhile. Gives what stops it. */
export function onPageResume(wake: () => void): () => void {
  const controller = new AbortController()
  const { signal } = controller
  // Neither is there in Node; a worker has no document.
  globalThis.document?.addEventListener('visibilitychange', wake, { signal })
  globalThis.addEventListener?.('online', wake, { signal })
  globalThis.addEventListener?.('pageshow', wake, { signal })
  return () => controller.abort()
}
