/**
 * Calls back with true when a page is resumed or its network is back, and with false when the
 * network is lost. Browsers throttle the timers of a hidden page, and stop those of a frozen one.
 * Returns the function that stops it.
 */
export function onPageResume(wake: (online: boolean) => void): () => void {
  const controller = new AbortController()
  const { signal } = controller
  const { document } = globalThis
  const back = () => wake(true)
  // Node has neither; a worker has no document.
  document?.addEventListener('visibilitychange', () => document.visibilityState !== 'hidden' && back(), { signal })
  document?.addEventListener('resume', back, { signal })
  globalThis.addEventListener?.('online', back, { signal })
  globalThis.addEventListener?.('offline', () => wake(false), { signal })
  // A page that loads has it too, with nothing to wake.
  globalThis.addEventListener?.('pageshow', event => event.persisted !== false && back(), { signal })
  return () => controller.abort()
}
