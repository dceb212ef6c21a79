/** Runs the callback in a turn of its own, behind what is due now. They run in the order in which they are given. */
export const nextTask: (run: () => void) => void =
  // Taken now, so that a test that sets the clock by hand does not stop a broker that it uses.
  typeof setImmediate === 'function' ? setImmediate : byChannel()

/** A page's timers are held back where they follow each other, its messages are not. */
function byChannel(): (run: () => void) => void {
  const due: (() => void)[] = []
  let port: MessagePort | undefined
  return run => {
    if (!port) {
      const channel = new MessageChannel()
      port = channel.port2
      channel.port1.onmessage = () => due.shift()?.()
    }
    due.push(run)
    port.postMessage(0)
  }
}
