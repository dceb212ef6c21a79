import type { Hash, Secrets } from './credentials.js'

const BAD_USER_NAME_OR_PASSWORD = 0x86
const NOT_AUTHORIZED = 0x87

/** The users of a broker. */
export class Users {
  readonly #secrets: Secrets
  /** What a name that nobody has is held against, so that the time does not tell which names there are. */
  readonly #decoy: Uint8Array | Hash

  constructor(secrets: Secrets) {
    this.#secrets = secrets
    const hashes = [...secrets.values()].filter(secret => !(secret instanceof Uint8Array))
    this.#decoy = hashes.at(-1) ?? new Uint8Array(16)
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

/** The hash of a password, as text, with a new salt. */
export async function hash(password: Uint8Array, iterations: number): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const bytes = await derive(password, { iterations, salt, bytes: new Uint8Array(32) })
  return `$pbkdf2-sha256$i=${iterations}$${base64(salt)}$${base64(bytes)}`
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
