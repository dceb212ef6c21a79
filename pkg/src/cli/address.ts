import { UsageError } from './usage.js'

/** Address to listen on. */
export interface Address {
  readonly host: string
  readonly port: number
}

const right = 'it must be PORT or HOST:PORT, such as 1883, 127.0.0.1:1883 or [::1]:1883'

/**
 * Parses `[HOST:]PORT` of the command's `option`. The default host is the loopback. Throws a
 * UsageError.
 */
export function readAddress(text: string, option: string): Address {
  const match = /^(?:(?:\[(?<v6>[0-9a-f:.]+(?:%\w+)?)\]|(?<name>[^:[\]/\s]*)):)?(?<port>\d{1,5})$/i.exec(text)
  const { v6, name, port } = match?.groups ?? {}
  if (port === undefined || Number(port) > 65_535)
    throw new UsageError(`${option} is ${JSON.stringify(text)}; ${right}`)
  return { host: v6 || name || '127.0.0.1', port: Number(port) }
}

/** Formats an address as in a URL: an IPv6 address is in brackets. */
export function showAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
