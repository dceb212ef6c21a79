import type { Hash, Secrets } from './credentials.js'

const BAD_USER_NAME_OR_PASSWORD = 0x86
const NOT_AUTHORIZED = 0x87

/** Users of a broker, with their secrets. */
export class Users {
  readonly #secrets: Secrets
  /**
   * Secret that an unknown name is compared with, so that the time does not reveal which names
   * exist.
   */
  readonly #decoy: Uint8Array | Hash

  constructor(secrets: Secrets) {
    this.#secrets = secrets
    const hashes = [...secrets.values()].filter(secret => !(secret instanceof Uint8Array))
    this.#decoy = hashes.at(-1) ?? new Uint8Array(16)
  }

  /**
   * Returns true, or the reason code of the refusal. For a hashed password it returns a promise of
   * that.
   */
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

/** Returns the hash of a password, as text, with a new salt. */
export async function hash(password: Uint8Array, iterations: number): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const bytes = await derive(password, { iterations, salt, bytes: new Uint8Array(32) })
  return `$pbkdf2-sha256$i=${iterations}$${base64(salt)}$${base64(bytes)}`
}

/** Derives as many bytes as the hash has. */
async function derive(password: Uint8Array, { iterations, salt, bytes }: Hash): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', own(password), 'PBKDF2', false, ['deriveBits'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: own(salt), iterations }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, bytes.length * 8))
}

/** Copies bytes to memory that nobody shares, as WebCrypto requires. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

/** True if the bytes are equal. The time does not reveal how many are right. */
function isEqual(expected: Uint8Array, given: Uint8Array): boolean {
  let differing = expected.length ^ given.length
  for (let index = 0; index < given.length; index++) {
    differing |= (expected[index % (expected.length || 1)] ?? 0) ^ (given[index] as number)
  }
  return differing === 0
}

/** Encodes as base64 without padding. */
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replace(/=+$/, '')
