import { UsageError } from './usage.js'

/** Check of the header Origin of a WebSocket's request. */
export type OriginCheck = (origin: string | undefined) => boolean

const LOOPBACK = /^https?:\/\/(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/
const right = 'it must be an origin such as https://app.example or http://192.168.0.7:8080, or null, or *'

/**
 * Parses the origins of the command's `--ws-origin`. Throws a UsageError.
 *
 * Browsers alone send an Origin, and no page can choose it. Any other program is as free to reach
 * the broker as without the check. An origin on the loopback is of this machine.
 */
export function readOrigins(texts: readonly string[]): OriginCheck {
  if (texts.includes('*')) return () => true
  const named = new Set(
    texts.map(text => {
      const origin = normal(text)
      if (origin === undefined) throw new UsageError(`--ws-origin is ${JSON.stringify(text)}; ${right}`)
      return origin
    }),
  )
  return given => {
    if (given === undefined) return true
    const origin = normal(given)
    return origin !== undefined && (named.has(origin) || LOOPBACK.test(origin))
  }
}

/** Returns an origin as browsers write it, or undefined for any other text. */
function normal(text: string): string | undefined {
  // An origin without a name: of a sandboxed frame or a file.
  if (text === 'null') return text
  if (!/^[a-z][\w+.-]*:\/\/[^\s/?#@,*]+\/?$/i.test(text) || !URL.canParse(text)) return undefined
  const { origin } = new URL(text)
  // Of an app or an extension, which has a scheme of its own.
  return origin === 'null' ? text.toLowerCase().replace(/\/$/, '') : origin
}
