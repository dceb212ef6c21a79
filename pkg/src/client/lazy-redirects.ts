// Chunk that only clients load which a broker sends to another server.

import type { ConnectError } from '../util/errors.js'

/**
 * Returns the URL of a server that the broker named at the URL `from`. Throws a ConnectError, of
 * the class that is given, if it is no address.
 */
export function referenceUrl(reference: string, from: string | undefined, Failure: typeof ConnectError): string {
  const url = from && resolve(reference, from)
  if (url) return url
  throw new Failure(`the broker sends the client to ${JSON.stringify(reference)}, which cannot be connected to`)
}

function resolve(reference: string, from: string): string | undefined {
  const [name = ''] = reference.split(' ')
  const { protocol, pathname, search } = new URL(from)
  const url = parse(/^wss?:/.test(name) ? name : /[/?#@]/.test(name) ? '' : `${protocol}//${name}${pathname}${search}`)
  // Nobody may lead a client from an encrypted connection to one that is not.
  return url?.host && !url.username && !url.hash && (url.protocol === protocol || url.protocol === 'wss:')
    ? url.href
    : undefined
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
