/**
 * Subscribes while the component is mounted, and anew if the filter, which a function returns,
 * changes.
 */
export function useSubscription(mqtt, filter, onMessage) {
  $effect(() => {
    const controller = new AbortController()
    const { signal } = controller
    mqtt.subscribe(filter(), { signal }, onMessage).catch(error => {
      if (!signal.aborted) reportError(error)
    })
    return () => controller.abort()
  })
}
