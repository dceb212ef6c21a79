import { bytesOf } from './bytes.js'
import { OptionError } from './errors.js'

/** Check of one value. Returns the value in the form to use, or throws an {@link OptionError}. */
export type Validator<T> = (value: unknown, name: string) => T

type Fields = Readonly<Record<string, Validator<unknown>>>
type Read<F extends Fields> = { -readonly [K in keyof F]?: ReturnType<F[K]> }

const encoder = new TextEncoder()

/** Error for a wrong value. It names the option, the value and the fix. */
export function optionError(name: string, value: unknown, right: string): OptionError {
  return new OptionError(name, value, `${name} is ${show(value)}; ${right}`)
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? 'an array' : `an object (${value.constructor?.name})`
}

/**
 * Check of an options object, field by field. Undefined fields are left out, and unknown ones are
 * errors. A field may be inherited, as in the platform's own options.
 */
export function fields<F extends Fields>(checks: F): Validator<Read<F>> {
  return (value, name) => {
    const read: Record<string, unknown> = {}
    if (value === undefined) return read as Read<F>
    if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
      throw optionError(name, value, 'it must be an object')
    }
    const prefix = name === 'options' ? '' : `${name}.`
    const options = value as Record<string, unknown>
    const unknown = Object.keys(options).find(key => !Object.hasOwn(checks, key))
    if (unknown !== undefined) {
      // The value of a nested field is not shown, since it may be a misspelt password.
      throw new OptionError(
        prefix + unknown,
        prefix ? undefined : options[unknown],
        `${prefix}${unknown} is not an option; the options are ${Object.keys(checks).join(', ')}`,
      )
    }
    for (const [key, check] of Object.entries(checks)) {
      const given = options[key]
      if (given !== undefined) read[key] = check(given, prefix + key)
    }
    return read as Read<F>
  }
}

/** Check of a whole number from `from` to `to`, both included. */
export function integer(from: number, to: number): Validator<number> {
  return (value, name) => {
    if (Number.isInteger(value) && (value as number) >= from && (value as number) <= to) return value as number
    throw optionError(name, value, `it must be a whole number from ${from} to ${to}`)
  }
}

/**
 * Check of a DISCONNECT reason code that one side may send (MQTT 5.0 §3.14.2.1), as in `0x00,
 * 0x80-0x83`.
 */
export function disconnectCode(codes: string): Validator<number> {
  const ranges = codes.split(', ').map(range => range.split('-').map(Number) as [number, number?])
  return (value, name) => {
    const code = value as number
    if (Number.isInteger(code) && ranges.some(([from, to = from]) => code >= from && code <= to)) return code
    throw optionError(name, value, `it must be one of ${codes}`)
  }
}

export function oneOf<const T>(...values: readonly T[]): Validator<T> {
  return (value, name) => {
    if (values.includes(value as T)) return value as T
    throw optionError(name, value, `it must be ${values.map(show).join(' or ')}`)
  }
}

export const uint16 = integer(0, 65_535)
export const uint32 = integer(0, 4_294_967_295)
export const positive16 = integer(1, 65_535)
export const positive32 = integer(1, 4_294_967_295)
/** Check of a delay for `setTimeout`, in milliseconds. */
export const milliseconds = integer(1, 2_147_483_647)
export const bool = oneOf(true, false)
export const qos = oneOf(0, 1, 2)

/** Check of a string that MQTT can carry (MQTT 5.0 §1.5.4). */
export const text: Validator<string> = (value, name) => {
  if (typeof value !== 'string') throw optionError(name, value, 'it must be a string')
  if (/\p{Cs}/u.test(value) || value.includes('\0')) {
    throw optionError(name, value, 'it must have no U+0000 and no unpaired surrogate')
  }
  // A UTF-16 unit takes at most three bytes of UTF-8.
  if (value.length > 21_845 && encoder.encode(value).length > 65_535) {
    throw optionError(name, value, 'it must have at most 65,535 bytes of UTF-8')
  }
  return value
}

/** Check of a payload. Returns its bytes, without a copy if they are bytes already. */
export const payload: Validator<Uint8Array> = (value, name) => {
  if (typeof value === 'string') return encoder.encode(value)
  const bytes = bytesOf(value)
  if (bytes) return bytes
  throw optionError(name, value, 'it must be a string, an ArrayBuffer or a view of one, such as a Uint8Array')
}

/** Check of binary data that MQTT carries with a length of two bytes. Returns a copy. */
export const binary: Validator<Uint8Array> = (value, name) => {
  if (!(value instanceof Uint8Array)) throw optionError(name, value, 'it must be a Uint8Array')
  if (value.length > 65_535) throw optionError(name, value, 'it must have at most 65,535 bytes')
  return value.slice()
}

/** Check of a secret, text or bytes. Errors do not show its value. */
export const secret: Validator<Uint8Array> = (value, name) => {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw new OptionError(name, undefined, `${name} is of type ${typeof value}; it must be a string or a Uint8Array`)
  }
  const bytes = typeof value === 'string' ? encoder.encode(value) : value.slice()
  if (bytes.length > 65_535) throw new OptionError(name, undefined, `${name} must have at most 65,535 bytes`)
  return bytes
}

export function func<T>(right: string): Validator<T> {
  return (value, name) => {
    if (typeof value === 'function') return value as T
    throw optionError(name, value, `it must be a function: ${right}`)
  }
}

export const signal: Validator<AbortSignal> = (value, name) => {
  if (typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value) {
    return value as AbortSignal
  }
  throw optionError(name, value, 'it must be an AbortSignal')
}

/**
 * Check of user properties: pairs of a name and a value, in order. A name may occur more than once.
 */
export const userProperties: Validator<readonly (readonly [string, string])[]> = (value, name) => {
  const right = 'it must be an array of pairs of strings, such as [["name", "value"]]'
  if (!Array.isArray(value)) throw optionError(name, value, right)
  return value.map((pair: unknown, index) => {
    const place = `${name}[${index}]`
    if (!Array.isArray(pair) || pair.length !== 2) throw optionError(place, pair, 'it must be a pair of strings')
    return [text(pair[0], `${place}[0]`), text(pair[1], `${place}[1]`)] as const
  })
}
