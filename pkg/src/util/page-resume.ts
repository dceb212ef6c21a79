/**
 * Calls back when a page is resumed, since browsers throttle its timers meanwhile. Returns the
 * function that stops it.
 */
export function onPageResume(wake: () => void): () => void {
  const controller = new AbortController()
  const { signal } = controller
  // Node has neither; a worker has no document.
  globalThis.document?.addEventListener('visibilitychange', wake, { signal })
  globalThis.addEventListener?.('online', wake, { signal })
  globalThis.addEventListener?.('pageshow', wake, { signal })
  return () => controller.abort()
}
