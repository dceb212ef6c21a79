/**
 * Calls back with true when a page is resumed or its network is back, and with false when the
 * network is lost. Browsers throttle the timers of a hidden page, and stop those of a frozen one.
 * Returns the function that stops it.
 */
export function onPageResume(wake: (online: boolean) => void): () => void {
  const controller = new AbortController()
  const { signal } = controller
  const { document } = globalThis
  // Node has neither; a worker has no document.
  const listen = (target: Partial<EventTarget> | undefined, type: string, run: (event: Event) => void) =>
    target?.addEventListener?.(type, run, { signal })
  const back = () => wake(true)
  listen(document, 'visibilitychange', () => document.visibilityState !== 'hidden' && back())
  listen(document, 'resume', back)
  listen(globalThis, 'online', back)
  listen(globalThis, 'offline', () => wake(false))
  // A page that loads has it too, with nothing to wake.
  listen(globalThis, 'pageshow', event => (event as PageTransitionEvent).persisted !== false && back())
  return () => controller.abort()
}
