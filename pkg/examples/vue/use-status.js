import { onUnmounted, shallowRef } from 'vue'

/** Returns a ref of the client's status. */
export function useStatus(mqtt) {
  const status = shallowRef(mqtt.status)
  const changed = () => {
    status.value = mqtt.status
  }
  mqtt.addEventListener('status', changed)
  onUnmounted(() => mqtt.removeEventListener('status', changed))
  return status
}
