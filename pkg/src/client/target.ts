import { optionError } from '../util/validate.js'
import type { BrokerGlue, LinkableCore } from '../wasm/interface.js'
import type { Engine } from '../wasm/loader.js'

/** Name of the method by which a broker links clients. */
export const LINK = Symbol('wasmqtt.link')

/** Link to a broker in the page. */
export interface BrokerLink {
  /** The broker's module. Both ends must be in one. */
  readonly engine: Engine<BrokerGlue>
  /** Throws if the broker is closed. */
  link(client: LinkableCore, attempt: number): void
}

/**
 * A broker in the page, known by a symbol instead of a class, so that the client's bundle has no
 * broker.
 */
export interface Linkable {
  /** Rejects if the broker is closed. */
  [LINK](): Promise<BrokerLink>
}

/** Checked address. @internal */
export interface Servers {
  readonly count: number
  /**
   * Returns the URL of a server. Rejects with an OptionError if a function returned a wrong one.
   */
  url(index: number): string | Promise<string>
}

/** Checks the target of a client: a broker, or an address. Throws an OptionError. */
export function readTarget(to: unknown): Linkable | Servers {
  if (typeof to === 'object' && to !== null && LINK in to) return to as Linkable
  if (typeof to === 'function') return { count: 1, url: async () => readUrl(await to()) }
  const urls = (Array.isArray(to) ? to : [to]).map(readUrl)
  if (urls.length === 0) throw optionError('url', to, 'it must have at least one URL')
  return { count: urls.length, url: index => urls[index] as string }
}

/** Returns the URL without its secrets, for errors. @internal */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

function readUrl(to: unknown): string {
  const right = 'it must be a WebSocket URL such as wss://broker.example/mqtt'
  if (typeof to !== 'string' && !(to instanceof URL)) throw optionError('url', to, `${right}, or a Broker`)
  const text = String(to)
  const url = parse(text) ?? relative(text)
  if (!url || !/^wss?:$/.test(url.protocol) || !url.host) throw optionError('url', text, right)
  if (url.hash) throw optionError('url', text, 'a WebSocket URL has no #fragment')
  if (url.username || url.password)
    throw optionError('url', shownUrl(url.href), 'give the user name and password as the option credentials')
  return url.href
}

/** Resolves a relative URL as a page's WebSocket does. */
function relative(text: string): URL | undefined {
  // Any other beginning is more likely a host without its `ws://`.
  const url = /^[/.?]/.test(text) && globalThis.location ? parse(text, globalThis.location.href) : undefined
  if (url) url.protocol = url.protocol.replace(/^http/, 'ws')
  return url
}

function parse(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
