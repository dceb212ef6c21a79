import { OptionError } from '../util/errors.js'
import { optionError } from '../util/validate.js'
import { NodeStreamTransport } from './node-stream.js'
import type { NodeStreamLike, PageWebSocketLike, WsLike } from './socket-types.js'
import type { Transport } from './transport.js'
import { isWs, WebSocketTransport } from './websocket.js'

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
  if (
    hasAll(socket, 'send', 'close') &&
    'readyState' in socket &&
    (isWs(socket) || hasAll(socket, 'addEventListener'))
  ) {
    return (socket.readyState as number) > OPEN
      ? undefined
      : new WebSocketTransport(socket as WsLike | PageWebSocketLike)
  }
  if (!hasAll(socket, 'on', 'write', 'end', 'destroy', 'pause', 'resume')) throw optionError('socket', socket, right)
  const { readableEncoding, destroyed } = socket as { readableEncoding?: unknown; destroyed?: unknown }
  if (readableEncoding) {
    const message = `socket reads text (${readableEncoding}), and MQTT needs bytes; remove its setEncoding()`
    throw new OptionError('socket', socket, message)
  }
  return destroyed ? undefined : new NodeStreamTransport(socket as NodeStreamLike)
}

const OPEN = 1

function hasAll(object: object, ...names: string[]): boolean {
  return names.every(name => typeof (object as Record<string, unknown>)[name] === 'function')
}
