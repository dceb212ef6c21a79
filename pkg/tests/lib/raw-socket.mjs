// TCP sockets that the other side may reset. A refused connection ends with `end`, `close`, or an
// error such as ECONNRESET before it, by which of both sides is faster.
import { connect } from 'node:net'

/**
 * A socket that connects, and is destroyed after the test. Its errors are no failure; what a test
 * expects of one it asks for itself.
 */
export function dialTcp(t, { hostname, port, ...options }) {
  const socket = connect({ host: hostname.replace(/[[\]]/g, ''), port, ...options })
  t.after(() => socket.destroy())
  return socket.on('error', () => {})
}

/**
 * Resolves with the first of these events of a socket and its arguments, as `[name, ...arguments]`.
 * Unlike `once` of node:events, it does not reject at an error that comes before.
 */
export function firstOf(socket, ...names) {
  return new Promise(resolve => {
    const listeners = names.map(name => [name, (...values) => end([name, ...values])])
    const end = result => {
      for (const [name, listener] of listeners) socket.off(name, listener)
      socket.off('error', ignore)
      resolve(result)
    }
    socket.on('error', ignore)
    for (const [name, listener] of listeners) socket.on(name, listener)
  })
}

/** Resolves with the arguments of its close, whether it comes by an end or by a reset. */
export async function closed(socket) {
  const [, ...values] = await firstOf(socket, 'close')
  return values
}

function ignore() {}
