import { OptionError } from '../util/errors.js'
import { optionError } from '../util/validate.js'
import { NodeStreamTransport } from './node-stream.js'
import type { NodeStreamLike, PageWebSocketLike, WsLike } from './socket-types.js'
import type { Transport } from './transport.js'
import { isWs, WebSocketTransport } from './websocket.js'

/** Sockets that a broker was given. */
const given = new WeakSet<object>()

const right = 'it must be a WebSocket of the package ws or of a page, or a stream of Node such as a net.Socket'

/**
 * Returns the transport of a socket, or undefined if the socket is closed already. Throws an
 * OptionError.
 *
 * The kind of the socket is told by its shape, since it may be of another realm, another version,
 * or homemade.
 */
export function transportOf(socket: unknown): Transport | undefined {
  if (typeof socket !== 'object' || socket === null) throw optionError('socket', socket, right)
  const isWebSocket =
    hasAll(socket, 'send', 'close') && 'readyState' in socket && (isWs(socket) || hasAll(socket, 'addEventListener'))
  if (!isWebSocket) checkStream(socket)
  if (given.has(socket)) {
    const message = 'socket was given to a broker before, which reads its bytes; give each socket once'
    throw new OptionError('socket', socket, message)
  }
  given.add(socket)
  const { readyState, destroyed } = socket as { readyState?: number; destroyed?: boolean }
  if (isWebSocket) {
    return (readyState as number) > OPEN ? undefined : new WebSocketTransport(socket as WsLike | PageWebSocketLike)
  }
  return destroyed ? undefined : new NodeStreamTransport(socket as NodeStreamLike)
}

const OPEN = 1

/** Checks that it is a stream of bytes. Throws an OptionError. */
function checkStream(socket: object): void {
  if (!hasAll(socket, 'on', 'write', 'end', 'destroy', 'pause', 'resume')) throw optionError('socket', socket, right)
  const { readableEncoding } = socket as { readableEncoding?: unknown }
  if (!readableEncoding) return
  const message = `socket reads text (${readableEncoding}), and MQTT needs bytes; remove its setEncoding()`
  throw new OptionError('socket', socket, message)
}

function hasAll(object: object, ...names: string[]): boolean {
  return names.every(name => typeof (object as Record<string, unknown>)[name] === 'function')
}
