import { optionError } from '../util/validate.js'
import type { BrokerGlue, LinkableCore } from '../wasm/interface.js'
import type { Engine } from '../wasm/loader.js'

/** The name under which a broker lets clients in. */
export const LINK = Symbol('wasmqtt.link')

/** The way to a broker in the page. */
export interface BrokerLink {
  /** Both ends must be of one module. */
  readonly engine: Engine<BrokerGlue>
  /** Throws if the broker is closed. */
  link(client: LinkableCore): void
}

/** A broker in the page. A symbol and not a class tells it, so that the client does not carry the broker. */
export interface Linkable {
  /** Rejects if the broker is closed. */
  [LINK](): Promise<BrokerLink>
}

/** The broker, or the URL of one. Throws an OptionError. */
export function readTarget(to: unknown): Linkable | string {
  if (typeof to === 'object' && to !== null && LINK in to) return to as Linkable
  if (typeof to !== 'string' && !(to instanceof URL)) {
    throw optionError('url', to, 'it must be a WebSocket URL such as wss://broker.example/mqtt, or a Broker')
  }
  return readUrl(String(to))
}

function readUrl(text: string): string {
  const right = 'it must be a WebSocket URL such as wss://broker.example/mqtt'
  const url = parse(text) ?? relative(text)
  if (!url || !/^wss?:$/.test(url.protocol) || !url.host) throw optionError('url', text, right)
  if (url.hash) throw optionError('url', text, 'a WebSocket URL has no #fragment')
  return url.href
}

/** As a WebSocket of the page would understand it. */
function relative(text: string): URL | undefined {
  // What begins otherwise is more likely a host whose ws:// was forgotten.
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
