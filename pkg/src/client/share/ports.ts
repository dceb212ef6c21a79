import type { Step } from './protocol.js'

/** Way to the other side: a hub's to a tab, or a tab's to its hub. */
export interface Port {
  /** Steps go together, in a microtask. */
  push(step: Step): void
  /** Sends at once what was pushed. */
  flush(): void
}

/** Returns a port that hands its steps to `send`. */
export function port(send: (steps: readonly Step[]) => void): Port {
  let steps: Step[] = []
  const flush = () => {
    const all = steps
    steps = []
    if (all.length > 0) send(all)
  }
  return {
    push(step) {
      if (steps.push(step) === 1) queueMicrotask(flush)
    },
    flush,
  }
}

/** Returns bytes that take nothing else of their buffer along when they are copied. */
export function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}
