/**
 * Runs the callback in a task of its own, after those that are due. Callbacks run in the order of
 * the calls.
 */
export const nextTask: (run: () => void) => void =
  // Read once, so that a test with fake timers does not stop a broker that it uses.
  typeof setImmediate === 'function' ? setImmediate : byChannel()

/** Tasks by a MessageChannel: browsers throttle nested timers, but not messages. */
function byChannel(): (run: () => void) => void {
  const due: (() => void)[] = []
  let port: MessagePort | undefined
  return run => {
    // Some imitations of a page have none.
    if (typeof MessageChannel !== 'function') {
      setTimeout(run)
      return
    }
    if (!port) {
      const channel = new MessageChannel()
      port = channel.port2
      channel.port1.onmessage = () => due.shift()?.()
    }
    due.push(run)
    port.postMessage(0)
  }
}
