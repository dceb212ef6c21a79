import { createSubscriber } from 'svelte/reactivity'

/** Returns a function that returns the client's status, for effects and templates. */
export function useStatus(mqtt) {
  const subscribe = createSubscriber(changed => {
    mqtt.addEventListener('status', changed)
    return () => mqtt.removeEventListener('status', changed)
  })
  return () => {
    subscribe()
    return mqtt.status
  }
}
