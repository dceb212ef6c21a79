import { toValue, watch } from 'vue'

/** Subscribes while the component is mounted; anew if the filter changes, which may be a ref. */
export function useSubscription(mqtt, filter, onMessage) {
  watch(
    () => toValue(filter),
    (filter, _, onCleanup) => {
      const controller = new AbortController()
      const { signal } = controller
      // It is also called when the component is unmounted.
      onCleanup(() => controller.abort())
      mqtt.subscribe(filter, { signal }, onMessage).catch(error => {
        if (!signal.aborted) reportError(error)
      })
    },
    { immediate: true },
  )
}
