// Inputs of an attempt to connect: its URL, the credentials and a socket.

import { ConnectError } from '../util/errors.js'
import { optionError } from '../util/validate.js'
import { loadPart } from '../wasm/lazy-part.js'
import type { WebSocketLike } from '../wasm/websocket-like.js'
import { type CoreCredentials, readCredentials, type Settings } from './options.js'
import { LINK, type Linkable, type Servers, shownUrl } from './target.js'

/**
 * Returns the URL to connect to: the one of a list, or the one that the broker named at the URL
 * `from`. Returns undefined for a broker in the page. @internal
 */
export async function serverUrl(
  target: Linkable | Servers,
  listed: number,
  reference: string | undefined,
  from: string | undefined,
): Promise<string | undefined> {
  if (reference === undefined) return LINK in target ? undefined : await target.url(listed)
  const { referenceUrl } = await loadPart(import('./lazy-redirects.js'))
  return referenceUrl(reference, from, ConnectError)
}

/** Asks for the credentials, and checks them. Rejects with a ConnectError. @internal */
export async function askCredentials({ credentials, version }: Settings): Promise<CoreCredentials> {
  let given: unknown
  try {
    given = await credentials()
  } catch (cause) {
    throw new ConnectError(`the credentials could not be obtained: ${cause}`, { cause })
  }
  return readCredentials(given, version)
}

/** Creates the WebSocket. Rejects with a ConnectError or an OptionError. @internal */
export async function createSocket({ createWebSocket }: Settings, url: string): Promise<WebSocketLike> {
  let socket: WebSocketLike
  try {
    socket = await createWebSocket(url, ['mqtt'])
  } catch (cause) {
    const details = { phase: 'opening', url: shownUrl(url), cause } as const
    throw new ConnectError(`the WebSocket could not be created: ${cause}`, details)
  }
  if (typeof socket?.send !== 'function') throw optionError('createWebSocket()', socket, 'it must return a WebSocket')
  return socket
}
