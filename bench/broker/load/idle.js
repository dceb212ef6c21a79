// Connections that do nothing.
import { dial } from './dial.js'

const AT_A_TIME = 50

/** Connects so many clients, which stay until the process ends. */
export async function connectIdle(port, connections) {
  let next = 0
  const lane = async () => {
    while (next < connections) await dial(port, `idle-${next++}`)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
}
