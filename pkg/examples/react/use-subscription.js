import { useEffect, useRef } from 'react'

/**
 * Subscribes while the component is mounted. A new `onMessage` at each render costs nothing; a new
 * client or filter subscribes anew.
 *
 * StrictMode mounts twice in development: the first subscription is aborted, and the second stays.
 */
export function useSubscription(mqtt, filter, onMessage) {
  const latest = useRef(onMessage)
  useEffect(() => {
    latest.current = onMessage
  })
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    mqtt
      .subscribe(filter, { signal }, message => latest.current(message))
      .catch(error => {
        if (!signal.aborted) reportError(error)
      })
    return () => controller.abort()
  }, [mqtt, filter])
}
