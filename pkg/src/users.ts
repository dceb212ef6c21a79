import { type Check, fields, secret, text, whole, wrong } from './check.js'
import { OptionError } from './errors.js'

/** A user who may connect, by a password or by the hash of one. */
export interface BrokerUser {
  readonly username: string
  /** Text is UTF-8. */
  readonly password?: string | Uint8Array
  /** Of `hashPassword()`, in place of the password. */
  readonly passwordHash?: string
}

/** What a password was made into. */
interface Hash {
  readonly iterations: number
  readonly salt: Uint8Array
  readonly bytes: Uint8Array
}

/** As OWASP advises for PBKDF2 with HMAC-SHA-256. */
const ITERATIONS = 600_000
const ITERATIONS_MAX = 10_000_000
const BAD_USER_NAME_OR_PASSWORD = 0x86
const NOT_AUTHORIZED = 0x87

const hashFields = fields({ iterations: whole(1_000, ITERATIONS_MAX) })

/**
 * Hashes a password for `users`: PBKDF2 with HMAC-SHA-256 of the platform's WebCrypto, with a new salt of 16 bytes, as
 * `$pbkdf2-sha256$i=600000$salt$hash`.
 *
 * Rejects with an OptionError, also where there is no WebCrypto: a page has it over HTTPS, and on localhost.
 *
 * @param options.iterations more take longer, here and for every client that connects. Default 600,000.
 */
export async function hashPassword(
  password: string | Uint8Array,
  options?: { readonly iterations?: number },
): Promise<string> {
  const { iterations = ITERATIONS } = hashFields(options, 'options')
  const bytes = secret(password, 'password')
  needCrypto('password')
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const hash = await derive(bytes, { iterations, salt, bytes: new Uint8Array(32) })
  return `$pbkdf2-sha256$i=${iterations}$${base64(salt)}$${base64(hash)}`
}

/** The users of a broker. @internal */
export class Users {
  readonly #secrets = new Map<string, Uint8Array | Hash>()
  /** What a name that nobody has is held against, so that the time does not tell which names there are. */
  #decoy: Uint8Array | Hash = new Uint8Array(16)

  add(username: string, secret: Uint8Array | Hash): void {
    this.#secrets.set(username, secret)
    if (!(secret instanceof Uint8Array)) this.#decoy = secret
  }

  has(username: string): boolean {
    return this.#secrets.has(username)
  }

  /** True, or the reason why not; of a password that is hashed a promise of that. */
  check(username: string | undefined, password: Uint8Array | undefined): true | number | Promise<true | number> {
    if (username === undefined) return NOT_AUTHORIZED
    const known = this.#secrets.get(username)
    const given = password ?? new Uint8Array()
    const expected = known ?? this.#decoy
    const verdict = (isRight: boolean) => (isRight && known !== undefined) || BAD_USER_NAME_OR_PASSWORD
    if (expected instanceof Uint8Array) return verdict(isEqual(expected, given))
    return derive(given, expected).then(bytes => verdict(isEqual(expected.bytes, bytes)))
  }
}

const userFields = fields({ username: text, password: secret, passwordHash: readHash })

/** The option `users`. @internal */
export const readUsers: Check<Users> = (value, name) => {
  if (!Array.isArray(value)) throw wrong(name, value, 'it must be an array of { username, password }')
  const users = new Users()
  for (const [index, user] of value.entries()) {
    const place = `${name}[${index}]`
    const { username, password, passwordHash } = userFields(user, place)
    if (username === undefined) throw wrong(`${place}.username`, username, 'it must be a string')
    if (users.has(username)) throw wrong(`${place}.username`, username, 'it must not be there twice')
    const secret = password ?? passwordHash
    if (!secret || (password && passwordHash)) {
      throw new OptionError(`${place}.password`, undefined, `${place} must have a password, or else a passwordHash`)
    }
    users.add(username, secret)
  }
  return users
}

/** What is wrong is not shown, since it may be a password. */
function readHash(value: unknown, name: string): Hash {
  const form = /^\$pbkdf2-sha256\$i=([1-9]\d{0,7})\$([\w+/]{6,86})\$([\w+/]{22,86})$/
  const [, iterations, salt, hash] = (typeof value === 'string' && form.exec(value)) || []
  const parts = [salt, hash].map(part => part && bytesOf(part))
  if (!parts[0] || !parts[1] || Number(iterations) > ITERATIONS_MAX) {
    throw new OptionError(name, undefined, `${name} must be as of hashPassword(): $pbkdf2-sha256$i=600000$salt$hash`)
  }
  needCrypto(name)
  return { iterations: Number(iterations), salt: parts[0] as Uint8Array, bytes: parts[1] as Uint8Array }
}

function needCrypto(name: string): void {
  if (globalThis.crypto?.subtle) return
  const right = 'it needs WebCrypto, which a page has over HTTPS, and on localhost'
  throw new OptionError(name, undefined, `${name} cannot be hashed here; ${right}`)
}

/** As many bytes as the hash has. */
async function derive(password: Uint8Array, { iterations, salt, bytes }: Hash): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', own(password), 'PBKDF2', false, ['deriveBits'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: own(salt), iterations }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, bytes.length * 8))
}

/** In memory that nobody shares, as WebCrypto wants it. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

/** In a time that does not tell how much of it is right. */
function isEqual(expected: Uint8Array, given: Uint8Array): boolean {
  let differing = expected.length ^ given.length
  for (let index = 0; index < given.length; index++) {
    differing |= (expected[index % (expected.length || 1)] ?? 0) ^ (given[index] as number)
  }
  return differing === 0
}

/** Without padding. */
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replace(/=+$/, '')

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), char => char.charCodeAt(0))
  } catch {
    return undefined
  }
}
