import { OptionError } from '../util/errors.js'
import { fields, integer, optionError, secret, text, type Validator } from '../util/validate.js'
import { loadPart } from '../wasm/lazy-part.js'
import type { Hash, Secrets } from './credentials.js'

/** A user with a password, or with the hash of one. */
export interface BrokerUser {
  readonly username: string
  /** Text is UTF-8. */
  readonly password?: string | Uint8Array
  /** Result of `hashPassword()`, instead of the password. */
  readonly passwordHash?: string
}

/** Rounds that OWASP advises for PBKDF2 with HMAC-SHA-256. */
const ITERATIONS = 600_000
const ITERATIONS_MAX = 10_000_000

const hashFields = fields({ iterations: integer(1_000, ITERATIONS_MAX) })

/**
 * Hashes a password for the option `users`, as `$pbkdf2-sha256$i=600000$salt$hash`.
 *
 * It is PBKDF2 with HMAC-SHA-256 of the platform's WebCrypto, with a new salt of 16 bytes. Rejects
 * with an OptionError, also without WebCrypto, which pages have over HTTPS and on localhost.
 *
 * @param options.iterations rounds; more take longer, here and at every CONNECT. Default 600,000.
 */
export async function hashPassword(
  password: string | Uint8Array,
  options?: { readonly iterations?: number },
): Promise<string> {
  const { iterations = ITERATIONS } = hashFields(options, 'options')
  const bytes = secret(password, 'password')
  needCrypto('password')
  const { hash } = await loadPart(import('./lazy-hooks.js'))
  return hash(bytes, iterations)
}

const userFields = fields({ username: text, password: secret, passwordHash: readHash })

/** Check of the option `users`. @internal */
export const readUsers: Validator<Secrets> = (value, name) => {
  if (!Array.isArray(value)) throw optionError(name, value, 'it must be an array of { username, password }')
  const users = new Map<string, Uint8Array | Hash>()
  for (const [index, user] of value.entries()) {
    const place = `${name}[${index}]`
    const { username, password, passwordHash } = userFields(user, place)
    if (username === undefined) throw optionError(`${place}.username`, username, 'it must be a string')
    if (users.has(username)) throw optionError(`${place}.username`, username, 'each user name must be unique')
    const secret = password ?? passwordHash
    if (!secret || (password && passwordHash)) {
      throw new OptionError(`${place}.password`, undefined, `${place} must have either a password or a passwordHash`)
    }
    users.set(username, secret)
  }
  return users
}

/** Parses a hash. The value is not shown in errors, since it may be a password. */
function readHash(value: unknown, name: string): Hash {
  const form = /^\$pbkdf2-sha256\$i=([1-9]\d{0,7})\$([\w+/]{6,86})\$([\w+/]{22,86})$/
  const [, iterations, salt, hash] = (typeof value === 'string' && form.exec(value)) || []
  const parts = [salt, hash].map(part => part && bytesOf(part))
  if (!parts[0] || !parts[1] || Number(iterations) > ITERATIONS_MAX) {
    throw new OptionError(
      name,
      undefined,
      `${name} must be a hash by hashPassword(): $pbkdf2-sha256$i=600000$salt$hash`,
    )
  }
  needCrypto(name)
  return { iterations: Number(iterations), salt: parts[0] as Uint8Array, bytes: parts[1] as Uint8Array }
}

function needCrypto(name: string): void {
  if (globalThis.crypto?.subtle) return
  const right = 'WebCrypto is missing: serve the page over HTTPS, or from localhost'
  throw new OptionError(name, undefined, `${name} cannot be hashed here; ${right}`)
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), char => char.charCodeAt(0))
  } catch {
    return undefined
  }
}
