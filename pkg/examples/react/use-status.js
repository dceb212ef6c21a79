import { useSyncExternalStore } from 'react'

/** Returns the client's status, and renders when it changes. */
export function useStatus(mqtt) {
  return useSyncExternalStore(
    changed => {
      mqtt.addEventListener('status', changed)
      return () => mqtt.removeEventListener('status', changed)
    },
    () => mqtt.status,
  )
}
